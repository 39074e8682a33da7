"""The pinned charts themselves: what they make of our values. Skipped where the cache has no archive."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from cached_charts import needs_charts
from stacks import STACKS, ran

from components.grafana_values import GRAFANA_ADMIN_SECRET
from components.metrics import OPERATOR_APIS
from model.scrape import ScrapeKind
from obs.chart_cache import use
from obs.check.run import chart_orders
from obs.documents import documents
from obs.expand import PROGRAM, Expansion
from obs.helm import find, template
from obs.run import StackRun

pytestmark = needs_charts


@cache
def stack(name: str) -> tuple[StackRun, Expansion]:
    run = ran(name)
    return run, run.expanded(offline=True, require_charts=True, build_helm=False)


def manifests(name: str, kind: str) -> dict[str, dict[str, Any]]:
    return {o.name: o.parsed() for o in stack(name)[1].objects if o.kind == kind}


@pytest.mark.parametrize("name", STACKS)
def test_every_chart_of_every_stack_renders(name: str) -> None:
    assert all(chart.state == "rendered" and chart.objects for chart in stack(name)[1].charts)


@pytest.mark.parametrize("name", STACKS)
def test_two_renders_are_identical(name: str) -> None:
    """Random values, dates and what a chart asks the cluster would differ. No render is answered from the memo."""
    run, _ = stack(name)
    first, second = (run.expanded(offline=True, build_helm=False, require_charts=True, memo=False) for _ in range(2))
    assert first == second
    assert len(first.objects) > 60


@pytest.mark.parametrize("name", STACKS)
def test_no_chart_needs_a_hook(name: str) -> None:
    """Pulumi leaves hooks out, so whatever a chart does in one would not be done."""
    run, _ = stack(name)
    cluster = run.settings.cluster
    for order, _ in chart_orders(run):
        printed = template(
            find(),
            use(order.pin, archive=order.path).path,
            release=order.release,
            namespace=order.namespace,
            values=order.values,
            kube_version=cluster.kubernetes_version,
            api_versions=(*OPERATOR_APIS, *cluster.api_versions),
            hooks=True,
        )
        hooks = [d.name for d in documents(printed) if "helm.sh/hook:" in d.text or '"helm.sh/hook":' in d.text]
        assert hooks == [], order.pin


@pytest.mark.parametrize("name", STACKS)
def test_no_secret_with_anything_in_it_is_made_by_a_chart(name: str) -> None:
    """The ruler's chart templates make one for values that we do not give: it is empty."""
    made = [o for o in stack(name)[1].objects if o.kind == "Secret" and o.origin != PROGRAM]
    assert [o.name for o in made if o.parsed()["data"]] == []


def test_the_addresses_in_the_outputs_name_services_and_ports_that_exist() -> None:
    run, _ = stack("prod")
    services = manifests("prod", "Service")
    for output in ("prometheusUrl", "alertmanagerUrl"):
        host, port = run.recording.outputs[output].removeprefix("http://").split(":")
        service, namespace = host.split(".")[:2]
        assert services[service]["metadata"]["namespace"] == namespace
        assert int(port) in {p["port"] for p in services[service]["spec"]["ports"]}


def test_the_secrets_that_charts_name_are_made_by_the_program() -> None:
    (alertmanager,) = manifests("prod", "Alertmanager").values()
    made = {o.name for o in stack("prod")[1].objects if o.kind == "Secret"}
    assert {alertmanager["spec"]["configSecret"], *alertmanager["spec"]["secrets"]} <= made
    grafana = manifests("prod", "Deployment")["kube-prometheus-stack-grafana"]
    assert GRAFANA_ADMIN_SECRET in str(grafana)
    assert GRAFANA_ADMIN_SECRET in made


def test_grafana_reads_config_maps_of_the_cluster_and_no_secret() -> None:
    roles = manifests("prod", "ClusterRole")
    binding = manifests("prod", "ClusterRoleBinding")["monitoring-grafana-sidecar"]
    role = roles[binding["roleRef"]["name"]]
    assert [rule["resources"] for rule in role["rules"]] == [["configmaps"]]
    assert not [name for name in roles if "grafana" in name and name != role["metadata"]["name"]]


def test_everything_of_the_cluster_is_scraped_every_half_minute() -> None:
    kubelet = manifests("prod", "ServiceMonitor")["kube-prometheus-stack-kubelet"]["spec"]["endpoints"]
    assert {endpoint["interval"] for endpoint in kubelet} == {"30s"}


def test_a_default_scrape_class_puts_the_cluster_on_every_series() -> None:
    (prometheus,) = manifests("prod", "Prometheus").values()
    (scrape_class,) = prometheus["spec"]["scrapeClasses"]
    assert scrape_class["default"] is True
    assert scrape_class["relabelings"] == [
        {"action": "replace", "targetLabel": "cluster", "replacement": "dataops-prod"}
    ]


def test_what_systems_say_of_the_charts_monitors_is_what_the_charts_make() -> None:
    """Port, path, honorLabels and added labels decide which labels the checks allow."""
    run, _ = stack("prod")
    endpoints = [
        (monitor["spec"], endpoint)
        for monitor in manifests("prod", "ServiceMonitor").values()
        for endpoint in monitor["spec"]["endpoints"]
    ]
    steps = [step for _, made in endpoints for step in made.get("relabelings", ())]
    ours = {step["replacement"] for step in steps if step.get("targetLabel") == "job"}
    for system in run.plan.systems:
        for scrape in system.scrapes:
            if scrape.kind is not ScrapeKind.PART or scrape.job in ours:
                continue
            for endpoint in (e for e in scrape.endpoints if e.port):  # without: a Probe
                found = [
                    made
                    for spec, made in endpoints
                    if _job(spec) == scrape.job and made["port"] == endpoint.port and _path(made) == endpoint.path
                ]
                assert len(found) == 1, (scrape.name, endpoint)
                assert bool(found[0].get("honorLabels")) is endpoint.honor_labels
                added = {r["targetLabel"] for r in found[0].get("relabelings", []) if "targetLabel" in r}
                assert added == {r.target_label for r in endpoint.relabelings}


def _path(endpoint: dict[str, Any]) -> str:
    return str(endpoint.get("path") or "/metrics")


def _job(spec: dict[str, Any]) -> str:
    """The value of the Service label that the monitor takes the job from; the Service's name where it has none."""
    services = [s["metadata"] for s in manifests("prod", "Service").values()]
    # The kubelet's Service is made by the operator at run time, with this label (--kubelet-service).
    services.append({"name": "", "labels": {"k8s-app": "kubelet", "app.kubernetes.io/name": "kubelet"}})
    # The API server's is the cluster's own.
    services.append({"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}})
    wanted = spec["selector"]["matchLabels"]
    for service in services:
        if wanted.items() <= service["labels"].items():
            return str(service["labels"].get(spec.get("jobLabel", ""), service["name"]))
    return ""


def test_the_definitions_are_those_that_the_stack_uses() -> None:
    """Each is up to 0.8 MB, and the release that holds them must fit into one Secret."""
    names = {o.name.removesuffix(".monitoring.coreos.com") for o in stack("prod")[1].objects if _defines(o.kind)}
    used = {"prometheuses", "alertmanagers", "prometheusrules", "servicemonitors", "podmonitors", "probes"}
    assert used <= names
    assert "prometheusagents" not in names


def _defines(kind: str) -> bool:
    return kind == "CustomResourceDefinition"
