"""wiring/selector, wiring/target-port, wiring/monitor, wiring/unselected: what is meant to be found is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obs.check.finding import Finding
from obs.check.rendered import Item, entries, mapping
from obs.check.wiring.labels import selects, shown, shown_selector
from obs.check.wiring.pods import Pods
from obs.check.wiring.services import Service, ServicePort
from obs.check.wiring.stack import Stack

# Kind of what a server loads -> the fields of its spec that select, and the servers that load it.
LOADED = {
    "ServiceMonitor": ("serviceMonitor", ("Prometheus",)),
    "PodMonitor": ("podMonitor", ("Prometheus",)),
    "Probe": ("probe", ("Prometheus",)),
    "ScrapeConfig": ("scrapeConfig", ("Prometheus",)),
    "PrometheusRule": ("rule", ("Prometheus", "ThanosRuler")),
}


def check_services(stack: Stack) -> Iterator[Finding]:
    """Each Service of the stack's own namespaces leads to pods, and its named target ports to containers' ports."""
    for service in stack.services.values():
        if service.open or service.namespace not in stack.own:
            continue
        if not service.behind:
            message = f"selects {shown(service.selector)}, which no pod of the stack in that namespace has"
            yield service.item.finding("wiring/selector", message)
            continue
        for port in service.ports:
            if not service.targets(port):
                yield _no_target(service, port)


def _no_target(service: Service, port: ServicePort) -> Finding:
    names = sorted({p.name for pods in service.behind for p in pods.ports if p.name})
    behind = ", ".join(pods.item.subject for pods in service.behind)
    message = f"port {port.name or port.number} leads to container port {port.target} ({port.protocol}) of {behind}"
    return service.item.finding("wiring/target-port", f"{message}, which has: {', '.join(names) or 'no named port'}")


def namespaces_of(monitor: Item, stack: Stack) -> tuple[set[str], bool]:
    """(the stack's own namespaces in which a monitor looks, whether it looks only there)"""
    selector = mapping(monitor.spec.get("namespaceSelector"))
    if selector.get("any"):
        return set(stack.own), False
    names = set(selector.get("matchNames") or [monitor.namespace])
    return names & set(stack.own), names <= set(stack.own)


def services_of(monitor: Item, stack: Stack) -> list[Service]:
    """The Services that a ServiceMonitor selects in the stack's own namespaces."""
    names, _ = namespaces_of(monitor, stack)
    selector = mapping(monitor.spec.get("selector"))
    return [s for s in stack.services.values() if s.namespace in names and selects(selector, s.labels)]


def pods_of(monitor: Item, stack: Stack) -> list[Pods]:
    """The pods that a PodMonitor selects in the stack's own namespaces."""
    names, _ = namespaces_of(monitor, stack)
    selector = mapping(monitor.spec.get("selector"))
    return [p for p in stack.pods if p.namespace in names and selects(selector, p.labels)]


def check_monitors(stack: Stack) -> Iterator[Finding]:
    """Monitors that look only into the stack's own namespaces; what others hold cannot be known."""
    for monitor in stack.rendered.of("ServiceMonitor"):
        services = services_of(monitor, stack)
        if not services:
            yield from _nothing(monitor, stack, "Service")
            continue
        for endpoint in entries(monitor.spec.get("endpoints")):
            if not any(_offers(service, endpoint) for service in services):
                has = "; ".join(f"{s.name} has {', '.join(_names(s))}" for s in services)
                message = f"{_endpoint(endpoint)} is on no Service that it selects: {has}"
                yield monitor.finding("wiring/monitor", message)
    for monitor in stack.rendered.of("PodMonitor"):
        pods = pods_of(monitor, stack)
        if not pods:
            yield from _nothing(monitor, stack, "pod")
            continue
        for endpoint in entries(monitor.spec.get("podMetricsEndpoints")):
            if not any(pod_targets(endpoint, one) for one in pods):
                has = "; ".join(f"{p.item.name} has {', '.join(q.name for q in p.ports if q.name)}" for p in pods)
                yield monitor.finding("wiring/monitor", f"{_endpoint(endpoint)} is on no pod that it selects: {has}")


def _offers(service: Service, endpoint: Mapping[str, Any]) -> bool:
    if (port := endpoint.get("port")) is not None:
        return any(p.name == port for p in service.ports)
    return service.open or any(endpoint_targets(endpoint, service, pods) for pods in service.behind)


def endpoint_targets(endpoint: Mapping[str, Any], service: Service, pods: Pods) -> set[int]:
    """The container ports that an endpoint of a ServiceMonitor scrapes at some of a Service's pods."""
    if (target := endpoint.get("targetPort")) is not None and endpoint.get("port") is None:
        return pods.declared(target)
    # An endpoint without any port takes all of them (operator, generateServiceMonitorConfig).
    ports = (p for p in service.ports if endpoint.get("port") in (None, p.name))
    return {number for p in ports for number in pods.numbers(p.target, p.protocol)}


def pod_targets(endpoint: Mapping[str, Any], pods: Pods) -> set[int]:
    """The container ports that an endpoint of a PodMonitor scrapes; without any port, all of them."""
    for field in ("port", "portNumber", "targetPort"):
        if (port := endpoint.get(field)) is not None:
            return pods.declared(port)
    return {p.number for p in pods.ports}


def _names(service: Service) -> list[str]:
    return [p.name for p in service.ports if p.name] or ["no named port"]


def _endpoint(endpoint: Mapping[str, Any]) -> str:
    field = next((f for f in ("port", "portNumber", "targetPort") if endpoint.get(f) is not None), None)
    return f"{field} {endpoint[field]}" if field else "an endpoint without port"


def _nothing(monitor: Item, stack: Stack, what: str) -> Iterator[Finding]:
    names, only = namespaces_of(monitor, stack)
    if only:
        selector = shown_selector(mapping(monitor.spec.get("selector")))
        message = f"selects {selector} in {', '.join(sorted(names))}, which no {what} there has"
        yield monitor.finding("wiring/monitor", message)


def check_loaded(stack: Stack) -> Iterator[Finding]:
    """Each monitor and rule of the stack is taken by one of its servers; they pass over others without a word."""
    for kind, (field, kinds) in LOADED.items():
        servers = stack.rendered.of(*kinds)
        for item in stack.rendered.of(kind):
            if servers and not takers(item, stack):
                asked = "; ".join(f"{s.subject} takes {_wanted(s, field)}" for s in servers)
                yield item.finding("wiring/unselected", f"no server of the stack loads it: {asked}")


def takers(item: Item, stack: Stack) -> list[Item]:
    """The servers of the stack that load a monitor or a rule."""
    field, kinds = LOADED[item.kind]
    return [server for server in stack.rendered.of(*kinds) if _takes(server, field, item, stack)]


def _takes(server: Item, field: str, item: Item, stack: Stack) -> bool:
    # An absent selector selects nothing, an absent namespaceSelector the server's own namespace.
    if not selects(server.spec.get(f"{field}Selector"), item.labels):
        return False
    namespaces = server.spec.get(f"{field}NamespaceSelector")
    if namespaces is None:
        return server.namespace == item.namespace
    return namespaces == {} or selects(namespaces, stack.rendered.namespaces.get(item.namespace, {}))


def _wanted(server: Item, field: str) -> str:
    selector = server.spec.get(f"{field}Selector")
    if selector is None:
        return "none"
    namespaces = server.spec.get(f"{field}NamespaceSelector")
    where = server.namespace if namespaces is None else shown_selector(mapping(namespaces))
    return f"{shown_selector(selector)} (namespaces: {where})"
