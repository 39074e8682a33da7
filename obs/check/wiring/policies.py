"""wiring/network-policy: every call that the stack's own objects tell of is let out and let in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from obs.check.finding import Finding
from obs.check.rendered import Item, entries, mapping
from obs.check.wiring.flows import Flow, flows
from obs.check.wiring.labels import selects
from obs.check.wiring.pods import Pods
from obs.check.wiring.stack import Stack

Direction = Literal["Ingress", "Egress"]
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def check_policies(stack: Stack) -> Iterator[Finding]:
    policies = [item for item in stack.rendered.of("NetworkPolicy") if item.namespace in stack.own]
    if not policies:
        return
    # One pair of pods is often known from several objects; it is let through, or not, once.
    said: set[tuple[Pods, Pods, frozenset[int], str]] = set()
    for flow in flows(stack):
        identity = (flow.source, flow.target, flow.numbers, flow.protocol)
        if identity in said or _is_exempt(flow):
            continue
        said.add(identity)
        for direction in ("Egress", "Ingress"):
            here = flow.source if direction == "Egress" else flow.target
            selecting = [p for p in policies if _selects(p, here, direction)]
            if selecting and not any(_allows(p, flow, direction, stack) for p in selecting):
                yield _blocked(flow, direction, selecting)


def _is_exempt(flow: Flow) -> bool:
    """What no policy is about: the nodes' own network, and one pod that calls itself."""
    on_nodes = flow.source.on_host_network or flow.target.on_host_network
    return on_nodes or (flow.source is flow.target and flow.source.alone)


def _selects(policy: Item, pods: Pods, direction: Direction) -> bool:
    types = policy.spec.get("policyTypes") or ["Ingress", *(["Egress"] if policy.spec.get("egress") else [])]
    selector = mapping(policy.spec.get("podSelector"))
    return direction in types and policy.namespace == pods.namespace and selects(selector, pods.labels)


def _allows(policy: Item, flow: Flow, direction: Direction, stack: Stack) -> bool:
    field, other = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    far = flow.target if direction == "Egress" else flow.source
    return any(
        _port_fits(rule, flow) and _peer_fits(entries(rule.get(other)), far, policy, stack)
        for rule in entries(policy.spec.get(field))
    )


def _port_fits(rule: Mapping[str, Any], flow: Flow) -> bool:
    ports = entries(rule.get("ports"))
    return not ports or any(_takes(port, flow) for port in ports)


def _takes(port: Mapping[str, Any], flow: Flow) -> bool:
    """Whether a rule's port (a name, a number, a range, or all) is one of those that are called."""
    first = port.get("port")
    if (port.get("protocol") or "TCP") != flow.protocol:
        return False
    if isinstance(first, str) and not first.isdigit():
        return not flow.numbers.isdisjoint(flow.target.numbers(first, flow.protocol))
    return first is None or any(int(first) <= n <= int(port.get("endPort") or first) for n in flow.numbers)


def _peer_fits(peers: list[Mapping[str, Any]], pods: Pods, policy: Item, stack: Stack) -> bool:
    return not peers or any(_is_peer(peer, pods, policy, stack) for peer in peers)


def _is_peer(peer: Mapping[str, Any], pods: Pods, policy: Item, stack: Stack) -> bool:
    block = peer.get("ipBlock")
    if block is not None:
        # Addresses of pods are not known before they run; a block of all addresses has them.
        return mapping(block).get("cidr") in _EVERYWHERE and not mapping(block).get("except")
    namespaces = peer.get("namespaceSelector")
    if namespaces is None:
        if pods.namespace != policy.namespace:
            return False
    elif not selects(namespaces, stack.rendered.namespaces.get(pods.namespace, {})):
        return False
    return peer.get("podSelector") is None or selects(peer["podSelector"], pods.labels)


def _blocked(flow: Flow, direction: Direction, selecting: list[Item]) -> Finding:
    numbers = " or ".join(map(str, sorted(flow.numbers)))
    names = ", ".join(policy.name for policy in selecting)
    how = "lets it in" if direction == "Ingress" else "lets it out"
    message = f"{flow.source.item.subject} calls {flow.target.item.subject} at container port {numbers} ({flow.why}), "
    message += f"and no rule of {names} {how}"
    return selecting[0].finding("wiring/network-policy", message)
