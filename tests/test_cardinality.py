"""Lean stacks store what something reads, and nothing that is read is dropped."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from stacks import STACKS, run

import contracts
from cardinality import NOTHING, KeepLists, asked_in_runbooks, keep_lists, lean
from model.contract import exposed_names
from model.promql import metric
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import System
from obs.check.catalogue import KEEP_LIST, catalogue
from obs.check.plan import check_plan
from obs.inventory import counted
from plan import Plan


def plan(stack: str, **config: object) -> Plan:
    found: Plan = run(stack, config=config).namespace["plan"]
    return found


def lists(*read: str, extra: tuple[str, ...] = ()) -> KeepLists:
    return keep_lists([], read, extra, contracts.load)


def system(kind: ScrapeKind, *, stores_all: str | None = None) -> System:
    scrape = Scrape(
        name="s",
        kind=kind,
        job="j",
        selector={} if kind is ScrapeKind.PART else {"a": "b"},
        endpoints=(Endpoint(port="p", contract="spark-operator"),),
        stores_all=stores_all,
    )
    return System(name="s", title="S", interval="30s", scrapes=(scrape,), signals=())


def endpoint_of(systems: tuple[System, ...]) -> Endpoint:
    return systems[0].scrapes[0].endpoints[0]


def test_a_keep_list_has_what_is_read_of_its_own_job_and_what_was_asked_for() -> None:
    read = ["spark_application_count", "spark_application_start_latency_seconds_histogram_bucket", "kube_pod_info"]
    endpoint = endpoint_of(lean([system(ScrapeKind.POD_MONITOR)], lists(*read, extra=("jvm_.+",))))
    assert endpoint.keep == "spark_application_count|spark_application_start_latency_seconds_histogram_bucket|jvm_.+"
    assert endpoint.keeps("jvm_memory_used_bytes")
    assert not endpoint.keeps("spark_application_counter")
    assert not endpoint.keeps("kube_pod_info")


def test_a_job_that_nobody_reads_stores_nothing_rather_than_everything() -> None:
    endpoint = endpoint_of(lean([system(ScrapeKind.POD_MONITOR)], lists()))
    assert endpoint.keep == NOTHING
    assert not any(endpoint.keeps(name) for name in exposed_names(contracts.load("spark-operator")))


def test_a_monitor_has_a_keep_list_unless_it_says_why_it_stores_everything() -> None:
    assert endpoint_of(lean([system(ScrapeKind.PART)], lists())).keep == NOTHING
    assert endpoint_of(lean([system(ScrapeKind.PART, stores_all="nobody lists it")], lists())).keep is None


def test_a_list_for_several_sources_stores_of_each_what_its_own_would() -> None:
    """Charts have one list for a server and its reloader, and one for all components of Thanos in a release."""
    found = plan("prod").keep
    assert found is not None
    for together in (
        (("prometheus", None), ("prometheus-config-reloader", None)),
        tuple(("thanos", part) for part in ("query", "query-frontend", "store", "receive")),
    ):
        whole = found.of(*together)
        for contract, component in together:
            own = found.of((contract, component))
            exposed = set(exposed_names(contracts.load(contract), component))
            kept = {name for name in exposed if re.fullmatch(own, name)}
            assert 0 < len(kept) < len(exposed)
            assert kept == {name for name in exposed if re.fullmatch(whole, name)}


def test_what_no_contract_has_may_come_from_any_source() -> None:
    expr = metric("made_by_hand_total", no_contract="a trial") / metric("spark_application_count")
    found = keep_lists([expr], (), (), contracts.load)
    assert found.of(("spark-operator", None)) == "spark_application_count|made_by_hand_total"
    assert found.of(("redis-exporter", None)) == "made_by_hand_total"


def test_production_is_lean_unless_it_says_otherwise() -> None:
    assert plan("prod").keep
    assert not plan("prod", cardinality="full").keep
    assert not plan("dev").keep
    assert plan("dev", cardinality="lean").keep


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_that_is_read_is_dropped(stack: str) -> None:
    found = plan(stack, cardinality="lean")
    assert not [f for f in check_plan(found) if f.check.startswith("promql/")]
    known = catalogue(found.systems, contracts.load)
    dropped = {name for name, sources in known.series.items() if all(s.dropped_by == KEEP_LIST for s in sources)}
    assert dropped
    assert not dropped & set(asked_in_runbooks(alert.name for alert in found.alerts))


def test_a_metric_that_is_read_and_dropped_is_a_finding() -> None:
    found = plan("prod")
    wrong = check_plan(replace(found, systems=lean(found.systems, lists())))
    dropped = [f for f in wrong if KEEP_LIST in f.message]
    assert {f.check for f in dropped} == {"promql/dropped"}
    # Ours, a chart's for all its components, that of a reloader, an exporter's, a Probe's.
    for name in ("argocd_", "thanos_", "reloader_", "airflow_", "probe_"):
        assert [f for f in dropped if f.message.startswith(name)], name


def test_queries_of_runbooks_are_read_too() -> None:
    asked = set(asked_in_runbooks(["ArgoCDSyncSlow", "NoSuchAlert"]))
    assert "argocd_repo_pending_request_total" in asked
    assert all(re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name) for name in asked)


def test_the_inventory_counts_what_is_kept() -> None:
    endpoint = endpoint_of(lean([system(ScrapeKind.POD_MONITOR)], lists("spark_application_count")))
    found = counted(contracts.load("spark-operator"), [endpoint])
    assert found["kept"] == 1
    assert found["exposed"] > found["metrics"] > 1
