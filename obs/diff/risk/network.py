"""network: who may call whom that might not before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from obs.check.rendered import Item, Rendered, entries, mapping
from obs.diff.entry import Entry, Level, listed
from obs.diff.pair import Pair

Flow = tuple[str, str, str, str, str]
"""(namespace, pods, direction, peer, port)"""
_ANYONE, _CLUSTER = "anyone", "every pod of the cluster"


def loosened(pair: Pair) -> Iterator[Entry]:
    for change in pair.of("NetworkPolicy"):
        if change.before is not None and _denies(change.before) and (change.after is None or not _denies(change.after)):
            yield _entry(change.subject, "no longer refuses everything by default", Level.HIGH)
        elif change.before is not None and change.after is None and not _guarded(pair.after.rendered, change.before):
            yield _entry(
                change.subject, "is gone and no other policy selects its pods: anyone may call them", Level.HIGH
            )
    before, after = (_flows(side.rendered) for side in (pair.before, pair.after))
    selected = {(namespace, pods) for namespace, pods, *_ in before}
    for namespace, pods in sorted({(f[0], f[1]) for f in after}):
        new = [f for f in sorted(after - before) if f[:2] == (namespace, pods) and not _covered(f, before)]
        if not new:
            continue
        known = (namespace, pods) in selected
        open_to_all = any(f[3] in (_ANYONE, _CLUSTER) for f in new)
        level = Level.HIGH if open_to_all and known else Level.MEDIUM if known else Level.LOW
        words = "let in now" if known else "are new and let in"
        said = [f"{peer} at {port}" for _, _, _, peer, port in new]
        yield _entry(f"pods {pods or 'all'} of {namespace}", f"{words}: {listed(said, 4)}", level)


def _entry(subject: str, text: str, level: Level) -> Entry:
    return Entry(topic="network", subject=subject, text=text, level=level, why="the NetworkPolicies of both sides")


def _covered(flow: Flow, before: set[Flow]) -> bool:
    return any(
        old[:3] == flow[:3] and old[3] in (flow[3], _ANYONE, _CLUSTER) and old[4] in (flow[4], "any port")
        for old in before
    )


def _denies(item: Item) -> bool:
    """Selects every pod and lets nobody in."""
    return not item.spec.get("podSelector") and not item.spec.get("ingress")


def _guarded(rendered: Rendered, gone: Item) -> bool:
    return any(
        one.namespace == gone.namespace
        and (_denies(one) or one.spec.get("podSelector") == gone.spec.get("podSelector"))
        for one in rendered.of("NetworkPolicy")
    )


def _flows(rendered: Rendered) -> set[Flow]:
    return {flow for item in rendered.of("NetworkPolicy") for flow in _of(item)}


def _of(item: Item) -> Iterator[Flow]:
    pods = _selector(item.spec.get("podSelector"))
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for rule in entries(item.spec.get(direction)):
            peers = [_peer(peer) for peer in entries(rule.get(side))] or [_ANYONE]
            ports = [_port(port) for port in entries(rule.get("ports"))] or ["any port"]
            yield from ((item.namespace, pods, direction, peer, port) for peer in peers for port in ports)


def _selector(given: Any) -> str:
    labels = mapping(mapping(given).get("matchLabels"))
    more = mapping(given).get("matchExpressions")
    return ", ".join([*(f"{k}={v}" for k, v in sorted(labels.items())), *([json.dumps(more)] if more else [])])


def _peer(peer: Mapping[str, Any]) -> str:
    if "ipBlock" in peer:
        return str(mapping(peer["ipBlock"]).get("cidr"))
    if "podSelector" not in peer and not _selector(peer.get("namespaceSelector")):
        return _CLUSTER
    parts = []
    if "podSelector" in peer:
        parts.append(f"pods {_selector(peer['podSelector']) or 'all'}")
    if "namespaceSelector" in peer:
        parts.append(f"namespaces {_selector(peer['namespaceSelector']) or 'all'}")
    return " of ".join(parts)


def _port(port: Mapping[str, Any]) -> str:
    return (
        f"{port.get('port', 'any port')}{'' if port.get('protocol', 'TCP') == 'TCP' else '/' + str(port['protocol'])}"
    )
