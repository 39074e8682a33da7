"""Prometheus' own evaluation over short tapes: what is told when, what a fork sees, what a worse rule costs."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from bench_alerts import judged, missed

from model.rule import Severity
from obs import toolchain
from obs.replay.parts import Frame, Key
from obs.replay.program import Replay, ReplayError, Told, replaying
from obs.replay.run import minutes
from obs.replay.score import Incident

PROGRAM = toolchain.available("rulereplay")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs rulereplay: obs tools build rulereplay")
USED: Key = (("__name__", "used"), ("disk", "a"))
OTHER: Key = (("__name__", "other"), ("disk", "a"))
NAN = float("nan")
SEVERITIES = {"Full": Severity.CRITICAL, "Fuller": Severity.HIGH}
FAULT = Incident("fills", 20, 35, ("Full",), 10, tail=0)


def rules(threshold: float = 80) -> list[dict[str, Any]]:
    """An alert on what another rule records."""
    return [
        {"record": "used:share", "expr": "used / 100"},
        {"alert": "Full", "expr": f"used:share > {threshold / 100}", "for": "5m"},
    ]


def frames(begin: int, *series: tuple[Key, Sequence[float]]) -> Iterator[Frame]:
    for at, values in enumerate(zip(*(values for _, values in series), strict=True)):
        new = [key for key, _ in series] if at == 0 else []
        yield Frame(begin + at, new, array("I", range(len(series))) if at == 0 else None, array("d", values))


@contextmanager
def running(folder: Path, groups: list[dict[str, Any]]) -> Iterator[Replay]:
    assert PROGRAM is not None
    file, data = folder / "rules.yaml", folder / "data"
    file.write_text(yaml.safe_dump({"groups": [{"name": "g", "interval": "1m", "rules": groups}]}))
    data.mkdir()
    with replaying(PROGRAM, file, data) as replay:
        yield replay


def told(folder: Path, groups: list[dict[str, Any]], used: Sequence[float], fork: Sequence[float] = ()) -> list[Told]:
    """The history of 40 minutes, and a fork of it from minute 15 on."""
    with running(folder, groups) as replay:
        replay.play(frames(0, (USED, used), (OTHER, [1.0] * len(used))))
        if fork:
            replay.fork("fills", 15, [USED], frames(15, (USED, fork)))
    return replay.told


def test_a_minute_in_which_nothing_is_there_ends_every_series(tmp_path: Path) -> None:
    nothing = [Frame(10 + at, [], array("I") if at == 0 else None, array("d")) for at in range(3)]
    with running(tmp_path, rules()) as replay:
        replay.play([*frames(0, (USED, [90.0] * 10)), *nothing])
    assert [(t.minute, t.fires) for t in replay.told] == [(5, True), (10, False)]


def test_an_alert_fires_after_its_time_and_ceases(tmp_path: Path) -> None:
    found = told(tmp_path, rules(), [50.0] * 10 + [90.0] * 10 + [50.0] * 20)
    assert [(t.run, t.minute, t.fires, t.alert["disk"]) for t in found] == [("", 15, True, "a"), ("", 20, False, "a")]


def test_a_fork_leaves_the_history_as_it_is(tmp_path: Path) -> None:
    found = told(tmp_path, rules(), [50.0] * 40, [50.0] * 5 + [90.0] * 16)
    assert [(t.run, t.minute, t.fires) for t in found] == [("fills", 25, True)]


def test_a_fork_sees_the_past_of_what_it_changes_and_the_present_of_the_rest(tmp_path: Path) -> None:
    past = [{"alert": "Full", "expr": "max_over_time(used[15m]) >= 60 and used > 80 and on (disk) other == 1"}]
    found = told(tmp_path, past, [60.0] * 40, [50.0] * 5 + [90.0] * 16)
    assert [(t.run, t.minute) for t in found if t.fires] == [("fills", 20)]


def test_what_is_not_there_any_more_is_stale_at_once(tmp_path: Path) -> None:
    gone = [{"alert": "Full", "expr": "absent(used)"}]
    found = told(tmp_path, gone, [50.0] * 10 + [NAN] * 5 + [50.0] * 25)
    assert [(t.minute, t.fires) for t in found] == [(10, True), (15, False)]


def test_a_rule_that_was_made_worse_is_a_false_alert_and_one_that_cannot_fire_a_miss(tmp_path: Path) -> None:
    healthy, fault = [50.0, 70.0] * 20, [50.0] * 5 + [90.0] * 16

    def wrong(name: str, groups: list[dict[str, Any]]) -> list[str]:
        (folder := tmp_path / name).mkdir()
        fired = minutes(told(folder, groups, healthy, fault), {"": 40, "fills": 35})
        found, said = judged(fired, [FAULT], SEVERITIES)
        return [*said, *missed(found, judged(fired, [], SEVERITIES)[0], SEVERITIES, 7)]

    assert wrong("good", rules()) == []
    assert wrong("lower", rules(45))[0].startswith("false: Full on a healthy platform")
    assert wrong("higher", rules(95))[0] == "missed: Full in fills: never"


def test_a_rule_that_fails_ends_the_replay(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="rule used:share"):
        told(
            tmp_path,
            [{"record": "used:share", "expr": "used * on () group_left other * on () {__name__=~'.+'}"}],
            [1.0],
        )
