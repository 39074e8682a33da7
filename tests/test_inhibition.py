"""What mutes what: on paper, found wanting by the check, and on a real Alertmanager."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from real_servers import LOOPBACK, free_ports, server
from real_tools import REAL, needs
from stacks import ROOT

from alerting.inhibition import tiers, with_source
from components.alertmanager_config import alertmanager_yaml
from model.expr import Binary
from model.promql import eq, matching, ne
from model.route import Inhibition
from model.rule import Alert, Severity
from obs.check.inhibitions import Labelled, check_inhibitions
from obs.check.plan import check_plan
from obs.check.vector import Vector
from obs.run import run_stack
from plan import Plan

NODE_DOWN = Inhibition(
    source=(eq("alertname", "NodeNotReady"),), target=(ne("pod", ""), ne("node", "")), equal=("cluster", "node")
)


@cache
def plan() -> Plan:
    return run_stack("dev", ROOT).plan


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
    (tmp_path / "alertmanager.yaml").write_text(alertmanager_yaml(plan().routing, str(tmp_path)))
    node = {"alertname": "NodeNotReady", "severity": "high", "node": "worker-3", "cluster": "a", "signal": "n"}
    sent: dict[str, dict[str, Any]] = {
        which: {"cluster": "a", "signal": which, **labels} for which, (labels, _) in PODS.items()
    }
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    options = (
        f"--config.file={tmp_path}/alertmanager.yaml",
        f"--storage.path={tmp_path}/data",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--cluster.listen-address=",
    )
    with server((REAL["alertmanager"], *options), f"{url}/-/ready", tmp_path / "log"):
        alerts = [{"labels": labels} for labels in (node, *sent.values())]
        httpx.post(f"{url}/api/v2/alerts", json=alerts, trust_env=False).raise_for_status()
        answer = httpx.get(f"{url}/api/v2/alerts", trust_env=False).raise_for_status().json()
    states = {alert["labels"]["signal"]: alert["status"]["state"] for alert in answer}
    assert {which: states[which] for which in PODS} == {which: state for which, (_, state) in PODS.items()}
    assert states["n"] == "active"
