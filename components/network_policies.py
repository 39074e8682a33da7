"""Network policies of one stack: nobody gets in, but for the flows of components/flows.py.

The node exporter is on its node's own network, where no policy applies. What comes from the node a pod runs on is let
in by every network plug-in: the kubelet's probes, and with them `kubectl port-forward`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pulumi

from components.base import Component
from components.flows import Anyone, Flow, Pods, flows
from components.pod_security import namespaces
from components.workloads import NetworkPolicy
from settings import Settings

_NAMESPACE = "kubernetes.io/metadata.name"
"""The label that the API server puts on every namespace."""
DENY: dict[str, Any] = {"podSelector": {}, "policyTypes": ["Ingress"]}
Spec = dict[str, Any]


class NetworkPolicies(Component):
    """``default-deny-NAMESPACE`` in each namespace of the stack, and a policy for each part that somebody may call."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for namespace in namespaces(settings):
            NetworkPolicy(f"default-deny-{namespace}", DENY, namespace=namespace, opts=self.child())
        for target, spec in policies(flows(settings)):
            NetworkPolicy(target.name, spec, namespace=target.namespace, opts=self.child())
        self.register_outputs({})


def policies(table: Iterable[Flow]) -> list[tuple[Pods, Spec]]:
    """One policy for each target, a rule for each of its flows."""
    by_target: dict[str, tuple[Pods, list[Flow]]] = {}
    for flow in table:
        by_target.setdefault(flow.target.name, (flow.target, []))[1].append(flow)
    return [(target, _spec(target, found)) for target, found in by_target.values()]


def _spec(target: Pods, found: list[Flow]) -> Spec:
    return {**DENY, "podSelector": {"matchLabels": dict(target.labels)}, "ingress": [_rule(flow) for flow in found]}


def _rule(flow: Flow) -> Spec:
    return {
        "from": [_peer(source, flow.target.namespace) for source in flow.sources],
        "ports": [{"protocol": flow.protocol, "port": port} for port in flow.ports],
    }


def _peer(source: Pods | Anyone, namespace: str) -> Spec:
    if isinstance(source, Anyone):
        return {"namespaceSelector": _named(source.namespace) if source.namespace else {}}
    peer: Spec = {"podSelector": {"matchLabels": dict(source.labels)}}
    return peer if source.namespace == namespace else {"namespaceSelector": _named(source.namespace), **peer}


def _named(namespace: str) -> Spec:
    return {"matchLabels": {_NAMESPACE: namespace}}
