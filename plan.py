"""Everything that a stack deploys, as typed values: no Pulumi, no cluster, no text.

The program registers a plan's parts; the workbench checks and lists them. Both get it from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import contracts
import systems
from alerting.heartbeat import heartbeat_group
from alerting.inhibition import tiers, with_source
from alerting.overrides import orphans, overridden, owned, unknown
from alerting.routing import routing_tree
from alerting.settings import AlertingSettings
from alerting.times import MatchSettings
from cardinality import KeepLists, asked_in_runbooks, keep_lists, lean
from dashboards.thresholds import coloured
from dashboards.tree import dashboards_of, signals_of
from model.dashboard import Dashboard, Panel, Store
from model.quantity import seconds
from model.route import Inhibition, RoutingTree
from model.rule import Alert, Evaluator, RecordingRule, RuleGroup, RuleObject, Signal
from model.system import RetentionClass, SeriesClass, System
from pace import Pace
from placement import NOTHING, placed, too_short
from settings import Settings
from slo.openslo import read_all
from slo.platform import AVAILABILITY_WINDOW, inhibitions, platform
from slo.rules import SloRules, compile_slo
from systems.base import Context
from systems.capacity import capacity
from systems.collector import VERIFIED
from systems.pipeline import pipeline

PROJECT = Path(__file__).parent
_NEAREST = {1: 0, 2: 1, 0: 2}


@dataclass(frozen=True)
class Plan:
    """``retention`` is how long Prometheus keeps what its rules read, a Prometheus duration.

    ``series`` says of which retention class the stack's series are; infrastructure is everything else. ``kept`` is how
    far the Ruler may look back, by class; empty where there is no Thanos. ``refused`` are problems of the settings that
    only the systems and their alerts show. ``keep`` has the keep-lists of a lean stack; None stores everything.
    """

    systems: tuple[System, ...]
    objectives: tuple[SloRules, ...]
    rules: tuple[RuleObject, ...]
    dashboards: tuple[Dashboard, ...]
    routing: RoutingTree
    retention: str
    series: Mapping[RetentionClass, SeriesClass]
    kept: Mapping[RetentionClass, str]
    refused: tuple[str, ...] = ()
    keep: KeepLists | None = None

    def groups(self) -> Iterator[RuleGroup]:
        return (group for obj in self.rules for group in obj.groups)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(alert for group in self.groups() for alert in _alerts(group))

    @property
    def records(self) -> tuple[RecordingRule, ...]:
        return tuple(rule for group in self.groups() for rule in group.rules if isinstance(rule, RecordingRule))

    def signals(self) -> Iterator[tuple[str, Signal]]:
        """(owner, signal): owner is a system's name, ``slo`` or ``platform``."""
        for system in self.systems:
            yield from ((system.name, signal) for signal in system.signals)
        shared = {signal.name: signal for objective in self.objectives for signal in objective.signals}
        yield from (("slo", signal) for signal in shared.values())
        yield from (("platform", signal) for signal in signals_of(self.dashboards, self.systems, self.objectives))

    def panel_showing(self, signal: Signal) -> tuple[Dashboard, Panel] | None:
        """Where a person looks when the signal alerts: its domain, else a detail, else navigation."""
        return next(((d, panel) for d, panel in self._showing.get(signal.name, ()) if signal in panel.signals), None)

    @cached_property
    def _showing(self) -> dict[str, list[tuple[Dashboard, Panel]]]:
        """Name of a signal -> the panels with a signal of that name, the nearest first."""
        found: dict[str, list[tuple[Dashboard, Panel]]] = {}
        nearest = sorted(self.dashboards, key=lambda d: _NEAREST[d.level])
        for place, name in (((d, p), s.name) for d in nearest for p in d.panels for s in p.signals):
            found.setdefault(name, []).append(place)
        return found

    @property
    def of_ruler(self) -> list[RecordingRule | Alert]:
        """The rules that the Thanos Ruler evaluates, over what has left Prometheus."""
        return [r for obj in self.rules if obj.evaluator is Evaluator.RULER for g in obj.groups for r in g.rules]

    def problems(self) -> list[str]:
        """What is wrong with the settings once the rules that they lead to are known."""
        return [*self.refused, *self._short_retentions()]

    def _short_retentions(self) -> list[str]:
        if not self.kept:
            kept = {"prometheus.retention": self.retention}
            return list(too_short(kept, [*self.records, *self.alerts], "; without Thanos nobody else can evaluate it"))
        return [
            problem
            for kind, length in self.kept.items()
            for problem in too_short(
                {f"metricsStore.retention.{kind}.fiveMinutes": length},
                [rule for rule in self.of_ruler if kind in self._classes(rule)],
                "; the Ruler reads 5-minute blocks where raw ones are gone, and no coarser ones",
            )
        ]

    def _classes(self, rule: RecordingRule | Alert) -> set[RetentionClass]:
        """Whose series a rule reads. Of what was scraped only the job tells, which few expressions name."""
        recorded = {name: kind for kind, series in self.series.items() for name in series.records}
        scraped = {RetentionClass.INFRASTRUCTURE, RetentionClass.APPLICATION}
        names = {selector.name for selector in rule.expr.selectors()}
        found = set().union(*({recorded[n]} if n in recorded else scraped for n in names))
        return found & set(self.kept) or {RetentionClass.INFRASTRUCTURE}


def _availability(settings: Settings) -> float | None:
    """What is promised of the platform: what is set, or the default where somebody can look back that far."""
    wanted = settings.platform_objectives
    far = settings.thanos_mode is not None or seconds(settings.prometheus.retention) >= seconds(AVAILABILITY_WINDOW)
    return wanted.availability if far or "availability" in wanted.model_fields_set else None


def build(settings: Settings) -> Plan:
    """The plan of a stack."""
    context = Context(
        cluster=settings.cluster.name,
        namespace=settings.namespace,
        workloads=settings.workload_namespaces,
        enabled=frozenset(settings.monitored),
        size=settings.size,
        thanos_mode=settings.thanos_mode,
        logs_mode=settings.logs_mode,
        traces_mode=settings.traces_mode,
        retention_classes=tuple(settings.retention_classes),
    )
    # What a plan is made of comes in the stack's pace, so that rules, panels and colours agree on it.
    pace = Pace(settings.time_compression)
    built = [systems.build(name, part, context) for name, part in sorted(settings.monitored.items())]
    whole = platform(
        built,
        settings.cluster.name,
        availability=_availability(settings),
        success=settings.platform_objectives.success,
    )
    built += [s for s in (whole, capacity(built), pipeline(built)) if s.rules or s.slos]
    own, unread = read_all(PROJECT, settings.objectives, [slo.name for system in built for slo in system.slos])
    compiled = [compile_slo(slo) for slo in (*(slo for system in built for slo in system.slos), *own)]
    alerting = settings.alerting
    enabled = tuple(pace.system(replace(s, alerts=_as_wanted(s.alerts, alerting))) for s in built)
    objectives = tuple(pace.objective(replace(o, group=_group_as_wanted(o.group, alerting))) for o in compiled)
    defined = [a for s in built for a in s.alerts] + [a for o in compiled for a in _alerts(o.group)]
    rules = (
        *(RuleObject(system.name.replace("_", "-"), (_system_group(system),)) for system in enabled),
        *(RuleObject(objective.group.name, (objective.group,)) for objective in objectives),
        RuleObject("heartbeat", (pace.group(heartbeat_group()),)),
    )
    if settings.thanos_mode is not None:
        # A shard by itself has a part of the series: only the Ruler sees the whole.
        rules = placed(rules, seconds(settings.prometheus.retention) if settings.shards == 1 else NOTHING)
    alerts = tuple(alert for obj in rules for group in obj.groups for alert in _alerts(group))
    modes = {Store.LOGS: settings.logs_mode, Store.TRACES: settings.traces_mode}
    stores = [store for store, mode in modes.items() if mode is not None]
    boards = dashboards_of(enabled, objectives, alerts, stores, settings.runbooks_url)
    plan = Plan(
        systems=enabled,
        objectives=objectives,
        rules=rules,
        dashboards=tuple(coloured(d, alerts) for d in boards),
        routing=pace.routing(routing_tree(settings.alerting, _inhibitions(enabled, alerts))),
        retention=settings.prometheus.retention,
        series=_series(enabled, objectives),
        kept={RetentionClass(name): kept.five_minutes for name, kept in settings.retention_classes.items()},
        refused=(*unread, *_misnamed(alerting, defined, rules)),
    )
    if settings.lean:
        lists = _keep_lists(plan, settings.keep_metrics)
        return replace(plan, systems=lean(enabled, lists), keep=lists)
    return plan


def _as_wanted(alerts: Iterable[Alert], alerting: AlertingSettings) -> tuple[Alert, ...]:
    return overridden(owned(alerts, alerting.teams), alerting.overrides)


def _group_as_wanted(group: RuleGroup, alerting: AlertingSettings) -> RuleGroup:
    records = [rule for rule in group.rules if not isinstance(rule, Alert)]
    return replace(group, rules=(*records, *_as_wanted(_alerts(group), alerting)))


def _misnamed(alerting: AlertingSettings, defined: Sequence[Alert], rules: Iterable[RuleObject]) -> Iterator[str]:
    records = [r for obj in rules for group in obj.groups for r in group.rules if isinstance(r, RecordingRule)]
    matches: list[MatchSettings] = [*alerting.routes, *alerting.maintenance]
    yield from unknown(alerting.overrides, defined, records)
    yield from orphans(alerting.teams, matches, defined)


def _alerts(group: RuleGroup) -> Iterator[Alert]:
    return (rule for rule in group.rules if isinstance(rule, Alert))


def _keep_lists(plan: Plan, extra: Sequence[str]) -> KeepLists:
    """Of what a rule, a panel, a variable, a runbook or `obs verify` reads."""
    exprs = [r.expr for r in plan.records] + [a.expr for a in plan.alerts] + [s.expr for _, s in plan.signals()]
    chosen = (variable.metric for dashboard in plan.dashboards for variable in dashboard.variables)
    asked = asked_in_runbooks(alert.name for alert in plan.alerts)
    return keep_lists(exprs, (*chosen, *asked, *VERIFIED), extra, contracts.load)


def _inhibitions(enabled: tuple[System, ...], alerts: tuple[Alert, ...]) -> tuple[Inhibition, ...]:
    wanted = (*inhibitions(enabled), *(one for system in enabled for one in system.inhibitions))
    return (*tiers(alerts), *with_source(wanted, alerts))


def _series(enabled: tuple[System, ...], objectives: tuple[SloRules, ...]) -> dict[RetentionClass, SeriesClass]:
    """Retention class -> its series, without infrastructure, which is the rest."""
    applications = [system for system in enabled if system.retention is RetentionClass.APPLICATION]
    return {
        RetentionClass.APPLICATION: SeriesClass(
            jobs=_once(scrape.job for system in applications for scrape in system.scrapes),
            records=_records(rule for system in applications for rule in system.rules),
        ),
        RetentionClass.BUSINESS: SeriesClass(
            records=_records(rule for objective in objectives for rule in objective.group.rules)
        ),
    }


def _records(rules: Iterable[RecordingRule | Alert]) -> tuple[str, ...]:
    return _once(rule.record for rule in rules if isinstance(rule, RecordingRule))


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _system_group(system: System) -> RuleGroup:
    name = f"dataops-{system.name.replace('_', '-')}"
    return RuleGroup(name=name, interval=system.interval, rules=system.rules, where=system.where)
