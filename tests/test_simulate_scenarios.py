"""Scenarios: what there are, and what they may say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from simulated_faults import BASE, EPOCH, START, pages, simulated
from stacks import ran

from contracts import load
from obs.simulate.exporter import Exporter
from obs.simulate.exporters import ALL
from obs.simulate.memory import Memory
from obs.simulate.scenario import (
    Appear,
    Change,
    Down,
    Observe,
    Rate,
    Recur,
    Relabel,
    Scenario,
    ScenarioError,
    Set,
    Step,
    check,
)
from obs.simulate.scenarios import IN_NONE, SCENARIOS
from obs.simulate.simulation import Simulation

ALERTS = {alert.name for alert in ran("local").plan.alerts}


# --- the scenarios that there are


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_names_metrics_labels_and_exporters_that_there_are(scenario: Scenario) -> None:
    check(scenario, ALL)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_promises_alerts_of_the_stack(scenario: Scenario) -> None:
    assert scenario.alerts
    assert set(scenario.alerts) <= ALERTS
    assert list(scenario.alerts) == sorted(set(scenario.alerts))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_change_of_a_scenario_changes_something(name: str) -> None:
    """A change that matches no series would be a fault that nobody sees."""
    scenario = SCENARIOS[name]
    for change in scenario.changes:
        of = [exporter for exporter in ALL if of_exporter(change, exporter)]
        simulation = simulated(replace(scenario, changes=(change,)))
        before = pages(simulation, START + 50, of)
        simulation.inject(name, START)
        assert pages(simulation, START + 50, of) != before, change


def of_exporter(change: Change | Down, exporter: Exporter) -> bool:
    """Whether its pages are those that may change; a page of another could not show it."""
    if isinstance(change, Down):
        return exporter.name == change.exporter
    if exporter.contract is None:
        return False
    names = {m.name for m in load(exporter.contract).metrics.values()}
    return any(change.metric in (name, f"{name}_sum", f"{name}_count") for name in names)


def test_every_alert_is_in_a_scenario_or_it_is_said_why_not() -> None:
    told = {alert for scenario in SCENARIOS.values() for alert in scenario.alerts}
    assert told | {*IN_NONE} == ALERTS
    assert not told & {*IN_NONE}


# --- what a scenario may say

_TAINT = {"node": "worker-1", "key": "k", "value": "v", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Down("spark-opertor"), "no exporter 'spark-opertor'; did you mean 'spark-operator'?"),
        (Change("spark_application_failures", Set(1)), "no metric 'spark_application_failures'; did you mean"),
        (Change("argocd_app_info", Set(1), {"nam": "x"}), "argocd_app_info has no label 'nam'; did you mean 'name'?"),
        (Change("argocd_app_info", Relabel({"health": "x"})), "argocd_app_info has no label 'health'"),
        (Change("node_load1", Rate(1)), "node_load1 is no counter, it cannot have Rate"),
        (Change("spark_application_failure_count", Set(1)), "is a counter, it cannot have Set"),
        (
            Change("spark_application_failure_count", Appear(), {"app_type": "Go"}),
            "is a counter, it cannot have Appear",
        ),
        (Change("argocd_app_reconcile", Set(1)), "argocd_app_reconcile is a histogram, it cannot have Set"),
        (Change("node_load1", Observe(1, 1)), "node_load1 is a gauge, it cannot have Observe"),
        (Change("spark_application_failure_count", Step(1, "0s")), "'0s' must be longer than nothing"),
        (Change("spark_application_failure_count", Step(1, "soon")), "'soon' is not a Prometheus duration"),
        (Change("kube_node_spec_taint", Recur("1m", "2m"), _TAINT), "no label of kube_node_spec_taint has {n}"),
        (Change("kube_pod_status_phase", Appear(), {"pod": "x"}), "needs a value for its label 'namespace'"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(change: Change | Down, message: str) -> None:
    with pytest.raises(ScenarioError, match=f"^scenario a-fault: .*{re.escape(message)}"):
        check(replace(BASE, changes=(change,)), ALL)


def test_a_name_is_words_joined_by_dashes() -> None:
    with pytest.raises(ScenarioError, match="its name must be words"):
        replace(BASE, name="Not_a name")


def test_a_scenario_of_a_system_that_is_not_there_is_not_offered() -> None:
    simulation = Simulation(("kubernetes", "nodes"), SCENARIOS.values(), Memory(EPOCH))
    assert {s.system for s in simulation.scenarios.values()} == {"kubernetes", "nodes"}
    assert "everything-down" not in simulation.scenarios
