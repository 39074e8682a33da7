"""Who may call whom: everything else is kept out."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from rendered_stacks import rendered
from stack_settings import settings
from stacks import run

from components.flows import Pods, flows
from obs.check.rendered import Rendered
from obs.check.wiring import Stack
from obs.check.wiring.flows import flows as calls
from obs.check.wiring.pods import Pods as StackPods
from obs.record import Recording

# What no object of the stack tells of: Alertmanagers find each other by the operator's arguments, and Tempo asks DNS
# for the port of its cache.
UNSEEN = {("alertmanager", 9094), ("tempo", 11211)}
EVERY_PART: list[dict[str, object]] = [
    {},
    {"metricsStore": {"mode": "sidecar"}},
    {
        "size": "large",
        "traces": {"mode": "distributed", "kafka": {"address": "kafka.kafka.svc:9092"}},
        "exporters": {"statsd": {}, "pushgateway": {}, "blackbox": {}},
        "systems": {"kubernetes": {}, "nodes": {}, "argocd": {}, "spark": {}, "airflow": {}},
    },
]
INGRESS = {"url": "https://grafana.example.com", "ingress": {"controllerNamespace": "ingress-nginx"}}


def made(recording: Recording) -> dict[tuple[str, str], dict[str, Any]]:
    """(namespace, name) -> spec of every network policy."""
    found = [r.inputs for r in recording.resources if r.type.endswith(":NetworkPolicy")]
    return {(p["metadata"]["namespace"], p["metadata"]["name"]): p["spec"] for p in found}


def test_each_namespace_keeps_everyone_out_unless_a_rule_lets_them_in() -> None:
    policies = made(run("prod"))
    assert {namespace for namespace, _ in policies} == {"monitoring", "monitoring-agents"}
    for namespace in ("monitoring", "monitoring-agents"):
        spec = policies[namespace, f"default-deny-{namespace}"]
        assert spec == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert all(rule["from"] and rule["ports"] for spec in policies.values() for rule in spec.get("ingress", ()))


def test_nothing_is_kept_from_calling_out() -> None:
    assert all(spec["policyTypes"] == ["Ingress"] for spec in made(run("prod")).values())


def test_a_setting_leaves_policies_to_others() -> None:
    assert made(run("prod", config={"networkPolicies": False})) == {}


def test_people_come_by_the_ingress_controller_where_it_is_known() -> None:
    def callers(config: dict[str, object]) -> list[dict[str, Any]]:
        rules = made(run("prod", config=config))["monitoring", "grafana"]["ingress"]
        return [peer for rule in rules for peer in rule["from"] if "podSelector" not in peer]

    assert callers({}) == [{"namespaceSelector": {}}]
    assert callers({"grafana": INGRESS}) == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
    ]


def test_a_part_that_is_off_is_let_in_nowhere() -> None:
    off = {part: {"enabled": False} for part in ("logs", "traces", "collector")}
    store = {
        "kind": "remoteWrite",
        "remoteWrite": {"url": "https://x.example.com", "queryUrl": "https://x.example.com"},
    }
    small = settings("dev", metricsStore=store, objectStorage={}, **off)
    parts = {"alertmanager", "grafana", "kube-state-metrics", "prometheus", "prometheus-operator"}
    assert {flow.target.name for flow in flows(small)} == parts
    sources = {source.name for flow in flows(small) for source in flow.sources}
    assert sources == {"alertmanager", "grafana", "ingress controller", "prometheus"}


def test_an_agent_is_known_by_its_namespace_as_well() -> None:
    loki = made(run("prod"))["monitoring", "loki"]
    agents = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring-agents"}}
    assert agents in [peer.get("namespaceSelector") for rule in loki["ingress"] for peer in rule["from"]]


@pytest.mark.charts
@pytest.mark.parametrize("config", EVERY_PART, ids=["receive", "side cars", "distributed"])
def test_nobody_is_let_in_who_does_not_call(config: dict[str, object]) -> None:
    """(Whether everyone is let in who does call, the check ``wiring/network-policy`` asks of every stack.)"""
    run_, expansion = rendered("prod", config)
    stack = Stack(Rendered(expansion), run_.settings.namespace, run_.settings.external_secrets)
    known = list(calls(stack))
    for flow in flows(run_.settings):
        for source, port in itertools.product(flow.sources, flow.ports):
            if isinstance(source, Pods) and (flow.target.name, port) not in UNSEEN:
                found = [c for c in known if _is(source, c.source) and _is(flow.target, c.target) and port in c.numbers]
                assert found, f"{source.name} does not call {flow.target.name} at {port}"


def _is(wanted: Pods, pods: StackPods) -> bool:
    return wanted.namespace == pods.namespace and wanted.labels.items() <= pods.labels.items()
