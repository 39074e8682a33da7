"""The simulated platform's objects: our monitors select them as they would the real products'."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_cluster import SYSTEMS, simulated_cluster
from stacks import ran

from model.scrape import Scrape, ScrapeKind
from obs.simulate.cluster import cluster
from obs.simulate.platform import SimulationError, objects

SCRAPES = [s for system in ran("local").plan.systems for s in system.scrapes]
OBJECTS = objects(SYSTEMS)


def has(manifest: dict[str, Any], labels: dict[str, str]) -> bool:
    own: dict[str, str] = manifest.get("labels", {})
    return labels.items() <= own.items()


def templates() -> list[dict[str, Any]]:
    """Pods, and what makes pods: metadata, spec, namespace."""
    found = []
    for manifest in OBJECTS:
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            template = manifest["spec"]["template"]
            found.append({**template, "namespace": manifest["metadata"]["namespace"]})
        elif manifest["kind"] == "Pod":
            found.append({**manifest, "namespace": manifest["metadata"]["namespace"]})
    return found


def ports_of(template: dict[str, Any], key: str) -> set[Any]:
    return {port[key] for container in template["spec"]["containers"] for port in container["ports"]}


def port_names(template: dict[str, Any]) -> set[str]:
    return ports_of(template, "name")


def of_kind(kind: ScrapeKind) -> list[Scrape]:
    return [s for s in SCRAPES if s.kind is kind]


@pytest.mark.parametrize("scrape", of_kind(ScrapeKind.SERVICE_MONITOR), ids=lambda s: s.name)
def test_a_service_monitor_selects_one_service_whose_port_leads_to_pods(scrape: Scrape) -> None:
    services = [
        o
        for o in OBJECTS
        if o["kind"] == "Service"
        and has(o["metadata"], dict(scrape.selector))
        and o["metadata"]["namespace"] in scrape.namespaces
    ]
    assert len(services) == 1
    spec = services[0]["spec"]
    for endpoint in scrape.endpoints:
        port = next(p for p in spec["ports"] if p["name"] == endpoint.port)
        home = services[0]["metadata"]["namespace"]
        behind = [t for t in templates() if has(t["metadata"], spec["selector"]) and t["namespace"] == home]
        assert len(behind) == 1
        assert port["targetPort"] in port_names(behind[0]) | ports_of(behind[0], "containerPort")


@pytest.mark.parametrize("scrape", of_kind(ScrapeKind.POD_MONITOR), ids=lambda s: s.name)
def test_a_pod_monitor_selects_pods_with_its_port(scrape: Scrape) -> None:
    pods = [t for t in templates() if has(t["metadata"], dict(scrape.selector))]
    assert pods
    for pod in pods:
        assert not scrape.namespaces or pod["namespace"] in scrape.namespaces  # none: all
        assert {endpoint.port for endpoint in scrape.endpoints} <= port_names(pod)


def test_a_namespace_comes_before_what_is_in_it() -> None:
    there = {"default", "kube-system"}
    for manifest in OBJECTS:
        if manifest["kind"] == "Namespace":
            there.add(manifest["metadata"]["name"])
        assert manifest["metadata"].get("namespace", "default") in there, manifest["metadata"]["name"]


def test_no_object_is_there_twice() -> None:
    names = [(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in OBJECTS]
    assert len(names) == len(set(names))


def test_selectors_of_workloads_match_their_own_pods() -> None:
    for manifest in (o for o in OBJECTS if o["kind"] in ("Deployment", "StatefulSet")):
        spec = manifest["spec"]
        assert has(spec["template"]["metadata"], spec["selector"]["matchLabels"]), manifest["metadata"]["name"]


def test_nodes_have_addresses_of_their_own() -> None:
    addresses = [o["status"]["addresses"][0]["address"] for o in OBJECTS if o["kind"] == "Node"]
    assert len(set(addresses)) == 3


def test_there_is_a_volume_for_every_claim_of_the_stack_and_of_the_workloads() -> None:
    volumes = [o for o in OBJECTS if o["kind"] == "PersistentVolume"]
    claims = [o for o in OBJECTS if o["kind"] == "PersistentVolumeClaim"]
    # Prometheus, Alertmanager, Grafana; Thanos: the bucket, store gateway, compactor, ruler; Loki, Tempo, the sampler.
    assert len(volumes) >= len(claims) + 10
    assert {o["spec"]["storageClassName"] for o in (*volumes, *claims)} == {"standard"}


def test_only_enabled_systems_are_there() -> None:
    names = {o["metadata"]["name"] for o in objects(["kubernetes"])}
    assert "worker-1" in names
    assert not [name for name in names if name.startswith(("argocd", "spark-operator", "orders"))]


def test_a_system_without_simulation_is_refused() -> None:
    with pytest.raises(SimulationError, match=r"no simulation of the system 'sprak'; did you mean 'spark'\?"):
        objects(["sprak"])


def test_the_label_of_a_team_is_on_the_driver_of_that_team_alone() -> None:
    drivers = [o for o in OBJECTS if o["metadata"].get("labels", {}).get("spark-role") == "driver"]
    assert [d["metadata"].get("annotations") for d in drivers] == [None, {"spark_job_name": "sessions"}]


def test_pods_on_their_way_out_and_without_an_address_do_not_answer() -> None:
    leaving = {"metadata": {"namespace": "n", "name": "a", "uid": "1", "deletionTimestamp": "x"}, "spec": {}}
    new = {"metadata": {"namespace": "n", "name": "b", "uid": "2"}, "spec": {"containers": [{"name": "c"}]}}
    found = cluster([leaving, new], []).pods
    assert [(pod.name, pod.ip, pod.phase) for pod in found] == [("b", "", "Pending")]


def test_a_cluster_says_who_owns_a_pod_and_what_it_mounts() -> None:
    pods = {pod.name: pod for pod in simulated_cluster().pods}
    assert pods["argocd-application-controller-0"].owner == ("StatefulSet", "argocd-application-controller")
    history = next(pod for name, pod in pods.items() if name.startswith("spark-history-server"))
    assert history.claims == ("spark-history",)
