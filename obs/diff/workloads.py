"""What runs: replicas, requests, volumes and images of everything that makes pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from model.quantity import quantity
from obs.check.rendered import Item, Rendered, dig, entries, mapping
from obs.check.security.operated import OPERATED, pod_spec

MADE = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", *OPERATED)


@dataclass(frozen=True)
class Workload:
    """``pods`` is their number (of a DaemonSet one for each node, counted as 1); ``volumes`` name -> size of each."""

    subject: str
    kind: str
    pods: int
    requests: Mapping[str, Mapping[str, str]]
    limits: Mapping[str, Mapping[str, str]]
    volumes: Mapping[str, str]
    images: Mapping[str, str]

    def total(self, resource: str) -> Decimal:
        """What all pods request: cores, or bytes."""
        return self.pods * sum((_amount(given.get(resource)) for given in self.requests.values()), Decimal(0))

    @property
    def storage(self) -> Decimal:
        """Bytes of all volumes."""
        return self.pods * sum((_amount(size) for size in self.volumes.values()), Decimal(0))


def workloads(rendered: Rendered) -> dict[str, Workload]:
    """Subject -> workload, and each claim that stands by itself."""
    found = {item.subject: _workload(item, rendered) for item in rendered.of(*MADE)}
    for item in rendered.of("PersistentVolumeClaim"):
        size = str(dig(item.spec, "resources", "requests", "storage") or "")
        found[item.subject] = Workload(item.subject, item.kind, 1, {}, {}, {item.name: size}, {})
    return found


def _workload(item: Item, rendered: Rendered) -> Workload:
    spec = item.spec
    operated = item.kind in OPERATED
    pod = pod_spec(item, rendered) if operated else template(item)
    containers = list(_containers(pod))
    replicas = 1 if item.kind == "DaemonSet" else int(spec.get("replicas", 1))
    images = {name: str(c.get("image") or "") for name, c in containers if c.get("image")}
    if operated and spec.get("image"):
        images = {item.kind.lower(): str(spec["image"]), **images}
    return Workload(
        subject=item.subject,
        kind=item.kind,
        pods=replicas * int(spec.get("shards") or 1),
        requests={name: mapping(dig(c, "resources", "requests")) for name, c in containers},
        limits={name: mapping(dig(c, "resources", "limits")) for name, c in containers},
        volumes=dict(_volumes(item)),
        images=images,
    )


def template(item: Item) -> Mapping[str, Any]:
    """The spec of the pods."""
    keys = ("jobTemplate", "spec", "template", "spec") if item.kind == "CronJob" else ("template", "spec")
    return mapping(dig(item.spec, *keys))


def _containers(pod: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    # Init containers are gone when the pod runs: what they request counts only where it is more.
    return ((str(container.get("name")), container) for container in entries(pod.get("containers")))


def _volumes(item: Item) -> Iterator[tuple[str, str]]:
    for claim in entries(item.spec.get("volumeClaimTemplates")):
        yield str(dig(claim, "metadata", "name")), str(dig(claim, "spec", "resources", "requests", "storage") or "")
    own = dig(item.spec, "storage", "volumeClaimTemplate", "spec", "resources", "requests", "storage")
    if own:
        yield "storage", str(own)


def _amount(text: Any) -> Decimal:
    try:
        return quantity(str(text)) if text else Decimal(0)
    except ValueError:
        return Decimal(0)
