"""What mutes what: on paper, found wanting by the check, and on a real Alertmanager."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from real_alertmanager import alertmanager, send, states
from real_tools import needs
from stacks import STACKS, run

from alerting.inhibition import tiers, with_source
from alerting.settings import order
from components.alertmanager_config import alertmanager_yaml
from model.expr import Binary
from model.promql import eq, matching, ne
from model.route import BELOW_CRITICAL, Inhibition
from model.rule import Alert, Severity
from obs.check.inhibitions import Labelled, check_inhibitions
from obs.check.plan import check_plan
from obs.check.vector import Vector
from plan import Plan

NODE_DOWN = Inhibition(
    source=(eq("alertname", "NodeNotReady"),), target=(ne("pod", ""), ne("node", "")), equal=("cluster", "node")
)


def plan() -> Plan:
    found: Plan = run("dev").namespace["plan"]
    return found


def named(name: str) -> Alert:
    return next(alert for alert in plan().alerts if alert.name == name)


def labelled(name: str, *labels: str) -> Labelled:
    found = frozenset(labels)
    return Labelled(named(name), Vector(sure=found, possible=found))


NODE = labelled("NodeNotReady", "cluster", "node")
POD = labelled("PodNotReady", "cluster", "namespace", "pod", "node")


def test_a_rank_that_no_signal_has_both_tiers_of_is_left_out() -> None:
    usage, capacity = named("StorageUsageHigh"), named("StorageCapacityLow")
    (found,) = tiers([usage, capacity, named("PodNotReady")])
    assert found.source == (eq("severity", "high"),)
    assert found.equal == ("signal", "component", "cluster", "namespace", "node", "persistentvolumeclaim", "pod")
    assert tiers([usage, replace(capacity, labels={"signal": "another"})]) == ()
    assert tiers([capacity, replace(capacity, severity=Severity.INFO)])
    assert tiers([usage]) == ()


def test_every_severity_below_critical_may_be_muted_by_each_that_is_worse() -> None:
    muted = [s for s in Severity if s not in (Severity.CRITICAL, Severity.NONE)]
    assert BELOW_CRITICAL.split("|") == [s.value for s in muted]
    capacity = named("StorageCapacityLow")
    pairs = [(worse, milder) for milder in muted for worse in Severity if order(worse) < order(milder)]
    assert len(pairs) == 15
    for worse, milder in pairs:
        (found,) = tiers([replace(capacity, severity=worse), replace(capacity, severity=milder)])
        assert found.source == (eq("severity", worse.value),)
        assert found.target[0].accepts(milder.value), (worse, milder)
        assert not found.target[0].accepts(worse.value)


def test_nothing_is_muted_where_nobody_would_say_why() -> None:
    assert with_source([NODE_DOWN], [named("NodeNotReady")]) == (NODE_DOWN,)
    assert with_source([NODE_DOWN], [named("PodNotReady")]) == ()
    whatever = replace(NODE_DOWN, source=(matching("severity", "critical|high"), ne("instance", "")))
    assert with_source([whatever], [named("PodNotReady")]) == (whatever,), "the result's labels are not known here"


@pytest.mark.parametrize(
    ("inhibition", "alerts", "expected"),
    [
        (NODE_DOWN, [NODE, POD], ""),
        (NODE_DOWN, [POD], 'no alert of the stack can match its source, {alertname="NodeNotReady"}'),
        (NODE_DOWN, [NODE], 'no alert of the stack can match its target, {pod!="", node!=""}'),
        (NODE_DOWN, [NODE, labelled("PodNotReady", "cluster", "pod")], "can match its target"),
        (replace(NODE_DOWN, target=(ne("pod", ""),)), [NODE, labelled("PodNotReady", "cluster", "pod")],
         "no alert of its source has equal cluster, node with one of its target"),
        (replace(NODE_DOWN, equal=("signal",)), [NODE, POD], "has equal signal"),
        (replace(NODE_DOWN, source=(eq("severity", "critical"),)), [NODE, POD], "can match its source"),
        (replace(NODE_DOWN, target=(eq("severity", "high"), ne("environment", "x"))), [NODE, POD], ""),
    ],
)  # fmt: skip
def test_an_inhibition_without_both_sides_is_a_finding(
    inhibition: Inhibition, alerts: list[Labelled], expected: str
) -> None:
    found = list(check_inhibitions([inhibition], alerts))
    assert [f.check for f in found] == ["alert/inhibition"] * bool(expected)
    assert all(expected in f.message for f in found)


def test_tiers_that_mute_across_systems_are_a_finding() -> None:
    capacity, usage = labelled("StorageCapacityLow"), labelled("StorageUsageHigh")
    loki, tempo = labelled("LokiRequestsFailing"), labelled("TempoRequestsFailing")
    shared = Inhibition(
        source=(eq("severity", "high"),), target=(matching("severity", "medium|warning"),), equal=("signal", "cluster")
    )
    (found,) = check_inhibitions([shared], [loki, tempo, capacity, usage])
    assert found.check == "alert/inhibition"
    assert "LokiRequestsFailing would mute TempoRequestsFailing, which is about something else" in found.message
    mended = replace(shared, equal=(*shared.equal, "component"))
    assert list(check_inhibitions([mended], [loki, tempo, capacity, usage])) == []
    same = replace(tempo, alert=replace(tempo.alert, component="loki"))
    (found,) = check_inhibitions([mended], [loki, same])
    assert "about something else" in found.message


@pytest.mark.parametrize("stack", STACKS)
def test_no_tier_of_any_stack_mutes_across_systems(stack: str) -> None:
    found: Plan = run(stack).namespace["plan"]
    alerts = [(o.name, rule) for o in found.rules for g in o.groups for rule in g.rules if isinstance(rule, Alert)]
    within: list[tuple[str, str]] = []
    across: list[tuple[str, str]] = []
    for one in (one for one in found.routing.inhibitions if "signal" in one.equal):
        sources = [(owner, alert) for owner, alert in alerts if one.source[0].accepts(alert.severity)]
        targets = [(owner, alert) for owner, alert in alerts if one.target[0].accepts(alert.severity)]
        for (owner, source), (other, target) in product(sources, targets):
            if all(source.own_labels.get(label) == target.own_labels.get(label) for label in one.equal):
                (within if owner == other else across).append((source.name, target.name))
    assert across == []
    assert ("StorageCapacityLow", "StorageUsageHigh") in within


def test_the_check_sees_that_the_pods_of_a_node_have_lost_it() -> None:
    def without_node(alert: Alert) -> Alert:
        expr = alert.signal.expr
        if not isinstance(expr, Binary) or expr.op != "or":
            return alert
        return replace(alert, signal=replace(alert.signal, expr=expr.rhs))  # what is taken where no node is known

    groups = tuple(
        replace(o, groups=tuple(
            replace(g, rules=tuple(without_node(r) if isinstance(r, Alert) else r for r in g.rules)) for g in o.groups
        ))
        for o in plan().rules if o.name == "kubernetes"
    )  # fmt: skip
    found = [f for f in check_plan(replace(plan(), rules=groups)) if f.check == "alert/inhibition"]
    assert any("NodeNotReady" in f.subject and "can match its target" in f.message for f in found)


PODS = {
    "on the node": ({"alertname": "PodNotReady", "severity": "high", "pod": "p", "node": "worker-3"}, "suppressed"),
    "on another": ({"alertname": "PodNotReady", "severity": "high", "pod": "q", "node": "worker-4"}, "active"),
    "on none": ({"alertname": "PodNotStarting", "severity": "medium", "pod": "r"}, "active"),
    "a page": ({"alertname": "Page", "severity": "critical", "pod": "p", "node": "worker-3"}, "active"),
    "elsewhere": ({"alertname": "PodNotReady", "severity": "high", "pod": "p", "node": "worker-3", "cluster": "b"},
                  "active"),
    "of the node": ({"alertname": "NodeNetworkBusy", "severity": "medium", "node": "worker-3"}, "active"),
}  # fmt: skip


@needs("alertmanager")
def test_a_node_that_is_down_mutes_its_pods_and_nothing_else_on_a_real_alertmanager(tmp_path: Path) -> None:
    node = {"alertname": "NodeNotReady", "severity": "high", "node": "worker-3", "cluster": "a", "signal": "n"}
    sent: dict[str, dict[str, Any]] = {
        which: {"cluster": "a", "signal": which, **labels} for which, (labels, _) in PODS.items()
    }
    with alertmanager(alertmanager_yaml(plan().routing, str(tmp_path)), tmp_path) as client:
        send(client, *({"labels": labels} for labels in (node, *sent.values())))
        found = states(client, by="signal")
    assert {which: found[which] for which in PODS} == {which: state for which, (_, state) in PODS.items()}
    assert found["n"] == "active"
