"""Faults that hold together can be told apart, and what is wrong with a batch points at who may be to blame."""

from __future__ import annotations

import pytest
from simulated_faults import START, pages, simulated
from stacks import ran

from obs.simulate.batch import batches, reads, suspects, together
from obs.simulate.exporters import ALL
from obs.simulate.scenario import Change, Down, Scenario, ScenarioError, Set
from obs.simulate.scenarios import SCENARIOS

INFO, QUEUE = "argocd_app_info", "argocd_app_sync_total"


def fault(name: str, *changes: Change | Down, alerts: tuple[str, ...] = (), within: str = "5m") -> Scenario:
    alerts = alerts or (name.title(),)
    return Scenario(
        name=name, title=name, description="d", system="argocd", changes=changes, alerts=alerts, within=within
    )


def named(*scenarios: Scenario, **read: str) -> list[list[str]]:
    alerts = {alert: frozenset({metric}) for alert, metric in read.items()}
    return [[s.name for s in batch] for batch in batches(scenarios, alerts, ALL)]


def test_faults_that_have_nothing_to_do_with_each_other_are_together() -> None:
    one, other = fault("one", Change(INFO, Set(0))), fault("other", Change(QUEUE, Set(0)))
    assert named(one, other, One=INFO, Other=QUEUE) == [["one", "other"]]


@pytest.mark.parametrize(
    "other",
    [
        fault("other", Change(INFO, Set(1))),
        fault("other", Change("read_by_one", Set(1))),
        fault("other", Change(QUEUE, Set(1)), alerts=("One",)),
        fault("other", Down("argocd-application-controller")),
    ],
    ids=["changes the same", "changes what the alert reads", "fires the same", "takes away what is changed"],
)
def test_faults_that_could_be_taken_for_each_other_are_not(other: Scenario) -> None:
    one = fault("one", Change(INFO, Set(0)))
    for both in ((one, other), (other, one)):
        assert sorted(named(*both, One="read_by_one")) == [["one"], ["other"]]


def test_two_faults_of_an_exporter_that_is_down_are_not_together() -> None:
    one, other = (fault(name, Down("argocd-application-controller")) for name in ("one", "other"))
    assert len(named(one, other)) == 2


def test_the_slow_ones_wait_together() -> None:
    slow = [fault(f"slow-{n}", Change(f"m{n}", Set(0)), within="2h") for n in (1, 2)]
    quick = fault("quick", Change("m1", Set(0)), within="1m")
    assert named(quick, *slow) == [["slow-1", "slow-2"], ["quick"]]


def test_what_alerts_read_is_known_down_to_what_is_scraped() -> None:
    plan = ran("local").plan
    found = reads(plan)
    assert {*found} == {alert.name for alert in plan.alerts}
    assert "kube_pod_container_status_restarts_total" in found["OOMKill"]
    assert not {record.record for record in plan.records} & {name for names in found.values() for name in names}


def test_every_scenario_is_in_one_batch_and_there_are_few() -> None:
    found = batches(SCENARIOS.values(), reads(ran("local").plan), ALL)
    assert sorted(s.name for batch in found for s in batch) == sorted(SCENARIOS)
    assert len(found) <= len(SCENARIOS) / 3
    assert all({*together(batch).alerts} == {a for s in batch for a in s.alerts} for batch in found)


def test_faults_hold_together_and_end_together() -> None:
    both = together((SCENARIOS["argocd-degraded"], SCENARIOS["crash-loop"]))
    simulation = simulated(*SCENARIOS.values())
    simulation.inject(both.name, START)
    text = pages(simulation, START + 60)
    assert 'health_status="Degraded"' in text
    assert 'reason="CrashLoopBackOff"' in text
    simulation.heal(START + 60)
    assert 'health_status="Degraded"' not in pages(simulation, START + 61)
    assert simulation.fault is None


def test_an_unknown_one_among_several_is_named() -> None:
    with pytest.raises(ScenarioError, match="no scenario 'crash-lop'; did you mean 'crash-loop'"):
        simulated(*SCENARIOS.values()).inject("argocd-degraded+crash-lop", START)


@pytest.mark.parametrize(
    ("problem", "to_blame"),
    [
        ("waited 60 s for One to fire", ["one"]),
        ("OneMore fired too, which one+other does not name", ["one", "other"]),
        ("prometheus at http://127.0.0.1:1 does not answer", ["one", "other"]),
    ],
)
def test_a_problem_points_at_those_whose_alerts_it_names_or_at_all(problem: str, to_blame: list[str]) -> None:
    batch = (fault("one", Change(INFO, Set(0))), fault("other", Change(QUEUE, Set(0))))
    assert [s.name for s in suspects(batch, [problem])] == to_blame
    assert suspects(batch, []) == []
