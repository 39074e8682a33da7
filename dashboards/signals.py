"""What no single system can say: which alerts fire, which targets answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerting.heartbeat import HEARTBEAT
from model.expr import Expr
from model.limits import over, under
from model.promql import binary, call, count_by, eq, matching, max_by, metric, min_by, ne, sum_by, unless
from model.rule import Severity, Signal
from slo.signals import REMAINING

TARGETS = metric("up")
_NOTHING = "nothing is wrong"
_FIRES = metric("ALERTS", eq("alertstate", "firing"), may_be_absent=_NOTHING)
_FIRING = _FIRES.where(ne("severity", Severity.NONE.value))
_ALERT = ("alertname", "severity", "component")
_SHOWN = "{{alertname}} {{severity}} {{component}}"
_TIERS = tuple(("severity", tier.value, tier.value) for tier in Severity if tier is not Severity.NONE)
WELL = "✔ no alert"


def _zero_or(found: Expr) -> Expr:
    """Nothing firing is 0, not "no data": the clusters that are scraped at all get a 0."""
    return found | count_by(TARGETS) * 0


def _counted(severity: Severity) -> Expr:
    return _zero_or(count_by(_FIRES.where(eq("severity", severity.value))))


TARGETS_UP = Signal(
    name="targets_up",
    title="Targets up",
    description="Share of the scrape targets that answer.",
    good="100 %.",
    unit="percentunit",
    expr=sum_by(TARGETS) / count_by(TARGETS),
    legend="{{cluster}}",
    maximum=1,
    limits=under(warning=1),
)
CRITICAL_ALERTS = Signal(
    name="critical_alerts",
    title="Critical alerts",
    description="Critical alerts that are firing now.",
    good="0.",
    unit="short",
    expr=_counted(Severity.CRITICAL),
    legend="{{cluster}}",
    limits=over(critical=0),
)
HIGH_ALERTS = Signal(
    name="high_alerts",
    title="High alerts",
    description="Alerts of severity high that are firing now.",
    good="0.",
    unit="short",
    expr=_counted(Severity.HIGH),
    legend="{{cluster}}",
    limits=over(high=0),
)
FIRING = Signal(
    name="firing_alerts",
    title="Firing alerts",
    description="1 for each alert that fires, with its severity and component.",
    good="Nothing is shown.",
    unit="short",
    expr=max_by(_FIRING, *_ALERT),
    legend=_SHOWN,
    words=((1, "firing"),),
    states=_TIERS,
)
PENDING = Signal(
    name="pending_alerts",
    title="Alerts about to fire",
    description="1 for each alert whose condition holds, but not yet for as long as it must.",
    good="Nothing is shown for longer than a passing disturbance.",
    unit="short",
    expr=max_by(metric("ALERTS", eq("alertstate", "pending"), may_be_absent=_NOTHING), *_ALERT),
    legend=_SHOWN,
    words=((1, "pending"),),
    states=_TIERS,
)
BY_SEVERITY = Signal(
    name="alerts_by_severity",
    title="Firing alerts by severity",
    description="How many alerts fire, by severity.",
    good="Nothing is shown, or nothing above warning.",
    unit="none",
    expr=count_by(_FIRING, "severity"),
    legend="{{severity}}",
    states=_TIERS,
)
TARGETS_DOWN = Signal(
    name="targets_down",
    title="Jobs with targets that do not answer",
    description="How many targets of a job Prometheus cannot scrape.",
    good="Nothing is shown.",
    unit="short",
    expr=sum_by(binary("==", TARGETS, 0) + 1, "job"),
    legend="{{job}}",
)
WORST_BUDGET = Signal(
    name="worst_error_budget",
    title="Least error budget left",
    description="What is left of the error budget of the objective that is worst off.",
    good="Above 50 %; at 0 % an objective is missed.",
    unit="percentunit",
    expr=min_by(REMAINING.expr),
    legend="{{cluster}}",
    maximum=1,
)
VIOLATIONS = Signal(
    name="objective_violations",
    title="Objectives in violation",
    description="Alerts on error budgets that fire: the objective, its tier, and how it is missed.",
    good="Nothing is shown.",
    unit="short",
    expr=max_by(_FIRING.where(matching("alertname", "ErrorBudget.+")), "slo", *_ALERT),
    legend="{{slo}} {{alertname}} {{severity}} {{component}}",
    words=((1, "violated"),),
    states=_TIERS,
)
SHARED = {
    f"platform.{signal.name}": signal
    for signal in (HEARTBEAT, CRITICAL_ALERTS, HIGH_ALERTS, TARGETS_UP, FIRING, PENDING, BY_SEVERITY, TARGETS_DOWN)
}
"""Those that every stack has."""


def state(name: str, title: str, alerts: Iterable[str]) -> Signal:
    """How many of these alerts fire, by severity; one series of 0 without a severity where none does."""
    fired = _FIRES.where(matching("alertname", "|".join(sorted(set(alerts)))))
    found = count_by(fired, "severity")
    return Signal(
        name=f"state_{name}",
        title=title,
        description="Alerts that fire on what this dashboard shows, by severity.",
        good=f"{WELL}.",
        unit="none",
        expr=found | unless(count_by(TARGETS) * 0, found, on=()),
        legend="{{severity}}",
        words=((0, WELL),),
    )


def labelled(parts: Mapping[str, Expr], label: str) -> Expr:
    """One vector of many: each part is reduced to a value by cluster, which its name tells apart as ``label``."""
    named = [call("label_replace", expr, label, name, "", "") for name, expr in parts.items()]
    found: Expr = named[0]
    for one in named[1:]:
        found = found | one
    return found
