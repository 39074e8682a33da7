"""Every monitor of a lean stack carries its keep-list, and none of them drops what is read."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from cached_charts import needs_charts
from stacks import ROOT, run
from wired_stack import rendered

import contracts
from components.exporters import pushgateway
from components.exporters.statsd import statsd_monitor
from components.keep_lists import kept, metric_relabelings, monitor_values
from model.contract import exposed_names
from model.scrape import Endpoint, Scrape
from model.system import System
from obs.check.chart_content import check_chart_content
from obs.check.plan import known_series
from obs.documents import dump
from obs.inventory import contracts_of, heading, said
from obs.run import StackRun, run_stack
from obs.stack_config import read_stack_config
from plan import Plan
from systems.collector import VERIFIED

OTHER_FORMS: Mapping[str, object] = {
    "size": "large",
    "traces": {"kafka": {"address": "kafka.data.svc:9092"}},
    "metricsStore": {"mode": "sidecar"},
    "exporters": {
        "statsd": {"mappings": [{"match": "shop.*.orders", "name": "shop_${1}_orders"}]},
        "redis": {"cache": {"address": "cache.shop.svc:6379"}},
        "blackbox": {"targets": {"shop": "https://shop.example.com/"}},
        "pushgateway": {},
        "oracle": {"hr": {"connectString": "hr.db.svc:1521/HR", "username": "monitoring", "secret": "hrPassword"}},
    },
    "systems": {name: {} for name in ("kubernetes", "nodes", "airflow", "redis", "oracle", "probes")}
    | {"web_applications": {"applications": {"shop": {"kind": "otel", "service": "shop/cart", "namespace": "shop"}}}},
}
"""Whatever stack prod has in another form: many processes, side cars, further exporters, an application by OTLP."""
STACKS: Mapping[str, Mapping[str, object]] = {"prod": {}, "other forms": OTHER_FORMS}
# Who sends and what is not known here: what is pushed, and the port at which the collector hands applications' on.
UNLISTED = {("pushgateway", "http"), ("otel-sampler", "prometheus")}


@cache
def recorded(form: str) -> StackRun:
    return run_stack("prod", ROOT, config=read_stack_config(ROOT, "prod", config=STACKS[form]))


@cache
def stack(form: str) -> tuple[Plan, tuple[dict[str, Any], ...]]:
    """The plan, and every object that has to do with scraping."""
    found = recorded(form)
    expansion = found.expanded(offline=True, require_charts=True, build_helm=False)
    kinds = ("ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig", "Service")
    return found.plan, tuple(o.parsed() | {"kind": o.kind} for o in expansion.objects if o.kind in kinds)


@cache
def exposed(contract: str, component: str | None) -> frozenset[str]:
    return frozenset(exposed_names(contracts.load(contract), component))


@dataclass(frozen=True)
class Made:
    """One endpoint of a rendered monitor; ``jobs`` are those of all Services that it selects."""

    kind: str
    name: str
    port: str
    path: str
    jobs: frozenset[str]
    endpoint: dict[str, Any]

    def keeps(self, name: str) -> bool:
        """Metric relabeling of the operator, as far as it goes by the name alone."""
        for step in self.endpoint.get("metricRelabelings") or self.endpoint.get("metricRelabelConfigs") or ():
            matches = step.get("sourceLabels") == ["__name__"] and re.fullmatch(step["regex"], name)
            if (step["action"] == "keep" and not matches) or (step["action"] == "drop" and matches):
                return False
        return True


def made(objects: tuple[dict[str, Any], ...]) -> Iterator[Made]:
    for monitor in (o for o in objects if o["kind"] != "Service"):
        spec, name = monitor["spec"], monitor["metadata"]["name"]
        endpoints = spec.get("endpoints") or spec.get("podMetricsEndpoints") or [spec]
        for endpoint in endpoints:
            path = spec["prober"]["path"] if "prober" in spec else endpoint.get("path") or endpoint.get("metricsPath")
            jobs = frozenset(_jobs(spec, endpoint, objects))
            yield Made(monitor["kind"], name, endpoint.get("port") or "", path or "/metrics", jobs, endpoint)


def _jobs(spec: dict[str, Any], endpoint: dict[str, Any], objects: tuple[dict[str, Any], ...]) -> Iterator[str]:
    yield from (s["replacement"] for s in endpoint.get("relabelings") or () if s.get("targetLabel") == "job")
    if "jobName" in spec:
        yield spec["jobName"]
    # Made by the operator at run time, and by the cluster itself.
    services: list[dict[str, Any]] = [
        {"name": "", "labels": {"k8s-app": "kubelet", "app.kubernetes.io/name": "kubelet"}}
    ]
    services.append({"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}})
    services += [o["metadata"] for o in objects if o["kind"] == "Service"]
    wanted = spec.get("selector", {}).get("matchLabels", {})
    for service in services if wanted else ():
        if wanted.items() <= service.get("labels", {}).items():
            yield str(service["labels"].get(spec.get("jobLabel", ""), service["name"]))


def scraped(plan: Plan, found: list[Made]) -> Iterator[tuple[Scrape, Endpoint, list[Made]]]:
    """Every endpoint of the plan with those of the rendered monitors that fetch it."""
    for system in plan.systems:
        for scrape in system.scrapes:
            for endpoint in scrape.endpoints:
                at = (endpoint.port, endpoint.path)
                yield scrape, endpoint, [m for m in found if scrape.job in m.jobs and (m.port, m.path) == at]


def lost(plan: Plan, found: list[Made]) -> list[tuple[str, str]]:
    """(monitor, name) of what is read, stored as the plan says, and dropped by a rendered monitor."""
    assert plan.keep is not None
    return [
        (monitor.name, name)
        for _, endpoint, monitors in scraped(plan, found)
        for name in sorted(exposed(endpoint.contract, endpoint.component) & plan.keep.read)
        for monitor in monitors
        if not monitor.keeps(name)
    ]


@pytest.mark.parametrize("form", STACKS)
class TestRendered:
    pytestmark = needs_charts

    def test_every_monitor_has_its_keep_list(self, form: str) -> None:
        _, objects = stack(form)
        without = {(m.name, m.port) for m in made(objects) if m.keeps("a_metric_that_nobody_has_heard_of")}
        assert without == {one for one in UNLISTED if any((m.name, m.port) == one for m in made(objects))}

    def test_a_monitor_stores_of_its_source_what_the_plan_says(self, form: str) -> None:
        plan, objects = stack(form)
        for scrape, endpoint, monitors in scraped(plan, list(made(objects))):
            assert bool(monitors) is (scrape.stores_all is None), (scrape.name, endpoint)
            names = exposed(endpoint.contract, endpoint.component)
            for monitor in monitors:
                differing = {name for name in names if monitor.keeps(name) is not endpoint.keeps(name)}
                assert not differing, (scrape.name, monitor.name, differing)

    def test_nothing_that_is_read_is_dropped(self, form: str) -> None:
        plan, objects = stack(form)
        assert lost(plan, list(made(objects))) == []

    def test_a_read_name_that_a_monitor_drops_is_seen_whatever_makes_the_monitor(self, form: str) -> None:
        """Each list in turn without its first name that is read."""
        plan, objects = stack(form)
        found = list(made(objects))
        mutated = 0
        for _, endpoint, monitors in scraped(plan, found):
            assert plan.keep is not None
            read = sorted(exposed(endpoint.contract, endpoint.component) & plan.keep.read)
            for monitor in monitors if read else ():
                other = copy.deepcopy(monitor.endpoint)
                for step in other.get("metricRelabelings") or other["metricRelabelConfigs"]:
                    if step["action"] == "keep":
                        step["regex"] = "|".join(n for n in step["regex"].split("|") if n != read[0])
                changed = Made(monitor.kind, monitor.name, monitor.port, monitor.path, monitor.jobs, other)
                assert (monitor.name, read[0]) in lost(plan, [changed])
                mutated += 1
        assert mutated > 20

    def test_monitors_of_every_kind_are_among_them(self, form: str) -> None:
        _, objects = stack(form)
        names = {m.name for m in made(objects)}
        common = {"kube-prometheus-stack-prometheus", "kube-prometheus-stack-thanos-ruler", "loki", "alloy"}
        own = {"prod": {"tempo-single", "argocd-server"}, "other forms": {"tempo-distributor", "redis-exporter-cache"}}
        assert common | own[form] | {"thanos-query", "otel-gateway", "statsd-exporter"} <= names


def _without_lists(system: System) -> System:
    scrapes = tuple(replace(s, endpoints=tuple(replace(e, keep=None) for e in s.endpoints)) for s in system.scrapes)
    return replace(system, scrapes=scrapes)


class TestOwn:
    """Monitors of ours, and values, without any chart."""

    def test_a_full_stack_gives_monitors_no_list(self) -> None:
        assert metric_relabelings(None, "loki") == {}
        assert monitor_values(None, "grafana") == {}
        assert kept(None, "redis-exporter") is None

    def test_rules_of_the_stacks_own_for_statsd_are_stored(self) -> None:
        plan, settings = recorded("other forms").plan, recorded("other forms").settings
        assert settings.exporters.statsd is not None
        (endpoint,) = statsd_monitor(settings, settings.exporters.statsd, plan.keep).endpoints
        (step,) = endpoint.metric_relabelings or ()
        names = str(step.regex)
        assert re.fullmatch(names, "shop_berlin_orders")
        assert re.fullmatch(names, "shop_berlin_orders_sum")
        assert not re.fullmatch(names, "shop_berlin_baskets")

    def test_a_rule_of_a_chart_that_reads_what_is_dropped_is_a_finding(self) -> None:
        spec = {"groups": [{"name": "g", "rules": [{"alert": "A", "expr": "loki_inflight_requests > 0"}]}]}
        rule = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "r"}}
        of_chart = rendered(dump({**rule, "spec": spec}))
        plan = recorded("prod").plan
        (found,) = check_chart_content(of_chart, iter(()), known_series(plan))
        assert (found.check, found.subject) == ("promql/dropped", "chart chart, alert A")
        full = replace(plan, systems=tuple(_without_lists(system) for system in plan.systems))
        assert check_chart_content(of_chart, iter(()), known_series(full)) == []

    def test_what_jobs_push_is_stored(self) -> None:
        (endpoint,) = pushgateway.pushgateway_monitor(recorded("other forms").settings).endpoints
        assert endpoint.metric_relabelings is None

    def test_what_verify_asks_of_the_collector_is_stored_even_if_nothing_watches_it(self) -> None:
        plan: Plan = run("prod", config={"selfMonitoring": False}).namespace["plan"]
        assert plan.keep is not None
        assert not [s for s in plan.systems if s.name == "collector"]
        assert set(VERIFIED) <= set(plan.keep.of(("collector", None)).split("|"))

    @pytest.mark.parametrize("form", STACKS)
    def test_the_inventory_says_how_much_is_stored_of_each_contract(self, form: str) -> None:
        entries = contracts_of(recorded(form).plan, lean=recorded(form).settings.lean)
        assert all(e["kept"] < e["exposed"] or e["stores_all"] for e in entries)
        by_name = {e["name"]: e for e in entries}
        assert 0 < by_name["loki"]["kept"] < 50
        assert said(by_name["loki"]) == f"loki {by_name['loki']['kept']}/{by_name['loki']['exposed']}"
        assert f"{sum(e['kept'] for e in entries)} of {sum(e['exposed'] for e in entries)}" in heading(entries)
        if form == "other forms":
            assert "collector hands on" in said(by_name["otel-http"])
            assert by_name["otel-http"]["kept"] == by_name["otel-http"]["exposed"]
