"""What the simulated exporters expose is what the contracts promise."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator

import pytest
from simulated_cluster import SYSTEMS, simulated_cluster, targets
from stacks import ran

from contracts import load
from model.contract import Contract, Metric
from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.exporters import exporters
from obs.simulate.exposition import Page
from obs.simulate.memory import Memory
from obs.simulate.series import Family, Rows, Series, Table, families, label_sets
from obs.simulate.simulation import Simulation
from obs.simulate.values import Events, Fixed, Growth, Moment, Since, Wave

CLUSTER = simulated_cluster()
NOW = Moment(now=1_800_000_000.0, epoch=1_799_740_800.0, compression=30)


def exporting() -> Iterator[tuple[Exporter, Target]]:
    for exporter in exporters(SYSTEMS):
        yield from ((exporter, target) for target in targets(exporter, CLUSTER))


def exposed() -> dict[tuple[str, str | None], list[Family]]:
    """(contract, component) -> the families of all its targets."""
    found = defaultdict[tuple[str, str | None], list[Family]](list)
    for exporter, target in exporting():
        if exporter.contract:
            found[exporter.contract, exporter.component] += exporter.families(CLUSTER, target)
    return found


EXPOSED = exposed()


@pytest.mark.parametrize(("contract", "component"), EXPOSED)
def test_every_metric_of_a_contract_is_there_with_its_type_and_all_its_labels(
    contract: str, component: str | None
) -> None:
    seen = defaultdict[str, set[str]](set)
    types = {family.name: family.type for family in EXPOSED[contract, component]}
    for family in EXPOSED[contract, component]:
        for series in family.series:
            assert all(value for _, value in series.labels), series.head  # an empty label is no label
            seen[family.name] |= {label for label, _ in series.labels}
    promised = _promised(load(contract), component)
    assert seen == {name: {label for m in metrics for label in m.labels} for name, metrics in promised.items()}
    assert types == {name: metrics[0].type.replace("info", "gauge") for name, metrics in promised.items()}


def _promised(contract: Contract, component: str | None) -> dict[str, list[Metric]]:
    found = defaultdict[str, list[Metric]](list)
    for metric in contract.metrics.values():
        if not metric.optin and (not component or not metric.components or component in metric.components):
            found[metric.name].append(metric)
    return found


def test_every_part_of_a_contract_that_a_stack_scrapes_is_simulated() -> None:
    scrapes = (s for system in ran("local").plan.systems for s in system.scrapes)
    asked = {(e.contract, e.component) for scrape in scrapes for e in scrape.endpoints}
    assert set(EXPOSED) == asked - {("tempo-metrics-generator", None)}  # what Tempo itself writes of spans


def test_no_series_is_exposed_twice_by_one_target() -> None:
    for exporter, target in exporting():
        heads = [s.head for family in exporter.families(CLUSTER, target) for s in family.series]
        assert len(heads) == len(set(heads)), exporter.name


def test_a_histogram_adds_up_at_any_moment() -> None:
    for family in (f for found in EXPOSED.values() for f in found if f.type == "histogram"):
        counts = defaultdict[tuple[tuple[str, str], ...], list[float]](list)
        totals = {}
        for series in family.series:
            if series.name.endswith("_bucket"):
                counts[series.labels].append(series.value.at(NOW))
            elif series.name.endswith("_count"):
                totals[series.labels] = series.value.at(NOW)
        assert counts, family.name
        for labels, values in counts.items():
            assert values == sorted(values), family.name
            assert values[-1] == totals[labels], family.name


def test_a_pod_is_in_exactly_one_phase() -> None:
    phases = defaultdict[str, float](float)
    for series in _series("kube-state-metrics", "kube_pod_status_phase"):
        phases[dict(series.labels)["pod"]] += series.value.at(NOW)
    assert len(phases) > len(CLUSTER.pods)
    assert set(phases.values()) == {1.0}


def test_a_node_condition_has_exactly_one_status() -> None:
    statuses = defaultdict[tuple[str, str], float](float)
    for series in _series("kube-state-metrics", "kube_node_status_condition"):
        labels = dict(series.labels)
        statuses[labels["node"], labels["condition"]] += series.value.at(NOW)
    assert len(statuses) == 15
    assert set(statuses.values()) == {1.0}


def test_cpu_time_of_a_node_adds_up_to_its_cpus() -> None:
    later = Moment(NOW.now + 100, NOW.epoch, NOW.compression)
    spent = defaultdict[str, float](float)
    exporter, target = next((e, t) for e, t in exporting() if e.contract == "node-exporter")
    for family in exporter.families(CLUSTER, target):
        for series in family.series if family.name == "node_cpu_seconds_total" else ():
            spent[dict(series.labels)["cpu"]] += series.value.at(later) - series.value.at(NOW)
    assert [round(s, 3) for s in spent.values()] == [100.0] * 4


@pytest.mark.parametrize("other", ["cadvisor", "kube-state-metrics"])
def test_containers_and_pods_have_the_same_names_everywhere(other: str) -> None:
    metric = {"cadvisor": "container_cpu_usage_seconds_total", "kube-state-metrics": "kube_pod_container_info"}[other]
    named = {
        (labels["namespace"], labels["pod"], labels["container"])
        for labels in (dict(series.labels) for series in _series(other, metric))
    }
    assert {(p.namespace, p.name, c.name) for p in CLUSTER.pods for c in p.containers} <= named


def _series(contract: str, metric: str) -> list[Series]:
    return [s for family in EXPOSED[contract, None] if family.name == metric for s in family.series]


def test_all_targets_together_are_small_and_fast() -> None:
    simulation = Simulation(SYSTEMS, (), Memory(NOW.epoch), 30)
    simulation.see(CLUSTER)
    lines = 0
    slowest = 0.0
    for exporter, target in exporting():
        simulation.answer(target.ip, exporter.port, exporter.path, NOW.now)
        started = time.perf_counter()
        text = simulation.answer(target.ip, exporter.port, exporter.path, NOW.now + 1).text
        slowest = max(slowest, time.perf_counter() - started)
        lines += sum(not line.startswith("#") for line in text.splitlines())
    assert 9000 < lines < 40_000
    assert slowest < 0.3  # 30 ms on an idle machine


def test_a_page_is_in_the_text_format() -> None:
    exporter, target = next((e, t) for e, t in exporting() if e.contract == "argocd")
    families = exporter.families(CLUSTER, target)
    text = Page(((f.name, f.type, f.series, ()) for f in families), NOW).text(NOW)
    line = re.compile(r'(# TYPE [a-z0-9_:]+ \w+|[a-z0-9_:]+(\{(\w+="[^"]*",?)+\})? [-+0-9.e]+)')
    assert all(line.fullmatch(one) for one in text.splitlines())
    assert text.count("# TYPE argocd_app_reconcile ") == 1


# --- the parts


METRIC = Metric(name="m", type="gauge", labels=("a", "b", "c"))


def test_rows_of_labels_are_combined_and_cut_to_what_the_metric_has() -> None:
    table = Table(
        rows=(Rows(({"a": "1", "x": "1"}, {"a": "1", "x": "2"})), Rows.of("b", "1", "2")), defaults={"c": "3"}
    )
    assert label_sets(METRIC, table) == [{"a": "1", "b": "1", "c": "3"}, {"a": "1", "b": "2", "c": "3"}]


def test_rows_for_other_metrics_are_passed_over() -> None:
    table = Table(rows=(Rows.of("a", "1", only="other"), Rows.of("a", "2")), defaults={"b": "b", "c": "c"})
    assert [labels["a"] for labels in label_sets(METRIC, table)] == ["2"]


def test_where_there_are_no_objects_there_is_no_series() -> None:
    assert label_sets(METRIC, Table(rows=(Rows((), "m"),))) == []


def test_a_component_exposes_only_its_own_metrics() -> None:
    contract = Contract(
        name="c", exporter="e", version="1", source="s", evidence="read",
        metrics={
            "mine": Metric(name="mine", type="gauge", components=("a",)),
            "other": Metric(name="other", type="gauge", components=("b",)),
            "off": Metric(name="off", type="gauge", optin="a switch"),
            "dropped": Metric(name="dropped", type="gauge", dropped_by="a relabeling"),
        },
    )  # fmt: skip
    assert [family.name for family in families(contract, Table(), "a")] == ["mine", "dropped"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(Fixed(3), 3), (Growth(2), 518_400), (Events(2), 259_200), (Events(2, 0.5), 129_600), (Since(5), NOW.epoch + 5)],
)
def test_values_at_a_moment(value: Fixed | Growth | Events | Since, expected: float) -> None:
    assert value.at(NOW) == expected


def test_a_wave_stays_near_its_mean() -> None:
    values = [Wave(100, 0.05).at(Moment(float(second), 0)) for second in range(600)]
    assert min(values) == pytest.approx(95, abs=0.1)
    assert max(values) == pytest.approx(105, abs=0.1)


def test_a_cluster_without_pods_has_no_targets() -> None:
    simulation = Simulation(SYSTEMS, (), Memory(NOW.epoch), 30)
    simulation.see(Cluster())
    assert simulation.answer("10.0.0.11", 10250, "/metrics", NOW.now).status == 404
