"""Everything that a stack deploys, as typed values: no Pulumi, no cluster, no text.

The program registers a plan's parts; the workbench checks and lists them. Both get it from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import systems
from alerting.heartbeat import HEARTBEAT, heartbeat_group
from alerting.routing import routing_tree
from dashboards.domains import domain_dashboards
from dashboards.objectives import objectives_dashboard
from dashboards.overview import CRITICAL_ALERTS, HIGH_ALERTS, TARGETS_UP, overview
from dashboards.overview import UID as OVERVIEW
from model.dashboard import Dashboard, Panel, Threshold
from model.promql import CLUSTER
from model.quantity import duration, seconds
from model.route import RoutingTree
from model.rule import Alert, RecordingRule, RuleGroup, Signal
from model.system import System
from pace import Pace
from settings import Settings
from slo.rules import SloRules, compile_slo
from systems.base import Context


@dataclass(frozen=True)
class RuleObject:
    """One PrometheusRule: ``name`` is the object's name."""

    name: str
    groups: tuple[RuleGroup, ...]


@dataclass(frozen=True)
class Plan:
    """``retention`` is how long Prometheus keeps what its rules read, a Prometheus duration."""

    systems: tuple[System, ...]
    objectives: tuple[SloRules, ...]
    rules: tuple[RuleObject, ...]
    dashboards: tuple[Dashboard, ...]
    routing: RoutingTree
    retention: str

    def groups(self) -> Iterator[RuleGroup]:
        return (group for obj in self.rules for group in obj.groups)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(rule for group in self.groups() for rule in group.rules if isinstance(rule, Alert))

    @property
    def records(self) -> tuple[RecordingRule, ...]:
        return tuple(rule for group in self.groups() for rule in group.rules if isinstance(rule, RecordingRule))

    def signals(self) -> Iterator[tuple[str, Signal]]:
        """(owner, signal): owner is a system's name, ``slo`` or ``platform``."""
        for system in self.systems:
            yield from ((system.name, signal) for signal in system.signals)
        shared = {signal.name: signal for objective in self.objectives for signal in objective.signals}
        yield from (("slo", signal) for signal in shared.values())
        yield from (("platform", signal) for signal in (HEARTBEAT, CRITICAL_ALERTS, HIGH_ALERTS, TARGETS_UP))

    def panel_showing(self, signal: Signal) -> tuple[Dashboard, Panel] | None:
        """Where a person looks when the signal alerts; domains come before navigation."""
        for dashboard in sorted(self.dashboards, key=lambda d: -d.level):
            for panel in dashboard.panels:
                if signal in panel.signals:
                    return dashboard, panel
        return None

    def problems(self) -> list[str]:
        """What is wrong with the settings once the rules that they lead to are known."""
        kept = seconds(self.retention)
        rules: tuple[RecordingRule | Alert, ...] = (*self.records, *self.alerts)
        too_long = [rule for rule in rules if rule.expr.lookback() > kept]
        if not too_long:
            return []
        worst = max(too_long, key=lambda rule: rule.expr.lookback())
        name = worst.record if isinstance(worst, RecordingRule) else worst.name
        others = f" (and {len(too_long) - 1} other rules)" if len(too_long) > 1 else ""
        length = duration(worst.expr.lookback())
        shorter = f"prometheus.retention: {self.retention} is shorter than the {length} that {name} looks back"
        return [f"{shorter}, {worst.where}{others}"]


def build(settings: Settings) -> Plan:
    """The plan of a stack."""
    context = Context(
        cluster=settings.cluster.name, namespace=settings.namespace, workloads=settings.workload_namespaces
    )
    # What a plan is made of comes in the stack's pace, so that rules, panels and colours agree on it.
    pace = Pace(settings.time_compression)
    enabled = tuple(pace.system(systems.build(name, part, context)) for name, part in sorted(settings.systems.items()))
    objectives = tuple(pace.objective(compile_slo(slo)) for system in enabled for slo in system.slos)
    rules = (
        *(RuleObject(system.name, (_system_group(system),)) for system in enabled),
        *(RuleObject(objective.group.name, (objective.group,)) for objective in objectives),
        RuleObject("heartbeat", (pace.group(heartbeat_group()),)),
    )
    alerts = tuple(r for obj in rules for group in obj.groups for r in group.rules if isinstance(r, Alert))
    return Plan(
        systems=enabled,
        objectives=objectives,
        rules=rules,
        dashboards=tuple(_coloured(d, alerts) for d in _dashboards(enabled, objectives)),
        routing=pace.routing(routing_tree(settings.alerting, _objects(alerts))),
        retention=settings.prometheus.retention,
    )


def _objects(alerts: tuple[Alert, ...]) -> tuple[str, ...]:
    """Labels that tell one alerting object from another: those that the signals' legends show."""
    shown = {label for alert in alerts for label in alert.signal.legend_labels}
    return tuple(sorted(shown - {CLUSTER}))


def _system_group(system: System) -> RuleGroup:
    """Records first: rules of a group are evaluated in order, so alerts see this round's values."""
    recorded = tuple(signal.rule for signal in system.signals if signal.rule is not None)
    return RuleGroup(
        name=f"dataops-{system.name.replace('_', '-')}",
        interval=system.interval,
        rules=(*system.records, *recorded, *system.alerts),
        where=system.where,
    )


def _dashboards(enabled: tuple[System, ...], objectives: tuple[SloRules, ...]) -> tuple[Dashboard, ...]:
    domains = domain_dashboards(enabled, parent=OVERVIEW)
    budgets = objectives_dashboard(objectives, parent=OVERVIEW)
    below = (*domains, *((budgets,) if budgets else ()))
    return (overview(below, with_objectives=budgets is not None), *below)


def _coloured(dashboard: Dashboard, alerts: tuple[Alert, ...]) -> Dashboard:
    """Colour steps come from the alerts on a panel's signals, so that a limit is written once."""
    rows = tuple(
        replace(row, panels=tuple(_with_thresholds(panel, alerts) for panel in row.panels)) for row in dashboard.rows
    )
    return replace(dashboard, rows=rows)


def _with_thresholds(panel: Panel, alerts: tuple[Alert, ...]) -> Panel:
    if panel.thresholds:
        return panel
    steps = {
        Threshold(
            value=a.threshold, severity=a.severity.value, above=a.op in (">", ">="), inclusive=a.op in (">=", "<=")
        )
        for a in alerts
        if a.signal in panel.signals and a.op in (">", ">=", "<", "<=")
    }
    return replace(panel, thresholds=tuple(sorted(steps, key=lambda s: (s.value, s.severity))))
