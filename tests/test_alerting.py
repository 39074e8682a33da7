"""Routing: everything reaches someone, worst first, tiers silence milder tiers of the same thing only."""

from __future__ import annotations

from typing import Any

import pytest
from stacks import STACKS, run

from alerting.routing import routing_tree
from alerting.settings import AlertingSettings
from model.expr import Matcher
from model.route import RoutingTree
from model.rule import Severity

CHAT = {"name": "chat", "kind": "slack", "channel": "#chat", "secret": "slackWebhookUrl"}
PAGER = {"name": "pager", "kind": "pagerduty", "secret": "pagerdutyRoutingKey"}


def tree(**settings: Any) -> RoutingTree:
    base: dict[str, Any] = {"default": "chat", "receivers": [CHAT, PAGER]}
    return routing_tree(AlertingSettings.model_validate({**base, **settings}))


def reached(found: RoutingTree, labels: dict[str, str]) -> list[str]:
    """Receivers of an alert, as Alertmanager walks the tree."""
    names = []
    for route in found.routes:
        if all(matches(m, labels) for m in route.matchers):
            names.append(route.receiver)
            if not route.resume:
                return names
    return names or [found.default]


def matches(matcher: Matcher, labels: dict[str, str]) -> bool:
    value = labels.get(matcher.label, "")
    wanted = matcher.value.split("|") if matcher.op in ("=~", "!~") else [matcher.value]
    return (value in wanted) is (matcher.op in ("=", "=~"))


def test_a_critical_alert_pages_and_is_told_in_chat() -> None:
    found = tree(routes=[{"severities": ["critical"], "receivers": ["pager", "chat"]}])
    assert reached(found, {"alertname": "X", "severity": "critical"}) == ["chat", "pager"]


def test_the_worst_severity_comes_first_whatever_the_order_of_the_settings() -> None:
    routes = [{"severities": ["info"], "receivers": ["chat"]}, {"severities": ["critical"], "receivers": ["pager"]}]
    severities = [str(route.matchers[0]) for route in tree(routes=routes).routes[1:]]
    assert severities == ['severity="critical"', 'severity="info"']


def test_what_no_route_takes_reaches_the_default() -> None:
    assert reached(tree(), {"alertname": "X", "severity": "unheard-of"}) == ["chat"]


def test_the_heartbeat_goes_to_its_receiver_often() -> None:
    hook = {"name": "switch", "kind": "webhook", "secret": "heartbeatUrl"}
    beat = tree(receivers=[CHAT, hook], heartbeat="switch").routes[0]
    assert (beat.receiver, beat.group_interval, beat.repeat_interval) == ("switch", "1m", "5m")


def test_without_a_dead_mans_switch_the_heartbeat_disturbs_nobody() -> None:
    found = tree()
    assert reached(found, {"alertname": "Watchdog", "severity": "none"}) == ["nobody"]
    assert {r.name: r.kind for r in found.receivers}["nobody"] == "null"


@pytest.mark.parametrize("stack", STACKS)
def test_every_alert_of_every_stack_reaches_a_receiver_with_a_channel(stack: str) -> None:
    plan = run(stack).namespace["plan"]
    kinds = {r.name: r.kind for r in plan.routing.receivers}
    for alert in plan.alerts:
        if alert.severity is Severity.NONE:
            continue
        names = reached(plan.routing, {"alertname": alert.name, "severity": alert.severity.value})
        assert names, alert.name
        assert all(kinds[name] != "null" for name in names), alert.name


@pytest.mark.parametrize("stack", STACKS)
def test_only_critical_alerts_page(stack: str) -> None:
    routing = run(stack).namespace["plan"].routing
    kinds = {r.name: r.kind for r in routing.receivers}
    for severity in Severity:
        paged = any(kinds[n] == "pagerduty" for n in reached(routing, {"alertname": "X", "severity": severity.value}))
        assert not paged or severity is Severity.CRITICAL


def test_a_worse_tier_silences_milder_ones_of_the_same_signal_and_object_only() -> None:
    first = run("prod").namespace["plan"].routing.inhibitions[0]
    assert [str(m) for m in first.source] == ['severity="critical"']
    assert first.equal[:3] == ("signal", "component", "cluster")
    assert 'signal!=""' in {str(m) for m in first.target}


def test_the_labels_that_tell_objects_apart_come_from_the_signals() -> None:
    equal = run("prod").namespace["plan"].routing.inhibitions[0].equal
    assert {"persistentvolumeclaim", "pod", "node", "slo", "executor_id"} <= set(equal)


@pytest.mark.parametrize(
    ("receiver", "problem"),
    [
        ({"name": "x", "kind": "slack", "channel": "#a"}, "a receiver of kind slack needs `secret`"),
        ({"name": "x", "kind": "slack", "secret": "slackWebhookUrl"}, "a receiver of kind slack needs `channel`"),
        ({"name": "x", "kind": "email"}, "a receiver of kind email needs `to`"),
        ({"name": "x", "kind": "email", "to": "a@b.example"}, "an email receiver needs `mail`"),
        ({"name": "x", "kind": "webhook", "secret": "hookUrl", "channel": "#a"}, "`channel` is for kind slack only"),
    ],
)
def test_an_incomplete_receiver_is_refused(receiver: dict[str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        tree(receivers=[CHAT, PAGER, receiver])
