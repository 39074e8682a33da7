"""security/network-policy: nothing is open by oversight, and no rule is about pods that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obs.check.finding import Finding
from obs.check.rendered import Item, Rendered, entries, mapping
from obs.check.wiring.labels import selects, shown_selector
from obs.check.wiring.pods import Pods, pods


def check_network_policies(rendered: Rendered) -> Iterator[Finding]:
    """Findings where the stack has network policies at all: a setting switches them off."""
    policies = [p for p in rendered.of("NetworkPolicy") if p.namespace in rendered.namespaces]
    if not policies:
        return
    everyone = pods(rendered)
    for namespace in rendered.of("Namespace"):
        if not any(_denies_all(p) for p in policies if p.namespace == namespace.name):
            yield namespace.finding("security/network-policy", "has no policy that keeps everyone out by default")
    for policy in policies:
        if not any(p.namespace == policy.namespace and _takes(policy.spec, p) for p in everyone):
            message = f"is about pods with {_shown(policy.spec)}, and no pod of {policy.namespace} has these labels"
            yield policy.finding("security/network-policy", message)
        for peer in _own_peers(policy, rendered):
            if not any(_is_peer(peer, policy, p, rendered) for p in everyone):
                message = f"lets in pods with {_shown(peer)}, and no pod of the stack has these labels"
                yield policy.finding("security/network-policy", message)


def _denies_all(policy: Item) -> bool:
    spec = policy.spec
    return not spec.get("podSelector") and "Ingress" in spec.get("policyTypes", ()) and not spec.get("ingress")


def _takes(holder: Mapping[str, Any], one: Pods) -> bool:
    return selects(mapping(holder.get("podSelector")), one.labels)


def _shown(holder: Mapping[str, Any]) -> str:
    return shown_selector(mapping(holder.get("podSelector")))


def _own_peers(policy: Item, rendered: Rendered) -> Iterator[Mapping[str, Any]]:
    """Peers that name pods of the stack's own namespaces by labels."""
    for rule in entries(policy.spec.get("ingress")):
        for peer in entries(rule.get("from")):
            where = peer.get("namespaceSelector")
            if peer.get("podSelector") and (
                where is None or any(selects(where, labels) for labels in rendered.namespaces.values())
            ):
                yield peer


def _is_peer(peer: Mapping[str, Any], policy: Item, one: Pods, rendered: Rendered) -> bool:
    where = peer.get("namespaceSelector")
    labels = rendered.namespaces.get(one.namespace, {})
    there = one.namespace == policy.namespace if where is None else selects(where, labels)
    return there and _takes(peer, one)
