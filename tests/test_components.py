"""What components register: order, options, links, sizes."""

from __future__ import annotations

from typing import Any

import pytest
from stack_settings import values
from stacks import STACKS, run

from components.sizes import SIZES
from dashboards.domains import BRING
from model.quantity import quantity
from obs.record import Recording, Resource
from settings.parts import PartName


def named(recording: Recording, name: str) -> Resource:
    (found,) = [r for r in recording.resources if r.name == name]
    return found


def upstream(recording: Recording, resource: Resource) -> set[str]:
    """Names of everything that the engine makes first."""
    by_urn = {r.urn: r for r in recording.resources}
    seen: set[str] = set()
    todo = [*resource.dependencies]
    while todo:
        current = by_urn[todo.pop()]
        if current.name not in seen:
            seen.add(current.name)
            todo += current.dependencies
    return seen


def test_custom_resources_wait_for_their_definitions_and_those_for_the_namespace() -> None:
    recording = run("prod")
    customs = [r for r in recording.resources if r.type.startswith("kubernetes:monitoring.coreos.com/")]
    assert len(customs) > 10
    for custom in customs:
        assert {"prometheus-operator-crds", "monitoring"} <= upstream(recording, custom), custom.name


def test_the_chart_waits_for_what_its_values_name() -> None:
    recording = run("prod")
    chart = named(recording, "kube-prometheus-stack")
    assert {"grafana-admin", "alertmanager-config", "alertmanager-receivers"} <= upstream(recording, chart)
    for release in ("kube-prometheus-stack", "thanos", "thanos-business"):
        assert {"object-storage", "thanos-objstore"} <= upstream(recording, named(recording, release))


def test_everything_goes_to_the_explicit_provider() -> None:
    recording = run("prod")
    provider = named(recording, "cluster")
    assert provider.inputs["enableConfigMapMutable"] == "true"
    assert provider.inputs["enableSecretMutable"] == "true"
    for resource in recording.resources:
        if resource.type.startswith("kubernetes:"):
            used = resource.provider or resource.providers.get("kubernetes", "")
            assert used.startswith(provider.urn), resource.urn


def test_the_definitions_outlive_the_stack_and_are_protected_in_production_only() -> None:
    options = {stack: named(run(stack), "prometheus-operator-crds").options for stack in ("prod", "dev")}
    assert options["prod"]["protect"] is True
    assert not options["dev"].get("protect")
    assert all(o["retainOnDelete"] for o in options.values())


def test_the_namespaces_stay_when_the_stack_goes_and_with_them_the_volumes() -> None:
    namespaces = [r for r in run("prod").resources if r.type.endswith(":Namespace")]
    assert len(namespaces) == 2
    assert all(r.options["retainOnDelete"] for r in namespaces)


def test_chart_values_hold_literals_only_and_no_secret() -> None:
    for stack in STACKS:
        recording = run(stack)
        for resource in recording.resources:
            if "helm.sh" in resource.type:
                assert "[secret]" not in str(resource.redacted()["inputs"]["values"])
                assert "[unknown]" not in str(resource.redacted()["inputs"]["values"])


def test_production_has_the_sizes_and_labels_of_the_requirements() -> None:
    spec = values()["prometheus"]["prometheusSpec"]
    assert spec["resources"] == {
        "requests": {"cpu": "2000m", "memory": "8Gi"},
        "limits": {"cpu": "4000m", "memory": "16Gi"},
    }
    assert spec["retention"] == "15d"
    assert spec["externalLabels"] == {"cluster": "dataops-prod", "environment": "production", "platform": "dataops"}
    claim = spec["storageSpec"]["volumeClaimTemplate"]["spec"]
    assert (claim["storageClassName"], claim["resources"]["requests"]["storage"]) == ("longhorn", "50Gi")


def test_every_selector_takes_objects_whatever_their_labels() -> None:
    spec = values()["prometheus"]["prometheusSpec"]
    selectors = ("rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig")
    assert all(spec[f"{kind}SelectorNilUsesHelmValues"] is False for kind in selectors)


def test_development_runs_everything_once() -> None:
    found = values("dev")
    assert found["prometheus"]["prometheusSpec"]["replicas"] == 1
    assert found["alertmanager"]["alertmanagerSpec"]["replicas"] == 1


def test_a_single_override_wins_over_the_size() -> None:
    prometheus = {"replicas": 3, "retention": "15d", "requests": {"memory": "20Gi"}}
    spec = values(prometheus=prometheus)["prometheus"]["prometheusSpec"]
    assert spec["replicas"] == 3
    assert spec["resources"]["requests"] == {"cpu": "2000m", "memory": "20Gi"}
    assert quantity(spec["resources"]["limits"]["memory"]) >= quantity("20Gi")


@pytest.mark.parametrize(
    ("prometheus", "expected"),
    [
        ({"limits": {"memory": "4Gi"}}, ("4Gi", "4Gi")),
        ({"requests": {"memory": "20Gi"}}, ("20Gi", "20Gi")),
        ({"requests": {"memory": "4Gi"}, "limits": {"memory": "6Gi"}}, ("4Gi", "6Gi")),
    ],
)
def test_a_given_request_or_limit_wins_and_the_other_gives_way(prometheus: object, expected: tuple[str, str]) -> None:
    resources = values(prometheus=prometheus)["prometheus"]["prometheusSpec"]["resources"]
    assert (resources["requests"]["memory"], resources["limits"]["memory"]) == expected


def test_prometheus_never_fills_its_volume() -> None:
    for stack in STACKS:
        spec = values(stack)["prometheus"]["prometheusSpec"]
        storage = spec["storageSpec"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"]
        size = float(spec["retentionSize"].removesuffix("MiB")) * 2**20
        assert 0.8 < size / float(quantity(storage)) < 0.9


@pytest.mark.parametrize("size", SIZES)
def test_no_size_asks_for_more_than_it_allows(size: Any) -> None:
    assert set(SIZES[size]) == set(PartName)
    for part in SIZES[size].values():
        found = part.resources.manifest()
        for kind, limit in found["limits"].items():
            assert quantity(limit) >= quantity(found["requests"][kind])


@pytest.mark.parametrize("part", ["nodes", "kubernetes"])
def test_a_source_of_a_system_that_is_off_is_not_deployed(part: str) -> None:
    keys = {"nodes": ("nodeExporter",), "kubernetes": ("kubeStateMetrics", "kubelet")}
    systems: dict[str, object] = {name: {} for name in ("kubernetes", "nodes") if name != part}
    found = values("dev", systems=systems)
    for system, names in keys.items():
        assert all(found[name]["enabled"] is (system != part) for name in names)


def test_a_system_that_is_off_is_mentioned_nowhere() -> None:
    recording = run("dev", config={"systems": {"kubernetes": {}, "nodes": {}}})
    # The pages of empty domains name what could be switched on.
    offered = ", ".join(f"- `{name}`" for names in BRING.values() for name in names)
    text = str(recording.redacted()["resources"]).lower()
    for name in ("spark", "argocd"):
        assert f"`{name}`" in offered
        assert name not in text.replace("spark.*", "").replace(f"`{name}`", "")


def test_every_alert_links_to_a_runbook_and_to_the_panel_that_shows_it() -> None:
    recording = run("prod")
    plan = recording.namespace["plan"]
    rules = [
        rule
        for r in recording.resources
        if r.type.endswith(":PrometheusRule")
        for group in r.inputs["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert len(rules) == len(plan.alerts)
    for rule in rules:
        assert rule["annotations"]["runbook_url"].endswith(f"/runbooks/{rule['alert']}.md")
        assert "/d/dataops-" in rule["annotations"]["dashboard_url"]
        assert {"severity", "component", "signal"} <= rule["labels"].keys()


def test_the_job_that_rules_ask_for_is_the_job_that_a_monitor_sets() -> None:
    recording = run("prod")
    monitors = {r.name: r.inputs["spec"] for r in recording.resources if "Monitor" in r.type and r.custom}
    for system in recording.namespace["plan"].systems:
        for scrape in system.scrapes:
            spec = monitors.get(scrape.name)
            if spec is None:
                assert scrape.kind.value == "part"
                continue
            for endpoint in spec.get("endpoints") or spec["podMetricsEndpoints"]:
                assert {"targetLabel": "job", "replacement": scrape.job} in endpoint["relabelings"]
