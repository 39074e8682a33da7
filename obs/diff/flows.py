"""Who may call whom by the NetworkPolicies of one side, so that two sides can be compared."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs.check.rendered import Item, Rendered, entries, mapping

ANYONE, CLUSTER = "anyone", "every pod of the cluster"
_WIDE = {4: 8, 6: 32}
"""Prefix of the blocks that stand for everyone: a whole 10.0.0.0/8 is a house's network with all that is in it, and an
IPv6 /32 what a provider is given for all its customers."""
_LAST = 65535


@dataclass(frozen=True, order=True)
class Ports:
    """``first`` to ``last`` of a protocol; a named port has its name. Without a protocol it is every port of all."""

    protocol: str = ""
    first: int = 0
    last: int = _LAST
    name: str = ""

    def covers(self, other: Ports) -> bool:
        if not self.protocol:
            return True
        inside = self.first <= other.first and other.last <= self.last
        return self.protocol == other.protocol and self.name in ("", other.name) and (inside or bool(self.name))

    def __str__(self) -> str:
        if not self.protocol:
            return "any port"
        span = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        text = self.name or ("any port" if (self.first, self.last) == (0, _LAST) else span)
        return text if self.protocol == "TCP" else f"{text}/{self.protocol}"


@dataclass(frozen=True, order=True)
class Peer:
    """Pods in words, or a block of addresses without some in it."""

    words: str
    block: str = ""
    without: tuple[str, ...] = ()

    @property
    def everyone(self) -> bool:
        if not self.block:
            return self.words in (ANYONE, CLUSTER)
        network = _network(self.block)
        return network is not None and network.prefixlen <= _WIDE[network.version]

    def covers(self, other: Peer) -> bool:
        if self == other or self.words == ANYONE:
            return True
        if self.block and other.block:
            return _inside(other.block, self.block) and all(_spared(one, other) for one in self.without)
        return self.words == CLUSTER and not other.block and other.words != ANYONE

    def __str__(self) -> str:
        return f"{self.words} except {', '.join(self.without)}" if self.without else self.words


@dataclass(frozen=True, order=True)
class Flow:
    """``pods`` are those that the policy is about, ``direction`` is ingress or egress."""

    namespace: str
    pods: str
    direction: str
    peer: Peer
    ports: Ports

    def covers(self, other: Flow) -> bool:
        same = (self.namespace, self.pods, self.direction) == (other.namespace, other.pods, other.direction)
        return same and self.peer.covers(other.peer) and self.ports.covers(other.ports)


def flows(rendered: Rendered) -> set[Flow]:
    return {flow for item in rendered.of("NetworkPolicy") for flow in _of(item)}


def _of(item: Item) -> Iterator[Flow]:
    pods = selector(item.spec.get("podSelector"))
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for rule in entries(item.spec.get(direction)):
            peers = [_peer(peer) for peer in entries(rule.get(side))] or [Peer(ANYONE)]
            ports = [_ports(port) for port in entries(rule.get("ports"))] or [Ports()]
            yield from (Flow(item.namespace, pods, direction, peer, port) for peer in peers for port in ports)


def selector(given: Any) -> str:
    """Labels of pods or namespaces, in words; empty for all."""
    labels = mapping(mapping(given).get("matchLabels"))
    more = mapping(given).get("matchExpressions")
    return ", ".join([*(f"{k}={v}" for k, v in sorted(labels.items())), *([json.dumps(more)] if more else [])])


def _peer(peer: Mapping[str, Any]) -> Peer:
    if "ipBlock" in peer:
        block = mapping(peer["ipBlock"])
        cidr = str(block.get("cidr"))
        return Peer(cidr, cidr, tuple(sorted(map(str, block.get("except") or ()))))
    if "podSelector" not in peer and not selector(peer.get("namespaceSelector")):
        return Peer(CLUSTER)
    parts = []
    if "podSelector" in peer:
        parts.append(f"pods {selector(peer['podSelector']) or 'all'}")
    if "namespaceSelector" in peer:
        parts.append(f"namespaces {selector(peer['namespaceSelector']) or 'all'}")
    return Peer(" of ".join(parts))


def _ports(port: Mapping[str, Any]) -> Ports:
    protocol, number = str(port.get("protocol", "TCP")), port.get("port")
    if number is None:
        return Ports(protocol)
    if not isinstance(number, int):
        return Ports(protocol, name=str(number))
    return Ports(protocol, number, int(port.get("endPort") or number))


def _network(block: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(block, strict=False)
    except ValueError:
        return None


def _inside(block: str, wider: str) -> bool:
    one, other = _network(block), _network(wider)
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return one.subnet_of(other)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return one.subnet_of(other)
    return False


def _spared(hole: str, peer: Peer) -> bool:
    """Whether a peer leaves a hole alone, too: its block lies elsewhere, or it has the hole itself."""
    one, other = _network(hole), _network(peer.block)
    apart = one is None or other is None or one.version != other.version or not one.overlaps(other)
    return apart or any(_inside(hole, own) for own in peer.without)
