"""PrometheusRule objects from a plan's rule groups, with the links that every alert carries."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

import systems
from components.base import Component
from components.explore import logs_link, traces_link
from components.resources import PrometheusRule
from components.specs.rules import PrometheusRuleSpec, Rule, RuleGroup
from dashboards.grafana import panel_id
from dashboards.links import alert_url
from model import rule as model
from plan import Plan
from settings import Settings

EVALUATOR_LABEL = "dataops.io/evaluated-by"
"""Label of every PrometheusRule: Prometheus leaves those of the Ruler alone, and the Ruler takes only its own."""


@dataclass(frozen=True)
class Links:
    """Where an alert points: ``runbooks`` is the folder of <Alert>.md, ``grafana`` Grafana's root (no slash).

    ``logs`` and ``traces``: whether the stack has them.
    """

    runbooks: str
    grafana: str
    logs: bool
    traces: bool

    @classmethod
    def of(cls, settings: Settings) -> Links:
        return cls(
            settings.runbooks_url.rstrip("/"),
            settings.grafana.url.rstrip("/"),
            logs=settings.logs.enabled,
            traces=settings.traces.enabled,
        )


def rule_spec(plan: Plan, obj: model.RuleObject, links: Links) -> PrometheusRuleSpec:
    """The spec of one PrometheusRule."""
    return PrometheusRuleSpec(groups=tuple(_group(plan, group, links) for group in obj.groups))


def _group(plan: Plan, group: model.RuleGroup, links: Links) -> RuleGroup:
    return RuleGroup(
        name=group.name,
        interval=group.interval,
        rules=tuple(
            _alert(plan, rule, links) if isinstance(rule, model.Alert) else _record(rule) for rule in group.rules
        ),
    )


def _record(rule: model.RecordingRule) -> Rule:
    return Rule(record=rule.record, expr=str(rule.expr), labels=dict(rule.labels) or None)


def _alert(plan: Plan, alert: model.Alert, links: Links) -> Rule:
    return Rule(
        alert=alert.name,
        expr=str(alert.expr),
        for_=alert.for_ if alert.for_ != "0s" else None,
        labels=alert.own_labels,
        annotations=alert_annotations(plan, alert, links),
    )


def alert_annotations(plan: Plan, alert: model.Alert, links: Links) -> dict[str, str]:
    """Texts, links and the value. An alert whose signal no panel shows gets no dashboard link; the check reports it."""
    texts = {
        "summary": alert.summary,
        "description": alert.description,
        "runbook_url": f"{links.runbooks}/{alert.name}.md",
    }
    shown = plan.panel_showing(alert.signal)
    if shown is not None:
        dashboard, panel = shown
        texts["dashboard_url"] = links.grafana + alert_url(dashboard, panel_id(dashboard, panel), alert.signal)
    labels = alert.signal.legend_labels
    more = {
        "logs_url": logs_link(links.grafana, labels) if links.logs else None,
        "traces_url": traces_link(links.grafana, labels) if links.traces and _sends_spans(alert) else None,
        "value": _value(alert),
    }
    return texts | {name: text for name, text in more.items() if text}


def _sends_spans(alert: model.Alert) -> bool:
    """No part of the stack itself sends any (components/flows.py: applications do), so a link would show nothing.

    What an alert is about, its component says: the log agent's system also counts the errors of applications.
    """
    return alert.component.replace("-", "_") not in systems.OWN


_SHOWN = {"percentunit": "humanizePercentage", "s": "humanizeDuration", "bytes": "humanize1024"}


def _value(alert: model.Alert) -> str | None:
    """None for what is there or is not: its 1 says nothing. Alertmanager itself never sees a value."""
    if alert.signal.unit in ("short", "none") and alert.threshold == 0:
        return None
    unit = "B" if alert.signal.unit == "bytes" else ""
    return f"{{{{ $value | {_SHOWN.get(alert.signal.unit, 'humanize')} }}}}{unit}"


class Rules(Component):
    """One PrometheusRule per system, objective and the heartbeat."""

    def __init__(self, name: str, plan: Plan, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        links = Links.of(settings)
        for obj in plan.rules:
            PrometheusRule(
                f"{name}-{obj.name}",
                rule_spec(plan, obj, links),
                namespace=settings.namespace,
                labels={EVALUATOR_LABEL: obj.evaluator.value},
                opts=self.child(),
            )
        self.register_outputs({})
