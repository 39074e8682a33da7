"""Options and fixtures that several test modules use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import tiny_charts as tiny
from local_platform import Platform, obs
from real_tools import REAL
from stacks import ROOT

from components.charts import CHARTS, ChartPin, archive_path
from obs import chart_orders, toolchain
from obs.toolchain_table import LOCAL, TOOLS

# A time limit would fail examples on a busy machine: what is timed is a benchmark.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden instead of comparing")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty chart cache of the test's own."""
    tiny.own_cache(monkeypatch, tmp_path)


@pytest.fixture
def tiny_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only the tiny chart is pinned; an empty cache; a helm that says what it was asked in ``log``."""
    tiny.own_cache(monkeypatch, tmp_path)
    pin = tiny.pin()
    monkeypatch.setattr(chart_orders, "CHARTS", {pin.name: pin})
    program = tiny.fake_helm(tmp_path / "bin" / "prints", tiny.PRINTS.format(log=tmp_path / "log"))
    monkeypatch.setenv("OBS_HELM", str(program))


@pytest.fixture
def cached(tiny_world: None, tmp_path: Path) -> Path:  # noqa: ARG001 - the cache comes first
    """The tiny chart, cached from a directory; the archive it was taken from."""
    return tiny.cached(tmp_path, tiny.pin())


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    return tmp_path / "charts.lock"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """An empty folder for archives."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def published(shelf: Path) -> Iterator[ChartPin]:
    """The tiny chart, in a repository that answers."""
    pin = tiny.pin()
    tiny.archive(shelf, pin)
    tiny.index(shelf, pin)
    with tiny.repository(shelf) as address:
        yield tiny.pin(repository=address)


@pytest.fixture(scope="session")
def platform_means() -> None:
    """Charts and tools of a local platform, or a skip that says what lacks."""
    lacking = [str(pin) for pin in CHARTS.values() if not archive_path(pin).is_file()]
    if lacking:
        pytest.skip(f"charts are not cached: {', '.join(lacking)} (`obs charts pull`)")
    if missing := [toolchain.advice(TOOLS[name]) for name in LOCAL if REAL[name] is None]:
        pytest.skip(f"a local platform cannot be had: {'; '.join(missing)}")


@pytest.fixture(scope="session")
def platform(platform_means: None) -> Iterator[Platform]:  # noqa: ARG001 - a fixture cannot use `usefixtures`
    """One local platform for all tests of a process."""
    name = f"test-{os.getpid()}"
    try:
        done = obs("local", "up", "--name", name)
        assert done.returncode == 0, done.stderr
        yield Platform(ROOT, name)
    finally:
        obs("local", "down", "--name", name)
