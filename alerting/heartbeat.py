"""The alert that always fires: when it stops arriving, alerting itself is broken."""

from __future__ import annotations

from model.promql import constant
from model.rule import Alert, RuleGroup, Severity, Signal

HEARTBEAT = Signal(
    name="heartbeat",
    title="Heartbeat of alerting",
    description="Constant 1, evaluated like every rule. A dead man's switch outside the cluster waits for it.",
    good="1. No value means that Prometheus evaluates no rules.",
    unit="short",
    expr=constant(1),
    legend="heartbeat",
    scope=(),
)
WATCHDOG = Alert(
    name="Watchdog",
    signal=HEARTBEAT,
    op=">",
    threshold=0,
    for_="0s",
    at_once="it always holds, and must be heard of as soon as rules are evaluated",
    severity=Severity.NONE,
    component="alerting",
    summary="Alerting is alive",
    description="This alert fires always. If the receiver stops hearing it, no other alert arrives either.",
)


def heartbeat_group() -> RuleGroup:
    return RuleGroup(name="heartbeat", interval="30s", rules=(WATCHDOG,))
