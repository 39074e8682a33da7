"""Scenarios: what they may say, what they do to series, and that healing is a return."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from simulated_cluster import SYSTEMS, simulated_cluster
from stacks import ROOT

from obs.run import run_stack
from obs.simulate.exporters import ALL
from obs.simulate.scenario import (
    Appear,
    Change,
    Down,
    Effect,
    Ramp,
    Rate,
    Recur,
    Relabel,
    Scenario,
    ScenarioError,
    Set,
    Step,
    Vanish,
    check,
)
from obs.simulate.scenarios import IN_NONE, SCENARIOS
from obs.simulate.simulation import Simulation

ALERTS = {alert.name for alert in run_stack("local", ROOT).plan.alerts}
CLUSTER = simulated_cluster()
START, EPOCH = 1_800_000_000.0, 1_799_740_800.0
BASE = Scenario(
    name="a-fault", title="t", description="d", system="spark", changes=(), alerts=("SparkOperatorSilent",), within="5m"
)


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
        one = replace(scenario, changes=(change,))
        simulation = simulated(one)
        before = pages(simulation, START + 50)
        simulation.inject(name, START)
        assert pages(simulation, START + 50) != before, change


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


# --- what it does


def simulated(*scenarios: Scenario) -> Simulation:
    simulation = Simulation(SYSTEMS, scenarios, EPOCH, 30)
    simulation.see(CLUSTER)
    return simulation


def pages(simulation: Simulation, now: float) -> str:
    return "".join(
        simulation.answer(target.ip, exporter.port, exporter.path, now).text
        for exporter in ALL
        for target in exporter.targets(CLUSTER)
    )


def values(simulation: Simulation, now: float, series: str) -> Iterator[float]:
    """Values of the lines that begin so."""
    for line in pages(simulation, now).splitlines():
        if line.startswith(series):
            yield float(line.rpartition(" ")[2])


def faulty(effect: Effect, metric: str, **labels: str) -> Simulation:
    return simulated(replace(BASE, changes=(Change(metric, effect, labels),)))


def one(simulation: Simulation, now: float, series: str) -> float:
    return next(values(simulation, now, series))


FAILURES = "spark_application_failure_count{"
MEMORY = 'metrics_executor_memoryUsed_bytes{application_id="spark-7b1d9e5f3a2c4e8d8f6b0c1a2d3e4f50"'


def test_a_counter_goes_on_from_where_it_is_and_never_falls_back() -> None:
    simulation = faulty(Step(2, every="30s"), "spark_application_failure_count")
    assert one(simulation, START, FAILURES) == 7
    simulation.inject("a-fault", START)
    assert [one(simulation, START + s, FAILURES) for s in (0, 0.5, 1, 2.1)] == [9, 9, 11, 13]
    simulation.heal(START + 3)
    assert [one(simulation, START + s, FAILURES) for s in (3, 60)] == [15, 15]
    simulation.inject("a-fault", START + 100)
    assert one(simulation, START + 100, FAILURES) == 17


def test_a_growing_counter_grows_on_after_a_fault() -> None:
    name = "metrics_executor_totalGCTime_seconds_total"
    simulation = faulty(Rate(1.0), name)
    before = one(simulation, START, name)
    simulation.inject("a-fault", START)
    assert one(simulation, START + 10, name) == pytest.approx(before + 10)
    simulation.heal(START + 10)
    assert one(simulation, START + 110, name) == pytest.approx(before + 10 + 100 * 0.03 * 1.6, abs=0.01)


def test_a_counter_that_a_fault_brings_stays() -> None:
    labels = {"namespace": "argocd", "name": "airflow", "project": "dataops", "dest_server": "s", "phase": "Failed",
              "dry_run": "false"}  # fmt: skip
    scenario = replace(
        BASE, system="argocd", changes=(Change("argocd_app_sync_total", Appear(Step(1, "30s")), labels),)
    )
    simulation = simulated(scenario)
    failed = 'argocd_app_sync_total{namespace="argocd",name="airflow",project="dataops",dest_server="s",phase="Failed"'
    assert list(values(simulation, START, failed)) == []
    simulation.inject("a-fault", START)
    assert list(values(simulation, START + 1.5, failed)) == [2]
    simulation.heal(START + 1.5)
    assert list(values(simulation, START + 9, failed)) == [2]
    simulation.inject("a-fault", START + 10)
    assert list(values(simulation, START + 10, failed)) == [3]


def test_a_gauge_moves_in_time_divided_by_the_compression_and_back_at_once() -> None:
    simulation = faulty(Ramp(0, over="5m"), "metrics_executor_memoryUsed_bytes", executor_id="1")
    healthy = one(simulation, START, MEMORY + ',application_name="events-sessions",executor_id="1"')
    simulation.inject("a-fault", START)
    moving = [
        one(simulation, START + s, MEMORY + ',application_name="events-sessions",executor_id="1"') for s in (5, 10, 99)
    ]
    assert moving == [pytest.approx(healthy / 2), 0, 0]
    simulation.heal(START + 100)
    assert one(simulation, START + 100, MEMORY) > 0


def test_only_series_with_the_labels_change() -> None:
    simulation = faulty(Set(1), "metrics_executor_memoryUsed_bytes", executor_id="2")
    simulation.inject("a-fault", START)
    assert [v == 1 for v in values(simulation, START, MEMORY)] == [False, True, False]


def test_a_state_changes_its_label() -> None:
    simulation = simulated(SCENARIOS["argocd-out-of-sync"])
    assert pages(simulation, START).count('sync_status="OutOfSync"') == 0
    simulation.inject("argocd-out-of-sync", START)
    text = pages(simulation, START)
    assert (text.count('sync_status="OutOfSync"'), text.count('sync_status="Synced"')) == (1, 3)


def test_series_vanish_and_come_back() -> None:
    simulation = faulty(Vanish(), "argocd_app_info", name="airflow")
    simulation.inject("a-fault", START)
    assert len(list(values(simulation, START, "argocd_app_info"))) == 3
    simulation.heal(START)
    assert len(list(values(simulation, START, "argocd_app_info"))) == 4


def test_series_come_one_after_the_other_and_go() -> None:
    labels = {"namespace": "n", "uid": "u", "pod": "p-{n}", "container": "c", "reason": "OOMKilled"}
    simulation = faulty(Recur("90s", lasts="3m"), "kube_pod_container_status_terminated_reason", **labels)
    simulation.inject("a-fault", START)

    def there(after: float) -> list[str]:
        return re.findall(r'pod="p-(\d+)"', pages(simulation, START + after))

    assert [there(s) for s in (0, 3, 6, 10)] == [["86400"], ["86400", "86401"], ["86401", "86402"], ["86402", "86403"]]
    simulation.inject("a-fault", START + 60)
    assert there(60) == ["86420"]


def test_an_exporter_that_is_down_says_so_on_the_node_that_is_meant() -> None:
    simulation = simulated(SCENARIOS["node-not-ready"])
    simulation.inject("node-not-ready", START)
    answers = {ip: simulation.answer(ip, 10250, "/metrics", START).status for ip in ("10.0.0.11", "10.0.0.13")}
    assert answers == {"10.0.0.11": 200, "10.0.0.13": 503}


def test_a_second_fault_ends_the_first() -> None:
    simulation = simulated(SCENARIOS["argocd-out-of-sync"], SCENARIOS["argocd-degraded"])
    simulation.inject("argocd-out-of-sync", START)
    simulation.inject("argocd-degraded", START + 1)
    text = pages(simulation, START + 2)
    assert ("OutOfSync" in text, "Degraded" in text, simulation.fault) == (False, True, ("argocd-degraded", START + 1))


def test_a_fault_goes_on_as_before_when_pods_come_and_go() -> None:
    simulation = faulty(Step(2, every="30s"), "spark_application_failure_count")
    simulation.inject("a-fault", START)
    assert one(simulation, START + 1, FAILURES) == 11
    simulation.see(replace(CLUSTER, pods=CLUSTER.pods[1:]))
    assert one(simulation, START + 1, FAILURES) == 11


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"no scenario 'a-falut'; did you mean 'a-fault'\?"):
        simulated(BASE).inject("a-falut", START)


def test_a_scenario_of_a_system_that_is_not_there_is_not_offered() -> None:
    simulation = Simulation(("kubernetes", "nodes"), SCENARIOS.values(), EPOCH, 30)
    assert {s.system for s in simulation.scenarios.values()} == {"kubernetes", "nodes"}
    assert "everything-down" not in simulation.scenarios
