"""Our own objects and the values of charts, as they were reviewed: a change shows up in the diff of a pull request."""

from __future__ import annotations

from pathlib import Path

import pytest
from stacks import ROOT, STACKS, ran

from components.charts import CACHE_VARIABLE
from obs.write import MARKER, write_rendering

GOLDEN = ROOT / "tests" / "golden"


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MARKER
    }


def render(stack: str, out: Path) -> None:
    write_rendering(out, ran(stack).expanded(offline=True, build_helm=False))


@pytest.fixture(autouse=True)
def without_charts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No archive, so that only what this project writes itself is compared."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.mark.parametrize("stack", STACKS)
def test_the_objects_are_those_that_were_reviewed(stack: str, tmp_path: Path, update_golden: bool) -> None:
    if update_golden:
        render(stack, GOLDEN / stack)
    render(stack, tmp_path / stack)
    rendered, reviewed = files(tmp_path / stack), files(GOLDEN / stack)
    assert sorted(rendered) == sorted(reviewed), "run `make golden` if the change is intended"
    for name, text in rendered.items():
        assert text == reviewed[name], f"{name} differs; run `make golden` if the change is intended"


def test_two_renders_are_identical(tmp_path: Path) -> None:
    render("prod", tmp_path / "first")
    render("prod", tmp_path / "second")
    assert files(tmp_path / "first") == files(tmp_path / "second")
