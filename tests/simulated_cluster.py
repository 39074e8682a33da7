"""The simulated platform's pods without an API server: what its controllers and kwok would make of the objects."""

from __future__ import annotations

from itertools import count
from typing import Any

from obs.simulate.cluster import Cluster, cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.exporters import SYSTEMS as SIMULATED
from obs.simulate.platform import objects

SYSTEMS = tuple(sorted(SIMULATED))
_STACK = "kube-prometheus-stack"
_TIERS = ("otel-gateway", "otel-sampler")


def simulated_cluster() -> Cluster:
    """Pods of every simulated system and of the stack, each with an address; the names end as controllers end them."""
    made = objects(SYSTEMS)
    nodes = [o for o in made if o["kind"] == "Node"]
    names = [n["metadata"]["name"] for n in nodes]
    pods = [pod for o in (*made, *_chart(names)) for pod in _pods(o)]
    addresses = count(1)
    for number, pod in enumerate(pods):
        node = pod["spec"].setdefault("nodeName", names[number % len(names)])
        ip = next(n["status"]["addresses"][0]["address"] for n in nodes if n["metadata"]["name"] == node)
        pod["metadata"].setdefault("uid", f"uid-{number}")
        address = ip if pod["spec"].get("hostNetwork") else f"10.244.0.{next(addresses)}"
        pod["status"] = {"phase": "Running", "podIP": address}
    return cluster(pods, nodes)


def targets(exporter: Exporter, there: Cluster) -> list[Target]:
    everyone: tuple[Target, ...] = (*there.pods, *there.nodes)
    return [target for target in everyone if exporter.answers_for(target)]


def _pods(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    if manifest["kind"] == "Pod":
        return [manifest]
    if manifest["kind"] not in ("Deployment", "StatefulSet"):
        return []
    meta, template = manifest["metadata"], manifest["spec"]["template"]
    stateful = manifest["kind"] == "StatefulSet"
    owner = meta["name"] if stateful else f"{meta['name']}-6b7f9c5d4"
    return [
        {
            "metadata": {
                "namespace": meta["namespace"],
                "name": f"{owner}-{number if stateful else f'x{number}k2p'}",
                "labels": template["metadata"]["labels"],
                "ownerReferences": [{"kind": "StatefulSet" if stateful else "ReplicaSet", "name": owner}],
            },
            "spec": dict(template["spec"]),
        }
        for number in range(manifest["spec"]["replicas"])
    ]


def _chart(nodes: list[str]) -> list[dict[str, Any]]:
    """What kube-prometheus-stack brings, as far as it is scraped."""
    exporter = {"app.kubernetes.io/name": "prometheus-node-exporter"}
    agents = [
        _pod("monitoring-agents", f"{_STACK}-node-exporter-{node}", exporter, {"node-exporter": 9100}, nodeName=node,
             hostNetwork=True)
        for node in nodes
    ]  # fmt: skip
    claim = {"volumes": [{"name": "db", "persistentVolumeClaim": {"claimName": "prometheus-db"}}]}
    return [
        *agents,
        _pod("monitoring", f"{_STACK}-ksm", {"app.kubernetes.io/name": "kube-state-metrics"}, {"ksm": 8080}),
        *(_pod("monitoring", name, labels, ports) for name, labels, ports in (*_PARTS, *_EXPORTERS)),
        _pod("monitoring", f"prometheus-{_STACK}-0", {**_OPERATED, _NAME: "prometheus"}, _PROMETHEUS, **claim),
    ]


_NAME, _COMPONENT, _INSTANCE = (f"app.kubernetes.io/{word}" for word in ("name", "component", "instance"))
_OPERATED = {"app.kubernetes.io/managed-by": "prometheus-operator"}
_PROMETHEUS = {"prometheus": 9090, "config-reloader": 8080, "thanos-sidecar": 10902}
# As stack local has them: name of the pod, labels, containers.
_PARTS: tuple[tuple[str, dict[str, str], dict[str, int]], ...] = (
    (f"{_STACK}-grafana", {_NAME: "grafana", _INSTANCE: _STACK}, {"grafana": 3000}),
    (
        f"{_STACK}-operator",
        {"app": f"{_STACK}-operator", _COMPONENT: "prometheus-operator"},
        {"kube-prometheus-stack": 8080},
    ),
    (
        f"alertmanager-{_STACK}-0",
        {**_OPERATED, _NAME: "alertmanager"},
        {"alertmanager": 9093, "config-reloader": 8080},
    ),
    (f"thanos-ruler-{_STACK}-0", {**_OPERATED, _NAME: "thanos-ruler"}, {"thanos-ruler": 10902}),
    *(
        (f"thanos-{name}", {_NAME: "thanos", _COMPONENT: name}, {f"thanos-{name}": 10902})
        for name in ("query", "query-frontend", "store-gateway", "compact")
    ),
    ("loki-0", {_NAME: "loki", _COMPONENT: "single-binary"}, {"loki": 3100}),
    ("tempo-0", {_NAME: "tempo", _INSTANCE: "tempo"}, {"tempo": 3200}),
    ("alloy-x", {_NAME: "alloy", _INSTANCE: "alloy"}, {"alloy": 12345}),
    *((name, {_NAME: "opentelemetry-collector", _INSTANCE: name}, {"c": 8888}) for name in _TIERS),
)
# Exporters of the stack: release, name in the labels, port.
_EXPORTERS: tuple[tuple[str, dict[str, str], dict[str, int]], ...] = tuple(
    (release, {_NAME: name, _INSTANCE: release}, {"exporter": port})
    for release, name, port in (
        ("redis-exporter-cache", "prometheus-redis-exporter", 9121),
        ("oracle-exporter-metastore", "oracle-exporter", 9161),
        ("iceberg-exporter-lake", "iceberg-exporter", 8000),
        ("isilon-exporter-archive", "isilon-exporter", 8000),
        ("bitbucket-exporter-main", "bitbucket-exporter", 8000),
        ("statsd-exporter", "prometheus-statsd-exporter", 9102),
    )
)


def _pod(namespace: str, name: str, labels: dict[str, str], containers: dict[str, int], **spec: Any) -> dict[str, Any]:
    made = [{"name": n, "image": n, "ports": [{"containerPort": p}]} for n, p in containers.items()]
    return {
        "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "labels": labels},
        "spec": {"containers": made, **spec},
    }
