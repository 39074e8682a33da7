"""Lean stacks store what something reads, and nothing that is read is dropped."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from stacks import STACKS, run

import contracts
from cardinality import NOTHING, asked_in_runbooks, lean
from model.contract import exposed_names
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import System
from obs.check.catalogue import KEEP_LIST, catalogue
from obs.check.plan import check_plan
from obs.inventory import counted
from plan import Plan


def plan(stack: str, **config: object) -> Plan:
    found: Plan = run(stack, config=config).namespace["plan"]
    return found


def system(kind: ScrapeKind, *, part_keeps: bool = False) -> System:
    scrape = Scrape(
        name="s",
        kind=kind,
        job="j",
        selector={"a": "b"},
        endpoints=(Endpoint(port="p", contract="spark-operator"),),
        part_keeps=part_keeps,
    )
    return System(name="s", title="S", interval="30s", scrapes=(scrape,), signals=())


def endpoint_of(systems: tuple[System, ...]) -> Endpoint:
    return systems[0].scrapes[0].endpoints[0]


def test_a_keep_list_has_what_is_read_of_its_own_job_and_what_was_asked_for() -> None:
    read = ["spark_application_count", "spark_application_start_latency_seconds_histogram_bucket", "kube_pod_info"]
    endpoint = endpoint_of(lean([system(ScrapeKind.POD_MONITOR)], read, ["jvm_.+"], contracts.load))
    assert endpoint.keep == "spark_application_count|spark_application_start_latency_seconds_histogram_bucket|jvm_.+"
    assert endpoint.keeps("jvm_memory_used_bytes")
    assert not endpoint.keeps("spark_application_counter")
    assert not endpoint.keeps("kube_pod_info")


def test_a_job_that_nobody_reads_stores_nothing_rather_than_everything() -> None:
    endpoint = endpoint_of(lean([system(ScrapeKind.POD_MONITOR)], [], [], contracts.load))
    assert endpoint.keep == NOTHING
    assert not any(endpoint.keeps(name) for name in exposed_names(contracts.load("spark-operator")))


def test_the_monitor_of_a_part_keeps_everything_unless_it_takes_a_keep_list() -> None:
    assert endpoint_of(lean([system(ScrapeKind.PART)], [], [], contracts.load)).keep is None
    assert endpoint_of(lean([system(ScrapeKind.PART, part_keeps=True)], [], [], contracts.load)).keep == NOTHING


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
    wrong = check_plan(replace(found, systems=lean(found.systems, [], [], contracts.load)))
    assert [f for f in wrong if KEEP_LIST in f.message]


def test_queries_of_runbooks_are_read_too() -> None:
    asked = set(asked_in_runbooks(["ArgoCDSyncSlow", "NoSuchAlert"]))
    assert "argocd_repo_pending_request_total" in asked
    assert all(re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name) for name in asked)


def test_the_inventory_counts_what_is_kept() -> None:
    endpoint = endpoint_of(lean([system(ScrapeKind.POD_MONITOR)], ["spark_application_count"], [], contracts.load))
    found = counted(contracts.load("spark-operator"), [endpoint])
    assert found["kept"] == 1
    assert found["exposed"] > found["metrics"] > 1
