"""What faults do to series, and that healing is a return."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from simulated_faults import BASE, CLUSTER, START, pages, simulated

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.exporters import ALL
from obs.simulate.memory import Memory
from obs.simulate.scenario import Change, Effect, Observe, Ramp, Rate, Recur, ScenarioError, Set, Step, Timestamp
from obs.simulate.scenarios import SCENARIOS
from obs.simulate.simulation import Simulation


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


def test_only_the_pages_that_a_fault_changes_are_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    made: set[str] = set()

    def families(_self: Simulation, exporter: Exporter, _target: Target) -> Iterator[object]:
        made.add(exporter.name)
        return iter(())

    monkeypatch.setattr(Simulation, "_families", families)
    simulation = simulated(SCENARIOS["argocd-out-of-sync"])
    pages(simulation, START)
    argocd = {exporter.name for exporter in ALL if exporter.contract == "argocd"}
    assert made > argocd
    made.clear()
    simulation.inject("argocd-out-of-sync", START)
    pages(simulation, START + 1)
    assert made == argocd
    made.clear()
    simulation.heal(START + 1)
    pages(simulation, START + 2)
    assert made == argocd


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"no scenario 'a-falut'; did you mean 'a-fault'\?"):
        simulated(BASE).inject("a-falut", START)


def test_a_new_series_comes_and_goes_with_its_fault() -> None:
    simulation = simulated(SCENARIOS["pod-pending"])
    new = re.compile(r'^kube_pod_status_phase\{.*"monthly-report-.*,phase="Pending".*\} (\d)$', re.MULTILINE)
    assert new.findall(pages(simulation, START)) == []
    simulation.inject("pod-pending", START)
    assert new.findall(pages(simulation, START)) == ["1"]
    simulation.heal(START)
    assert new.findall(pages(simulation, START)) == []


OTHERS = replace(CLUSTER, pods=CLUSTER.pods[1:])
COUNTS = SCENARIOS["spark-job-failures"]


@pytest.mark.parametrize("scraped", [True, False])
def test_pods_that_come_and_go_change_no_counter_while_a_fault_holds_and_after(scraped: bool) -> None:
    simulation = simulated(COUNTS)
    simulation.inject(COUNTS.name, START)
    if scraped:
        assert one(simulation, START + 19, FAILURES) == 127
    simulation.see(OTHERS)
    if scraped:
        assert one(simulation, START + 19, FAILURES) == 127
        simulation.see(CLUSTER)
    simulation.heal(START + 19)
    simulation.see(Cluster())
    simulation.see(OTHERS)
    assert one(simulation, START + 20, FAILURES) == 127


def test_a_restarted_simulator_goes_on_with_the_fault_and_its_counters(tmp_path: Path) -> None:
    def restarted() -> Simulation:
        return simulated(COUNTS, memory=Memory.of(tmp_path))

    simulation = restarted()
    epoch = Memory.of(tmp_path).epoch
    start = epoch + 86400
    simulation.inject(COUNTS.name, start)
    assert one(simulation, start + 19, FAILURES) == 127
    simulation = restarted()
    assert simulation.fault == (COUNTS.name, start)
    assert one(simulation, start + 20, FAILURES) == 133
    restarted().heal(start + 20)  # before anybody asked it
    simulation = restarted()
    assert simulation.fault is None
    assert one(simulation, start + 30, FAILURES) == 133
    simulation.inject(COUNTS.name, start + 40)
    assert one(restarted(), start + 40, FAILURES) == 139
    assert Memory.of(tmp_path).epoch == epoch


def test_a_fault_whose_scenario_is_no_more_is_forgotten(tmp_path: Path) -> None:
    Memory.of(tmp_path).begin("gone", START)
    simulation = simulated(COUNTS, memory=Memory.of(tmp_path))
    assert simulation.fault is None
    assert one(simulation, START, FAILURES) == 7


def test_the_simulated_processes_seem_to_have_run_for_days(tmp_path: Path) -> None:
    assert time.time() - Memory.of(tmp_path / "new").epoch > 86400


def test_a_histogram_sees_more_and_slower_observations_and_keeps_them() -> None:
    simulation = faulty(Observe(mean=60.0, per_minute=60), "argocd_app_reconcile")
    names = ("argocd_app_reconcile_sum", "argocd_app_reconcile_count", "argocd_app_reconcile_bucket{")
    healthy = faulty(Rate(1.0), "metrics_executor_totalGCTime_seconds_total")
    simulation.inject("a-fault", START)
    simulation.heal(START + 10)
    # 10 s at a compression of 30 are 5 minutes: 300 observations, hardly any of which is in the first bucket.
    for moment in (START + 10, START + 500):
        total, count, first = (one(simulation, moment, n) - one(healthy, moment, n) for n in names)
        assert (total, count) == (300 * 60, 300)
        assert first < 3


def test_a_point_in_time_counts_from_the_fault() -> None:
    simulation = faulty(Timestamp(480), "kube_pod_status_ready_time")
    simulation.inject("a-fault", START)
    assert one(simulation, START + 5, "kube_pod_status_ready_time") == START + 480
