"""The pinned charts themselves: what they make of our values. Skipped where the cache has no archive."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from stacks import ROOT, STACKS

from components.charts import CHARTS, archive_path
from components.grafana_values import GRAFANA_ADMIN_SECRET
from model.scrape import ScrapeKind
from obs.chart_archive import ChartError
from obs.expand import Expansion
from obs.helm import find
from obs.run import StackRun, run_stack
from obs.write import write_rendering


def _missing() -> str:
    absent = [str(pin) for pin in CHARTS.values() if not archive_path(pin).is_file()]
    if absent:
        return f"not in the chart cache: {', '.join(absent)}; run `obs charts pull`"
    try:
        find()
    except ChartError as error:
        return str(error)
    return ""


pytestmark = [pytest.mark.charts, pytest.mark.skipif(bool(_missing()), reason=_missing() or "charts are there")]


@cache
def stack(name: str) -> tuple[StackRun, Expansion]:
    run = run_stack(name, ROOT)
    return run, run.expanded(offline=True, require_charts=True, build_helm=False)


def manifests(name: str, kind: str) -> dict[str, dict[str, Any]]:
    return {o.name: o.parsed() for o in stack(name)[1].objects if o.kind == kind}


@pytest.mark.parametrize("name", STACKS)
def test_every_chart_of_every_stack_renders(name: str) -> None:
    assert all(chart.state == "rendered" and chart.objects for chart in stack(name)[1].charts)


def test_two_renders_are_identical(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        expansion = run_stack("prod", ROOT).expanded(offline=True, build_helm=False)
        write_rendering(tmp_path / folder, expansion)
    first, second = ({p.relative_to(d): p.read_bytes() for p in d.rglob("*.yaml")} for d in tmp_path.iterdir())
    assert first == second
    assert len(first) > 60


def test_no_object_is_a_hook_and_no_secret_is_made_by_a_chart() -> None:
    for found in stack("prod")[1].objects:
        if found.text and found.kind != "CustomResourceDefinition":
            assert "helm.sh/hook" not in found.text
            # The ruler's chart templates make a Secret for values that we do not give: it is empty.
            assert found.kind != "Secret" or not found.parsed()["data"], found.name


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
    binding = manifests("prod", "ClusterRoleBinding")["kube-prometheus-stack-grafana-clusterrolebinding"]
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
    for system in run.plan.systems:
        for scrape in system.scrapes:
            if scrape.kind is not ScrapeKind.CHART:
                continue
            for endpoint in scrape.endpoints:
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
    """The value of the Service label that the monitor takes the job from."""
    services = [s["metadata"]["labels"] for s in manifests("prod", "Service").values()]
    # The kubelet's Service is made by the operator at run time, with this label (--kubelet-service).
    services.append({"k8s-app": "kubelet", "app.kubernetes.io/name": "kubelet"})
    wanted = spec["selector"]["matchLabels"]
    for labels in services:
        if wanted.items() <= labels.items():
            return str(labels.get(spec["jobLabel"], "")) if "jobLabel" in spec else ""
    return ""


def test_the_definitions_are_those_that_the_stack_uses() -> None:
    """Each is up to 0.8 MB, and the release that holds them must fit into one Secret."""
    names = {o.name.removesuffix(".monitoring.coreos.com") for o in stack("prod")[1].objects if _defines(o.kind)}
    used = {"prometheuses", "alertmanagers", "prometheusrules", "servicemonitors", "podmonitors", "probes"}
    assert used <= names
    assert "prometheusagents" not in names


def _defines(kind: str) -> bool:
    return kind == "CustomResourceDefinition"
