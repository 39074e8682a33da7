"""The control plane of this machine with something in it, and kube-state-metrics that describes that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from obs.contracts.compare import Scraped
from obs.contracts.exposition import Family
from obs.contracts.lab import Lab
from obs.contracts.sources import cluster
from obs.local.state import LocalError
from obs.toolchain import find
from obs.toolchain_table import TOOLS

_OBJECTS = Path(__file__).with_name("cluster_objects.yaml")
_PARTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
# What the chart asks it for (its collectors without secrets and configmaps), and what is off there.
_RESOURCES = (
    "certificatesigningrequests clusterrolebindings clusterroles configmaps cronjobs daemonsets deployments endpoints "
    "endpointslices horizontalpodautoscalers ingressclasses ingresses jobs leases limitranges "
    "mutatingwebhookconfigurations namespaces networkpolicies nodes persistentvolumeclaims persistentvolumes "
    "poddisruptionbudgets pods replicasets replicationcontrollers resourcequotas rolebindings roles secrets "
    "serviceaccounts services statefulsets storageclasses validatingadmissionpolicies "
    "validatingadmissionpolicybindings validatingwebhookconfigurations volumeattachments"
)
# Ways of a path to its backend, and what a driver says of its volumes: only the objects that have them show these.
_SOMETIMES = frozenset({"resource_api_group", "resource_kind", "resource_name", "metadata_METADATA_KEY"})
# Of packages that controller manager and scheduler are only linked with: they stay zero there.
_LINKED = r"(aggregator|apiextensions|apiserver)_.+"
_PODS = "/api/v1/namespaces/shop/pods"
_KEEPS = "example.org/keeps-it"
_TIME = "2026-01-01T00:00:00Z"
# What is there and on its way out: kind -> API version and spec.
_LEAVING: dict[str, tuple[str, dict[str, Any]]] = {
    "Service": ("v1", {"ports": [{"port": 80}]}),
    "PersistentVolumeClaim": (
        "v1",
        {"storageClassName": "fast", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    ),
    "Pod": ("v1", {"nodeName": "node-b", "containers": [{"name": "one", "image": "registry.example/one:1"}]}),
    "PodDisruptionBudget": ("policy/v1", {"minAvailable": 1, "selector": {"matchLabels": {"app": "nobody"}}}),
}


def scrape(lab: Lab) -> Iterator[Scraped]:
    found = cluster.start(lab)
    _fill(lab, found)
    version = TOOLS["kube-apiserver"].version
    how = f"scraped from the control plane {version} of one machine, with objects of every kind and nodes of kwok"
    for part in _PARTS:
        ignore = "" if part == "kube-apiserver" else _LINKED
        yield Scraped(contract=part, version=version, how=how, components={None: found.page(part)}, ignore=ignore)
    etcd = TOOLS["etcd"].version
    yield Scraped(
        contract="etcd",
        version=etcd,
        how=f"scraped from etcd {etcd}, one member, behind the API server {version}",
        components={None: lab.scrape(lab.url("etcd", "/metrics"))},
    )
    version = TOOLS["kube-state-metrics"].version
    yield Scraped(
        contract="kube-state-metrics",
        version=version,
        how=f"scraped from kube-state-metrics {version} at that control plane, every collector on",
        components={None: _state(lab, found)},
        sometimes=_SOMETIMES,
    )


def _state(lab: Lab, found: cluster.Cluster) -> dict[str, Family]:
    flags = ["--host=127.0.0.1", f"--port={lab.port('ksm')}", "--telemetry-host=127.0.0.1"]
    flags += [f"--telemetry-port={lab.port('ksm-self')}", f"--kubeconfig={found.plane.kubeconfig}"]
    flags += [f"--resources={_RESOURCES.replace(' ', ',')}"]
    lab.start("kube-state-metrics", [find("kube-state-metrics"), *flags], ready=lab.url("ksm", "/healthz"))
    awaited = ("kube_pod_info", "kube_job_failed", "kube_storageclass_info", "kube_lease_renew_time")
    lab.until(lambda: set(awaited) <= {*lab.scrape(lab.url("ksm", "/metrics"))}, "it has seen the objects", 60)
    return lab.scrape(lab.url("ksm", "/metrics"))


def _fill(lab: Lab, found: cluster.Cluster) -> None:
    """Objects, pods that run, have ended, fail or cannot be placed, and what is being deleted."""
    wanted = cluster.objects(_OBJECTS)
    found.apply(o for o in wanted if o["kind"] in ("Namespace", "Node"))
    for node in (o for o in wanted if o["kind"] == "Node"):
        found.kube.patch_status(f"/api/v1/nodes/{node['metadata']['name']}", _NODE)
    account = "/api/v1/namespaces/shop/serviceaccounts/default"
    lab.until(lambda: found.kube.get(account) is not None, "the namespace has its account", 60)
    found.apply(o for o in wanted if o["kind"] not in ("Namespace", "Node"))
    lab.until(lambda: len(_running(found)) >= len(("web", "web", "store", "good", "bad", "old")), "pods run", 90)
    for pod in _running(found):
        if status := _END.get(pod["metadata"]["labels"]["app"]):
            found.kube.patch_status(f"{_PODS}/{pod['metadata']['name']}", status)
    _leave(found)
    lab.until(lambda: _job(found, "good") == "Complete" and _job(found, "bad") == "Failed", "jobs end", 120)


def _running(found: cluster.Cluster) -> list[dict[str, Any]]:
    return [pod for pod in found.kube.items(_PODS) if pod["status"].get("phase") == "Running"]


def _job(found: cluster.Cluster, name: str) -> str:
    job = found.kube.get(f"/apis/batch/v1/namespaces/shop/jobs/{name}") or {}
    conditions = job.get("status", {}).get("conditions", ())
    return next((c["type"] for c in conditions if c["type"] in ("Complete", "Failed") and c["status"] == "True"), "")


def _leave(found: cluster.Cluster) -> None:
    for kind, (api_version, spec) in _LEAVING.items():
        metadata = {"name": "leaving", "namespace": "shop", "finalizers": [_KEEPS]}
        found.kube.apply({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec})
        found.kube.delete(api_version, kind, "shop", "leaving")
    big = {"name": "big", "image": "registry.example/big:1", "resources": {"limits": {"cpu": "4000"}}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "nowhere", "namespace": "shop"}}
    found.kube.apply({**pod, "spec": {"containers": [big]}})
    refused = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "refused", "namespace": "shop"}}
    try:
        found.kube.apply(refused)
    except LocalError:
        return
    raise AssertionError("the policy of the objects refuses nothing")


def _container(name: str, **state: Any) -> dict[str, Any]:
    image = {"image": f"registry.example/{name}:1", "imageID": "sha256:1", "containerID": "containerd://1"}
    return {"name": name, "ready": False, "restartCount": 3, **image, **state}


_ROOM = {"cpu": "8", "memory": "16Gi", "pods": "110", "ephemeral-storage": "100Gi"}
# What a kubelet says of its node; kwok keeps what it finds.
_NODE = {
    "capacity": _ROOM,
    "allocatable": _ROOM,
    "addresses": [{"type": "InternalIP", "address": "192.0.2.10"}],
    "nodeInfo": {"kubeletVersion": "v1.36.4", "kernelVersion": "6.1", "osImage": "Debian", "systemUUID": "1"},
}
_OVER = {"exitCode": 137, "reason": "OOMKilled", "startedAt": _TIME, "finishedAt": _TIME}
# App -> what becomes of its pod, in the place of a kubelet.
_END: dict[str, dict[str, Any]] = {
    "good": {
        "phase": "Succeeded",
        "containerStatuses": [_container("job", state={"terminated": {**_OVER, "exitCode": 0, "reason": "Completed"}})],
    },
    "bad": {"phase": "Failed", "containerStatuses": [_container("job", state={"terminated": _OVER})]},
    "old": {
        "containerStatuses": [
            _container("old", state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState={"terminated": _OVER})
        ]
    },
}
