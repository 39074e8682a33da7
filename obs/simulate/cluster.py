"""Who is there: pods and nodes, as the API server tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Container:
    name: str
    image: str
    ports: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Pod:
    """``claims`` are the PersistentVolumeClaims that it mounts."""

    namespace: str
    name: str
    uid: str
    ip: str
    node: str
    phase: str = "Running"
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    containers: tuple[Container, ...] = ()
    host_network: bool = False
    owner: tuple[str, str] = ("<none>", "<none>")
    claims: tuple[str, ...] = ()

    @property
    def ports(self) -> frozenset[int]:
        return frozenset().union(*(c.ports for c in self.containers))


@dataclass(frozen=True)
class Node:
    name: str
    ip: str


@dataclass(frozen=True)
class Cluster:
    pods: tuple[Pod, ...] = ()
    nodes: tuple[Node, ...] = ()

    def pods_on(self, node: str) -> tuple[Pod, ...]:
        return tuple(pod for pod in self.pods if pod.node == node)


def cluster(pods: Iterable[Manifest], nodes: Iterable[Manifest]) -> Cluster:
    """The cluster from the items of /api/v1/pods and /api/v1/nodes. Pods on their way out are left out."""
    there = [p for p in pods if "deletionTimestamp" not in p["metadata"]]
    return Cluster(
        tuple(sorted((_pod(p) for p in there), key=lambda p: (p.namespace, p.name))),
        tuple(sorted((_node(n) for n in nodes), key=lambda n: n.name)),
    )


def _pod(manifest: Manifest) -> Pod:
    metadata, spec, status = manifest["metadata"], manifest["spec"], manifest.get("status") or {}
    owner = next(iter(metadata.get("ownerReferences") or ()), None)
    claims = (v.get("persistentVolumeClaim") for v in spec.get("volumes") or ())
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        ip=status.get("podIP", ""),
        node=spec.get("nodeName", ""),
        phase=status.get("phase", "Pending"),
        labels=metadata.get("labels") or {},
        containers=tuple(_container(c) for c in spec["containers"]),
        host_network=bool(spec.get("hostNetwork")),
        owner=(owner["kind"], owner["name"]) if owner else ("<none>", "<none>"),
        claims=tuple(claim["claimName"] for claim in claims if claim),
    )


def _container(manifest: Manifest) -> Container:
    ports = frozenset(port["containerPort"] for port in manifest.get("ports") or ())
    return Container(manifest["name"], manifest.get("image", ""), ports)


def _node(manifest: Manifest) -> Node:
    addresses = (manifest.get("status") or {}).get("addresses") or ()
    ip = next((a["address"] for a in addresses if a["type"] == "InternalIP"), "")
    return Node(manifest["metadata"]["name"], ip)
