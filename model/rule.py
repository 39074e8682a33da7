"""Recording rules and alerts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from model.expr import Expr, Matcher, Op
from model.limits import Threshold
from model.narrowing import kept_labels
from model.promql import binary, metric
from model.quantity import seconds
from model.source import Defined, must_be

_RECORD = re.compile(r"[a-z_][a-z0-9_]*(:[a-z0-9_]+)+")
_LEGEND_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_ALERT = re.compile(r"[A-Z][A-Za-z0-9]+")

CONFIRMED = "30s"
"""``for`` of a critical alert: one further evaluation, which sees a further scrape (each happens every 30s at most).

Longer, and the way from the fault to the page would take more than 120 s (tests/test_detection.py adds it up).
"""


class Severity(StrEnum):
    """From worst to mildest. Only critical pages, and never outside production."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    WARNING = "warning"
    INFO = "info"
    LOW = "low"
    NONE = "none"
    """For the heartbeat alone: it is routed by its name."""


@dataclass(frozen=True, kw_only=True)
class RecordingRule(Defined):
    """A precomputed series. ``record`` follows level:metric:operation."""

    record: str
    expr: Expr
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if _RECORD.fullmatch(self.record) is None:
            raise ValueError(f"{self.where}: {self.record!r} is not of the form level:metric:operation")

    @property
    def query(self) -> Expr:
        return metric(self.record)


@dataclass(frozen=True, kw_only=True)
class Signal(Defined):
    """One meaning, said once: recording rule, alert and panel derive from it.

    ``name`` is unique in its system (snake case); ``unit`` is a Grafana unit id; ``record`` names the
    recording rule where the value is precomputed; ``good`` says in words what a healthy value is;
    ``scope`` are the labels by which a dashboard may narrow every selector of the expression, beside those that
    every part of it keeps and the legend shows. ``words`` say what single values mean: (1.0, "degraded").
    ``limits`` colour it where no alert watches it; ``states`` are (label, value, severity) of labels that say how an
    object is, with no severity for a good one.
    """

    name: str
    title: str
    description: str
    good: str
    unit: str
    expr: Expr
    legend: str = ""
    record: str | None = None
    scope: tuple[str, ...] = ("cluster",)
    maximum: float | None = None
    words: tuple[tuple[float, str], ...] = ()
    limits: tuple[Threshold, ...] = ()
    states: tuple[tuple[str, str, str], ...] = ()

    @property
    def narrowable(self) -> frozenset[str]:
        """Labels by which a dashboard may narrow what is shown: the same series with the same values are left."""
        shown = frozenset(self.legend_labels)
        return frozenset(self.scope) | (shown if self.record else shown & kept_labels(self.expr))

    @property
    def legend_labels(self) -> tuple[str, ...]:
        """Labels that the legend shows: they tell the objects of the signal apart."""
        return tuple(_LEGEND_LABEL.findall(self.legend))

    @property
    def rule(self) -> RecordingRule | None:
        return RecordingRule(record=self.record, expr=self.expr, where=self.where) if self.record else None

    @property
    def query(self) -> Expr:
        """What a panel or an alert asks: the recorded series where there is one."""
        return metric(self.record) if self.record else self.expr


@dataclass(frozen=True, kw_only=True)
class Alert(Defined):
    """``signal op threshold`` for a time, with an optional guard (minimum traffic, enough history).

    ``only`` narrows the signal to the series that this alert watches (one objective of many).
    ``for_`` is a Prometheus duration. ``summary`` and ``description`` are Prometheus templates.
    The panel that shows ``signal`` is the alert's dashboard link; runbooks/<name>.md its runbook. ``at_once`` says why
    one evaluation is enough, where ``for_`` is 0s: else a single odd sample is an alert, and its end another message.
    """

    name: str
    signal: Signal
    op: Op
    threshold: float
    for_: str
    severity: Severity
    component: str
    summary: str
    description: str
    guard: Expr | None = None
    only: tuple[Matcher, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    at_once: str = ""

    def __post_init__(self) -> None:
        if _ALERT.fullmatch(self.name) is None:
            raise ValueError(f"{self.where}: alert name {self.name!r} is not CamelCase")
        must_be(self.severity, Severity, f"{self.where}: severity of {self.name}")
        seconds(self.for_)

    @property
    def own_labels(self) -> dict[str, str]:
        """What the rule adds to its result's labels. Tiers of one condition share ``signal``: the worse silences the
        milder by it."""
        own = {"severity": self.severity.value, "component": self.component, "signal": self.signal.name}
        return {**own, **self.labels}

    @property
    def expr(self) -> Expr:
        condition = binary(self.op, self.signal.query.narrowed(*self.only), self.threshold)
        if self.guard is None:
            return condition
        # A record that the Ruler reads has the labels of what sent it, which an aggregation takes from the guard.
        return binary("and", condition, self.guard, on=self.guard.grouped() if self.signal.record else None)


@dataclass(frozen=True, kw_only=True)
class RuleGroup(Defined):
    """Rules evaluated together every ``interval``, in order."""

    name: str
    interval: str
    rules: tuple[RecordingRule | Alert, ...]


class Evaluator(StrEnum):
    """Who evaluates rules."""

    PROMETHEUS = "prometheus"
    RULER = "thanos-ruler"


@dataclass(frozen=True)
class RuleObject:
    """One PrometheusRule: ``name`` is the object's name, without the prefix of all rules."""

    name: str
    groups: tuple[RuleGroup, ...]
    evaluator: Evaluator = Evaluator.PROMETHEUS
