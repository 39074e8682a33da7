"""``obs simulate``: the list, one fault with its timeline, and what is refused."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from fake_platform import Platform, serving
from typer.testing import CliRunner

from components.charts import CACHE_VARIABLE
from obs.local import state as states
from obs.local.state import ProcessState, State
from obs.simulate import follow, scenarios
from obs.simulate.cli import simulate
from obs.simulate.scenario import Scenario
from obs.simulate.show import Shown
from obs.simulate.timeline import Timeline

APP = typer.Typer()
APP.command()(simulate)


def scenario(name: str, *alerts: str) -> Scenario:
    return Scenario(
        name=name,
        title="Something breaks",
        description="It is [really] broken.",
        system="spark",
        changes=(),
        alerts=alerts,
        within="1m",
    )


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two scenarios, a cache of the test's own, quick looks."""
    known = {"fault": scenario("fault", "PageNow"), "both": scenario("both", "PageNow", "LookSoon")}
    monkeypatch.setattr(scenarios, "SCENARIOS", known)
    monkeypatch.setattr(follow, "_POLL", 0.01)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def platform() -> Iterator[Platform]:
    """A local platform that runs, as its state file says."""
    fake = Platform()
    with serving(fake) as urls:
        place = states.folder(Path(), "local")
        place.mkdir(parents=True)
        servers = {
            name: ProcessState(name=name, pid=os.getpid(), started=time.time(), restarts=0, url=urls.simulator)
            for name in ("prometheus", "alertmanager")
        }
        mine = states.identity(os.getpid())
        states.save(
            place,
            State(
                pid=os.getpid(),
                identity=mine,
                phase="ready",
                step="",
                simulator=urls.simulator,
                compression=30,
                processes=servers,
            ),
        )
        yield fake


def call(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(APP, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def test_without_a_name_the_scenarios_are_listed() -> None:
    code, text, _ = call()
    assert code == 0
    for word in ("fault", "both", "spark", "[really]", "PageNow"):
        assert word in text


def test_the_list_is_there_as_json() -> None:
    code, text, _ = call("--json")
    assert code == 0
    assert json.loads(text)[1] == {
        "name": "both",
        "title": "Something breaks",
        "description": "It is [really] broken.",
        "system": "spark",
        "alerts": ["LookSoon", "PageNow"],
    }


def test_a_fault_is_shown_step_by_step_with_the_time_to_detection(platform: Platform) -> None:
    code, text, _ = call("fault", "--timeout", "2s")
    assert code == 0
    wanted = (
        "Something breaks: It is [really] broken.",
        "0.0 s  fault injected",
        "PageNow (critical) pending",
        "PageNow (critical) firing",
        "pager told of PageNow (critical): summary of PageNow http://books/PageNow.md",
        "fault healed",
        "PageNow (critical) resolved",
        "pager told that PageNow is resolved",
        "detected: the first notification came",
        "at production's pace an estimated",
        "✓ exactly the alerts of fault fired, were told, and are resolved",
    )
    at = [text.find(step) for step in wanted]
    assert -1 not in at, text
    assert at == sorted(at)
    assert platform.healed == 1


def test_json_is_one_document_and_the_steps_go_elsewhere(platform: Platform) -> None:
    code, text, steps = call("fault", "--json", "--timeout", "2s")
    assert code == 0
    said = json.loads(text)
    assert (said["scenario"], said["compression"], said["problems"]) == ("fault", 30, [])
    assert said["alerts"]["PageNow"]["told"].keys() == {"pager", "channel"}
    assert len(platform.sent) == 4
    assert "fault injected" in steps


def test_what_is_not_as_it_should_be_ends_with_1(platform: Platform) -> None:
    platform.fires = ("PageNow", "LookSoon")
    code, text, _ = call("fault", "--timeout", "2s")
    assert code == 1
    assert "problem: LookSoon fired too, which fault does not name" in text


def test_an_interruption_heals_and_says_so(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: Shown, __: Timeline) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Shown, "__call__", interrupt)
    code, _, said = call("fault")
    assert (code, platform.holds, platform.healed) == (130, None, 1)
    assert "interrupted; the fault is healed" in said


def test_a_sigterm_heals_as_an_interruption_does(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: late.append(number))  # not the end of the test's process
    try:
        monkeypatch.setattr(Shown, "__call__", lambda *_: signal.raise_signal(signal.SIGTERM))
        code, _, said = call("fault")
        assert (code, platform.holds, platform.healed, late) == (130, None, 1, [])
        assert "interrupted; the fault is healed" in said
        signal.raise_signal(signal.SIGTERM)
        assert late == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_holds_is_healed_on_demand(platform: Platform) -> None:
    platform.holds = "both"
    assert call("fault")[0] == 2
    assert call("--heal")[:2] == (0, "both is healed\n")
    assert call("--heal")[:2] == (0, "no fault holds\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["falt"], "no scenario 'falt'; did you mean 'fault'?"),
        (["fault", "--hold", "5 minutes"], "--hold: '5 minutes' is not a Prometheus duration"),
        (["fault"], "no local platform runs here; start it with `make up`"),
        (["--heal"], "no local platform runs here; start it with `make up`"),
    ],
)
def test_what_cannot_be_done_is_one_error(arguments: list[str], says: str) -> None:
    code, _, said = call(*arguments)
    assert code == 2
    assert says in said.replace("\n", " ")
    assert "Traceback" not in said
