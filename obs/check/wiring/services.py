"""The Services of a stack, and where their ports lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs.check.rendered import Item, Rendered, entries, mapping
from obs.check.wiring.labels import selects
from obs.check.wiring.pods import OPERATED, Operated, Pods, web_port

Key = tuple[str, str]
"""(namespace, name)"""


@dataclass(frozen=True)
class ServicePort:
    """``target`` is the container's port, by number or by name."""

    name: str
    number: int
    target: int | str
    protocol: str = "TCP"


@dataclass(frozen=True, eq=False)
class Service:
    """``behind`` are the pods that it leads to. ``item`` is the Service, or the resource for which the operator
    makes it. Without ``selector`` its endpoints are somebody else's business (``open``)."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    selector: Mapping[str, str]
    ports: tuple[ServicePort, ...]
    headless: bool
    item: Item
    behind: tuple[Pods, ...]

    @property
    def open(self) -> bool:
        return not self.selector

    def targets(self, port: ServicePort) -> set[int]:
        """Container ports that a port of it leads to."""
        return {number for pods in self.behind for number in pods.numbers(port.target, port.protocol)}

    def reached(self, number: int) -> list[ServicePort]:
        """Its ports that answer at a number: without a virtual address, clients reach the container's own."""
        return [p for p in self.ports if number in (self.targets(p) if self.headless else {p.number})]

    def shown_ports(self) -> str:
        """What it can be reached at, for a message."""
        if not self.headless or self.open:
            return ", ".join(f"{p.number} ({p.name})" if p.name else str(p.number) for p in self.ports) or "none"
        numbers = {number: p.name for p in self.ports for number in self.targets(p)}
        return ", ".join(f"{n} ({name})" if name else str(n) for n, name in sorted(numbers.items())) or "none"


def services(rendered: Rendered, pods: list[Pods]) -> dict[Key, Service]:
    """Every Service that is rendered or that the operator makes for a rendered resource."""
    operated = (_operated(item, how, pods) for kind, how in OPERATED.items() for item in rendered.of(kind))
    found = {(s.namespace, s.name): s for s in operated if s is not None}
    return found | {(s.namespace, s.name): s for s in (_service(item, pods) for item in rendered.of("Service"))}


def _service(item: Item, pods: list[Pods]) -> Service:
    selector = mapping(item.spec.get("selector"))
    return Service(
        namespace=item.namespace,
        name=item.name,
        labels=item.labels,
        selector=selector,
        ports=tuple(_ports(item.spec)),
        headless=item.spec.get("clusterIP") == "None",
        item=item,
        behind=_behind(item.namespace, selector, pods),
    )


def _ports(spec: Mapping[str, Any]) -> Iterator[ServicePort]:
    for port in entries(spec.get("ports")):
        number, target = port["port"], port.get("targetPort")
        yield ServicePort(
            str(port.get("name") or ""),
            number,
            number if target is None else int(target) if str(target).isdigit() else target,
            str(port.get("protocol") or "TCP"),
        )


def _operated(item: Item, how: Operated, pods: list[Pods]) -> Service | None:
    """The governing Service of a resource; None where the resource names one that must be there already."""
    if item.spec.get("serviceName"):
        return None
    own = next(p for p in pods if p.item is item)
    served = {**how.served, **({"grpc": "grpc"} if item.spec.get("thanos") is not None else {})}
    ports = [ServicePort(web_port(item), how.web, web_port(item))]
    for name, target in served.items():
        port = next(p for p in own.ports if p.name == target)
        ports.append(ServicePort(name, port.number, target, port.protocol))
    selector = {"app.kubernetes.io/name": how.app}
    return Service(
        namespace=item.namespace,
        name=how.service,
        labels={f"operated-{how.app}": "true", "app.kubernetes.io/managed-by": "prometheus-operator"},
        selector=selector,
        ports=tuple(ports),
        headless=True,
        item=item,
        behind=_behind(item.namespace, selector, pods),
    )


def _behind(namespace: str, selector: Mapping[str, str], pods: list[Pods]) -> tuple[Pods, ...]:
    if not selector:
        return ()
    return tuple(p for p in pods if p.namespace == namespace and selects({"matchLabels": selector}, p.labels))
