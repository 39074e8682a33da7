"""A chart is rendered again when, and only when, something changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny_charts as tiny
from chart_programs import chart, expanded

from obs import chart_cache, chart_memo

pytestmark = pytest.mark.usefixtures("tiny_world")
PIN = tiny.pin()


@pytest.mark.usefixtures("cached")
def test_secrets_that_a_chart_makes_are_masked_in_result_and_cache(tmp_path: Path) -> None:
    (found,) = expanded(chart(PIN)).objects
    assert found.parsed()["data"] == {"password": "[secret]"}
    written = [p.read_text() for p in (tmp_path / "cache" / "rendered").iterdir()]
    assert len(written) == 1
    assert "aHVudGVyMg" not in written[0]


@pytest.mark.usefixtures("cached")
def test_a_chart_is_rendered_again_only_when_something_changed(tmp_path: Path) -> None:
    def runs(**options: Any) -> int:
        inputs = options.pop("inputs", {})
        expanded(chart(PIN, **inputs), **options)
        return len((tmp_path / "log").read_text().splitlines())

    assert (runs(), runs()) == (1, 1)
    changes: list[dict[str, Any]] = [
        {"kube_version": "1.32.0"},
        {"api_versions": ("a/v1",)},
        *({"inputs": i} for i in ({"values": {"a": 1}}, {"namespace": "m"}, {"name": "s"}, {"skipCrds": False})),
    ]
    assert [runs(**change) for change in changes] == [2, 3, 4, 5, 6, 7]
    assert [runs(**change) for change in changes] == [7] * 6
    assert runs(memo=False) == 8


def test_another_archive_or_helm_is_rendered_again(
    cached: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expanded(chart(PIN))
    tiny.archive(cached.parent, PIN, files={"values.yaml": "greeting: other\n"})
    chart_cache.pull([PIN], str(cached.parent), lock_file=tmp_path / "none")
    expanded(chart(PIN))
    other = tiny.fake_helm(tmp_path / "bin" / "other", tiny.PRINTS.format(log=tmp_path / "log"))
    monkeypatch.setenv("OBS_HELM", str(other))
    expanded(chart(PIN))
    assert (tmp_path / "log").read_text() == "run\n" * 3


@pytest.mark.usefixtures("cached")
def test_only_the_newest_renderings_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_memo, "_KEPT", 3)
    for i in range(5):
        expanded(chart(PIN, values={"i": i}))
    assert len(list((tmp_path / "cache" / "rendered").iterdir())) == 3


@pytest.mark.usefixtures("cached")
def test_a_damaged_rendering_in_the_cache_is_made_again(tmp_path: Path) -> None:
    first = expanded(chart(PIN)).objects
    (kept,) = (tmp_path / "cache" / "rendered").iterdir()
    kept.write_text("junk\n")
    assert expanded(chart(PIN)).objects == first
    assert kept.read_text() != "junk\n"
