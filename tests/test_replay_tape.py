"""What is on the tape: counters that only a restart brings down, a fault at its time only, who is there when."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest
from bench_alerts import production, world
from simulated_cluster import simulated_cluster

from model.quantity import seconds
from obs.replay.life import NODE, PASSING, Life, away, life, still
from obs.replay.parts import Fault, Key, Part
from obs.replay.rhythm import DAY, MINUTES, Kind, busy, load, worked
from obs.replay.run import World
from obs.replay.tape import Tape
from obs.simulate.scenario import Down
from obs.simulate.scenarios import SCENARIOS
from systems.alloy.error_lines import ERROR_LINES

RUNS = "airflow_dagrun_duration_count"


@cache
def whole() -> World:
    return world(production())


def values(tape: Tape, begin: int, end: int, step: int = 1) -> Iterator[tuple[int, dict[Key, float]]]:
    """Minute -> series -> value, of those that are there."""
    names: dict[int, Key] = {}
    ids: list[int] = []
    for frame in tape.frames(begin, end, step=step):
        names |= dict(enumerate(frame.new, start=len(names)))
        ids = list(frame.ids) if frame.ids is not None else ids
        yield frame.minute, {names[i]: v for i, v in zip(ids, frame.values, strict=True) if not math.isnan(v)}


def only(*metrics: str, exporters: tuple[str, ...] = ()) -> Part:
    return Part(frozenset(metrics), tuple(map(Down, exporters)))


def test_work_goes_on_and_follows_the_day() -> None:
    for kind in Kind:
        assert all(later > earlier for earlier, later in pairwise(worked(kind)))
    assert load(Kind.PEOPLE, 13 * 60) > 3 * load(Kind.PEOPLE, 3 * 60)
    assert load(Kind.BATCH, 2 * 60) > 2 * load(Kind.BATCH, 23 * 60)
    assert load(Kind.PEOPLE, 5 * DAY + 13 * 60) < load(Kind.PEOPLE, 13 * 60)
    assert all(0 < later - earlier <= 60 for earlier, later in pairwise(busy()))


def test_counters_fall_only_where_their_process_starts_anew() -> None:
    tape, restarts = whole().tape(part=only(RUNS)), whole().life.restarts
    earlier: dict[Key, float] = {}
    fell = set()
    for minute, there in values(tape, 0, 4 * DAY, 10):
        for key, value in there.items():
            if key in earlier and value < earlier[key]:
                fell.add((dict(key)["pod"], minute))
            earlier[key] = value
    assert fell
    assert all(any(minute - 10 <= at <= minute for at in restarts[pod]) for pod, minute in fell)


def test_errors_in_logs_go_with_the_work_of_who_writes_them() -> None:
    """By day those whom people use, by night the batch, and a nightly job at night alone."""
    there = dict(values(whole().tape(part=only(ERROR_LINES)), DAY, 2 * DAY + 1, 60)).values()
    lines = [{dict(key)["app"]: value for key, value in at.items() if ("__name__", ERROR_LINES) in key} for at in there]
    hourly: dict[str, list[float]] = {app: [] for app in lines[0]}
    for before, after in pairwise(lines):
        for app, value in after.items():
            hourly[app].append(value - before[app] if value >= before[app] else value)  # an agent starts anew
    assert sum(hourly["reports-nightly"]) == sum(hourly["reports-nightly"][2:4]) == 50 * 30
    assert min(hourly["orders-etl"][1:4]) > max(hourly["orders-etl"][19:])
    assert min(hourly["ojeomneo-server"][11:16]) > 3 * max(hourly["ojeomneo-server"][:5])


def test_a_fault_changes_the_tape_at_its_time_and_nothing_else() -> None:
    fault = Fault(SCENARIOS["pod-not-ready"], 600, 614)
    part = Part.of(fault.scenario)
    healthy = dict(values(whole().tape(part=part), 590, 620))
    faulty = dict(values(whole().tape(fault, part=part), 590, 620))
    assert [minute for minute in healthy if healthy[minute] != faulty[minute]] == [*range(600, 614)]
    changed = {key for key in healthy[605] if healthy[605][key] != faulty[605][key]}
    assert {dict(key)["pod"] for key in changed} == {"events-ingest-0"}


def test_the_part_of_a_fault_is_all_that_it_changes() -> None:
    """Of the whole tape the same series differ as of the part."""
    fault = Fault(SCENARIOS["high-cpu"], 600, 620)
    ((_, healthy),), ((_, faulty),) = (list(values(whole().tape(*faults), 610, 611)) for faults in ((), (fault,)))
    ((_, part),) = values(whole().tape(fault, part=Part.of(fault.scenario)), 610, 611)
    assert {key for key in faulty if faulty[key] != healthy.get(key)} <= part.keys()
    assert part.items() <= faulty.items()


def test_an_exporter_that_is_down_says_nothing_and_is_not_up() -> None:
    fault = Fault(SCENARIOS["spark-operator-down"], 600, 610)
    ups = {}
    for minute, there in values(whole().tape(fault, part=Part.of(fault.scenario)), 598, 612):
        ups[minute] = [value for key, value in there.items() if dict(key)["__name__"] == "up"]
        assert (len(there) > len(ups[minute])) is (minute not in range(600, 610))
    assert all(up == [float(minute not in range(600, 610))] for minute, up in ups.items())


def test_kube_state_metrics_is_there_twice_while_it_is_rolled_out() -> None:
    part = only("kube_pod_status_phase")
    begins = [s.begin for s in whole().life.stays if "-ksm-v" in s.pod.name]
    assert len(begins) == 3
    for begin in begins:
        ((_, there),) = values(whole().tape(part=part), begin + 4, begin + 5)
        assert len({dict(key)["instance"] for key in there}) == 2


def test_a_node_is_drained_and_comes_back() -> None:
    there = whole().life
    minute = next(m for m in range(MINUTES) if away(m))
    edge = max(m for m in there.boundaries() if m <= minute)
    left = [pod for pod in there.cluster(edge).pods if pod.node == NODE]
    assert {pod.owner[0] for pod in left} <= {"<none>", "StatefulSet", "ReplicaSet"}
    assert len(left) < 6
    ((_, during),) = values(whole().tape(part=only("kube_node_status_condition")), minute, minute + 1)
    ready = {
        dict(k)["node"]: v for k, v in during.items() if "Ready" in dict(k).values() and "true" in dict(k).values()
    }
    assert ready[NODE] == 0
    assert sum(ready.values()) == 2


@pytest.mark.parametrize("name", [name for name, _ in PASSING])
def test_what_passes_is_over_before_its_alert_is_due(name: str) -> None:
    scenario = SCENARIOS[name]
    assert 60 * dict(PASSING)[name] < seconds(scenario.within)
    assert not any(isinstance(change, Down) for change in scenario.changes)
    assert not any(alert.startswith("ErrorBudget") for alert in scenario.alerts)


def test_a_still_life_has_no_edges() -> None:
    made = still(simulated_cluster())
    assert isinstance(made, Life)
    assert (made.passing, made.boundaries()) == ((), [0])
    assert life(simulated_cluster()).boundaries() == whole().life.boundaries()


def restarted(metric: str) -> tuple[str, int]:
    """A pod that shows the metric, and a minute in the first week at which its process starts anew."""
    ((_, there),) = values(whole().tape(part=only(metric)), 0, 1)
    pods = {dict(key).get("pod", "") for key in there}
    return next(
        (pod, at) for pod, minutes in whole().life.restarts.items() for at in minutes if pod in pods and at > 60
    )


def test_a_process_that_starts_anew_knows_nothing_of_earlier_failures() -> None:
    name = "jenkins_runs_failure_total"
    pod, at = restarted(name)
    seen = dict(values(whole().tape(part=only(name)), at - 5, at + 5))
    before, after = (_sum(seen[minute], __name__=name, pod=pod) for minute in (at - 5, at + 4))
    assert before >= 3
    assert after <= 1


def _sum(there: dict[Key, float], **labels: str) -> float:
    return sum(value for key, value in there.items() if labels.items() <= dict(key).items())


def _counted(fault: Fault, name: str) -> float:
    """By how much it counts within the fault."""
    seen = dict(values(whole().tape(fault, part=only(name)), fault.begin, fault.end))
    return _sum(seen[max(seen)], __name__=name) - _sum(seen[min(seen)], __name__=name)


def test_a_fault_is_a_share_of_the_work_that_is_done() -> None:
    """At night, of people's work, less fails."""
    scenario = SCENARIOS["jenkins-failing-builds"]
    night, day = (_counted(Fault(scenario, at, at + 120), "jenkins_runs_failure_total") for at in (60, 12 * 60))
    assert 0 < 3 * night < day


def test_a_process_that_starts_within_a_fault_counts_from_nothing() -> None:
    name = "jenkins_runs_failure_total"
    pod, at = restarted(name)
    fault = Fault(SCENARIOS["jenkins-failing-builds"], at - 30, at + 60)
    seen = dict(values(whole().tape(fault, part=only(name)), at - 30, at + 59))
    after = [_sum(there, __name__=name, pod=pod) for minute, there in sorted(seen.items()) if minute > at]
    assert after == sorted(after)
    assert 0 <= after[0] < after[-1]
