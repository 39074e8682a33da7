"""Which metrics a plan reads, where, and by which labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dashboards.queries import dashboard_variables
from model.expr import Aggregation, Binary, Expr, Selector
from model.promql import metric
from plan import Plan


@dataclass(frozen=True)
class Read:
    """One selector of the plan. ``labels`` are all labels that its expression names."""

    selector: Selector
    subject: str
    where: str
    labels: frozenset[str]

    def of_job(self, job: str, labels: frozenset[str]) -> bool:
        """Whether the selector can select series of that job that have these labels alone."""
        return all(
            m.accepts(job) if m.label == "job" else m.label in labels or m.accepts("") for m in self.selector.matchers
        )


def reads(plan: Plan) -> Mapping[str, tuple[Read, ...]]:
    """Series name -> its readers: rules, panels and the variables of dashboards."""
    found: defaultdict[str, list[Read]] = defaultdict(list)
    for subject, where, expr in _expressions(plan):
        named = frozenset(_named(expr))
        for selector in expr.selectors():
            found[selector.name].append(Read(selector, subject, where, named))
    return {name: tuple(readers) for name, readers in found.items()}


def _expressions(plan: Plan) -> Iterator[tuple[str, str, Expr]]:
    for rule in plan.records:
        yield f"rule {rule.record}", str(rule.where), rule.expr
    for alert in plan.alerts:
        yield f"alert {alert.name}", str(alert.where), alert.expr
    for dashboard in plan.dashboards:
        for variable in dashboard_variables(dashboard):
            yield f"variable {variable.name} of {dashboard.uid}", str(variable.where), metric(variable.metric)
        for panel in dashboard.panels:
            for signal in panel.signals:
                yield f"panel {panel.title} of {dashboard.uid}", str(signal.where), signal.query


def _named(expr: Expr) -> Iterator[str]:
    if isinstance(expr, Selector):
        yield from (matcher.label for matcher in expr.matchers)
    elif isinstance(expr, Aggregation):
        yield from expr.by
    elif isinstance(expr, Binary):
        yield from (*(expr.on or ()), *(expr.group_left or ()))
    for child in expr.children():
        yield from _named(child)
