"""The pace of a stack: with ``timeCompression: 30`` whatever waits, waits a thirtieth of its time.

A pod must not start for 15 minutes before its alert fires; nobody watches a trial for that long. So stack
``local`` divides every duration of its rules, scrapes and routes by one number: they keep their proportions,
and the rules are the very rules of production. What is not a wait stays: rates are per second, counters run in
real time, thresholds are values, and titles, texts, names of records and the retention speak of production.

Everything here is applied before rules and dashboards are derived, and one signal gives one signal: an alert
and its panel still share it.
"""

from __future__ import annotations

from dataclasses import replace

from model.expr import Expr, Length, Selector
from model.quantity import compressed
from model.route import Route, RoutingTree
from model.rule import Alert, RecordingRule, RuleGroup, Signal
from model.scrape import Scrape
from model.system import Section, System
from slo.rules import SloRules


class Pace:
    """Divides durations by ``factor``; with 1 every value stays as it is."""

    def __init__(self, factor: int) -> None:
        self._factor = factor
        self._signals: dict[int, tuple[Signal, Signal]] = {}  # the first keeps the identity of the key taken

    def system(self, system: System) -> System:
        if self._factor == 1:
            return system
        return replace(
            system,
            interval=self.length(system.interval),
            scrapes=tuple(self._scrape(scrape) for scrape in system.scrapes),
            signals=tuple(self.signal(signal) for signal in system.signals),
            records=tuple(self._record(record) for record in system.records),
            alerts=tuple(self._alert(alert) for alert in system.alerts),
            sections=tuple(self._section(section) for section in system.sections),
        )

    def objective(self, objective: SloRules) -> SloRules:
        return replace(
            objective,
            group=self.group(objective.group),
            signals=tuple(self.signal(signal) for signal in objective.signals),
        )

    def group(self, group: RuleGroup) -> RuleGroup:
        if self._factor == 1:
            return group
        rules = tuple(self._alert(r) if isinstance(r, Alert) else self._record(r) for r in group.rules)
        return replace(group, interval=self.length(group.interval), rules=rules)

    def routing(self, tree: RoutingTree) -> RoutingTree:
        return replace(
            tree,
            routes=tuple(self._route(route) for route in tree.routes),
            group_wait=self.length(tree.group_wait),
            group_interval=self.length(tree.group_interval),
            repeat_interval=self.length(tree.repeat_interval),
        )

    def signal(self, signal: Signal) -> Signal:
        """One value for one signal, however often it is asked for; itself where nothing in it waits."""
        if id(signal) not in self._signals:
            expr = self.expr(signal.expr)
            self._signals[id(signal)] = (signal, signal if expr == signal.expr else replace(signal, expr=expr))
        return self._signals[id(signal)][1]

    def expr(self, expr: Expr) -> Expr:
        """Ranges, offsets and numbers that are lengths of time, divided."""
        return expr.with_leaves(self._leaf)

    def length(self, duration: str) -> str:
        return compressed(duration, self._factor)

    def _leaf(self, leaf: Expr) -> Expr:
        if isinstance(leaf, Length):
            return Length(leaf.seconds / self._factor)
        if isinstance(leaf, Selector):
            return replace(
                leaf,
                range=self._window(leaf.range),
                resolution=self._window(leaf.resolution),
                offset=self._window(leaf.offset),
            )
        return leaf

    def _window(self, duration: str | None) -> str | None:
        """Grafana fills in ``$__rate_interval`` itself, from the interval of the scrapes."""
        return self.length(duration) if duration and not duration.startswith("$") else duration

    def _record(self, rule: RecordingRule) -> RecordingRule:
        return replace(rule, expr=self.expr(rule.expr))

    def _alert(self, alert: Alert) -> Alert:
        guard = self.expr(alert.guard) if alert.guard is not None else None
        return replace(alert, signal=self.signal(alert.signal), guard=guard, for_=self.length(alert.for_))

    def _scrape(self, scrape: Scrape) -> Scrape:
        endpoints = tuple(replace(e, interval=self.length(e.interval)) for e in scrape.endpoints)
        return replace(scrape, endpoints=endpoints)

    def _section(self, section: Section) -> Section:
        panels = tuple(replace(p, signals=tuple(self.signal(s) for s in p.signals)) for p in section.panels)
        return replace(section, panels=panels)

    def _route(self, route: Route) -> Route:
        return replace(
            route,
            group_wait=self._window(route.group_wait),
            group_interval=self._window(route.group_interval),
            repeat_interval=self._window(route.repeat_interval),
        )
