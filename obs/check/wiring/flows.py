"""Who calls whom in a stack, as far as its objects tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from obs.check.rendered import Item, entries
from obs.check.wiring.pods import Pods, containers
from obs.check.wiring.selectors import LOADED, endpoint_targets, pod_targets, pods_of, services_of, takers
from obs.check.wiring.services import Service, ServicePort
from obs.check.wiring.stack import Stack
from obs.check.wiring.texts import Mention

# Containers that read ConfigMaps by label (the sidecar of the Grafana and Loki charts) say which by these variables.
_SIDECAR_LABEL, _SIDECAR_VALUE = "LABEL", "LABEL_VALUE"


@dataclass(frozen=True)
class Flow:
    """``source`` connects to ``target`` at one of the container ports ``numbers``; ``why`` says how that is known."""

    source: Pods
    target: Pods
    numbers: frozenset[int]
    protocol: str
    why: str


def flows(stack: Stack) -> Iterator[Flow]:
    for mention in stack.mentions:
        service = stack.services.get((mention.address.namespace, mention.address.service))
        if service is not None and not mention.address.link:
            for source in _users(mention, stack):
                yield from _to_service(source, service, mention)
    for monitor in stack.rendered.of("ServiceMonitor", "PodMonitor"):
        for source in _pods_of(takers(monitor, stack), stack):
            for target, numbers in _scraped(monitor, stack):
                if numbers:
                    yield Flow(source, target, frozenset(numbers), "TCP", f"{monitor.subject} has it scraped")


def _to_service(source: Pods, service: Service, mention: Mention) -> Iterator[Flow]:
    address = mention.address
    ports = [p for p in service.ports if p.protocol == address.protocol and _is_meant(p, service, mention)]
    for target in service.behind:
        if address.pod and address.pod.rpartition("-")[0] not in target.sets:
            continue
        numbers = {n for p in ports for n in target.numbers(p.target, p.protocol)}
        if numbers:
            why = f"{mention.item.subject}, {mention.place} names {address.text}"
            yield Flow(source, target, frozenset(numbers), address.protocol, why)


def _is_meant(port: ServicePort, service: Service, mention: Mention) -> bool:
    wanted = mention.address.port
    if isinstance(wanted, str):
        return port.name == wanted
    if mention.address.pod:
        return wanted is None or wanted in service.targets(port)
    return wanted is None or port in service.reached(wanted)


def _users(mention: Mention, stack: Stack) -> list[Pods]:
    """The pods that call an address which an object holds."""
    item = mention.item
    if item.kind in LOADED:
        # The targets of a Probe are called by the prober that it names.
        return [] if mention.place.startswith("targets") else _pods_of(takers(item, stack), stack)
    if item.kind in ("ConfigMap", "Secret"):
        named = [
            r.item
            for r in stack.references
            if (r.kind, r.item.namespace, r.name) == (item.kind, item.namespace, item.name)
            and r.key in (None, mention.place)
        ]
        return [p for p in stack.pods if p.item in named or _reads_by_label(p, item)]
    return _pods_of([item], stack)


def _pods_of(items: list[Item], stack: Stack) -> list[Pods]:
    return [pods for pods in stack.pods if pods.item in items]


def _reads_by_label(pods: Pods, item: Item) -> bool:
    for container in containers(pods.spec):
        given = {str(v.get("name")): str(v.get("value") or "") for v in entries(container.get("env"))}
        label, value = given.get(_SIDECAR_LABEL, ""), given.get(_SIDECAR_VALUE, "")
        if label in item.labels and value in ("", item.labels[label]):
            return True
    return False


def _scraped(monitor: Item, stack: Stack) -> Iterator[tuple[Pods, set[int]]]:
    """(pods, container ports) of every target of a monitor in the stack's own namespaces."""
    if monitor.kind == "ServiceMonitor":
        for service in services_of(monitor, stack):
            for endpoint in entries(monitor.spec.get("endpoints")):
                yield from ((pods, endpoint_targets(endpoint, service, pods)) for pods in service.behind)
    else:
        for pods in pods_of(monitor, stack):
            for endpoint in entries(monitor.spec.get("podMetricsEndpoints")):
                yield pods, pod_targets(endpoint, pods)
