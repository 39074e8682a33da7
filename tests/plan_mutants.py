"""A plan's expressions with one defect each: a metric that is called otherwise, a label that it no longer has.

What a mutant needs is worked out from the expressions as they are written, not by the checks that must find it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from dashboards.queries import dashboard_variables, narrowed, values_selector
from model.expr import Aggregation, Binary, Call, Expr, Selector, Text
from obs.check.catalogue import Catalogue
from obs.check.expression import Expression, Kind
from obs.check.templates import template_labels
from plan import Plan

Pair = tuple[str, str]
"""A metric and a label of it."""
_SELECTING = {"topk", "bottomk"}


@dataclass(frozen=True)
class Asked:
    """An expression of a plan as it is asked; ``shown`` are the labels that a legend, text or variable takes of it."""

    subject: str
    kind: Kind
    expr: Expr
    shown: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    legend: str = ""
    ruler: bool = False
    signal: Expr | None = None
    """What a panel narrows: its own mutants are there already, and the panel adds those of its variables."""

    def changed(self, expr: Expr, subject: str) -> Expression:
        variable = self.kind == "variable"
        text = f"label_values({expr}, {self.shown[0]})" if variable else str(expr)
        legend = None if variable else self.legend
        return Expression(text, self.kind, subject, "", templates=self.templates, legend=legend, ruler=self.ruler)


def asked(plan: Plan) -> Iterator[Asked]:
    """Every rule, every signal, every panel and every variable."""
    of_ruler = set(map(id, plan.of_ruler))
    for rule in plan.records:
        yield Asked(f"record {rule.record}", "recording", rule.expr, ruler=id(rule) in of_ruler)
    for alert in plan.alerts:
        texts = (alert.summary, alert.description, *alert.own_labels.values())
        shown = tuple(label for text in texts for label in template_labels(text))
        yield Asked(f"alert {alert.name}", "alert", alert.expr, shown, texts, ruler=id(alert) in of_ruler)
    for owner, signal in plan.signals():
        yield Asked(f"signal {owner}.{signal.name}", "panel", signal.query, signal.legend_labels, legend=signal.legend)
    for board in plan.dashboards:
        variables = dashboard_variables(board)
        for index, variable in enumerate(variables):
            subject = f"{board.uid} ${variable.name}"
            yield Asked(subject, "variable", values_selector(variable, variables[:index]), (variable.label,))
        for panel in board.panels:
            for signal in panel.signals:
                subject, expr = f"{board.uid} {panel.title}", narrowed(signal, variables)
                shown = signal.legend_labels
                yield Asked(subject, "panel", expr, shown, legend=signal.legend, signal=signal.query)


def renamed(one: Asked) -> Iterator[tuple[str, Expression]]:
    """(what was done, mutant) for each metric that is read; one for a panel, whose signal has the others."""
    names = sorted({s.name for s in one.expr.selectors()})
    for name in names if one.signal is None else names[:1]:
        did = f"{one.subject}: {name} is renamed"
        # In one word: to look for a similar name costs more than all else.
        yield did, one.changed(_instead(one.expr, name, re.sub(r"[_:]", "", name) + "X"), did)


def without_label(one: Asked, known: Catalogue) -> Iterator[tuple[str, Expression, Pair]]:
    """The same for each label that a metric has of its own and that the expression needs."""
    beside = set() if one.signal is None else needed(one.signal, one.shown)
    for name, label in sorted(needed(one.expr, one.shown) - beside):
        if any(label in series.labels and not series.open for series in known.series.get(name, ())):
            did = f"{one.subject}: {name} lost {label}"
            yield did, one.changed(_instead(one.expr, name, lost(name, label)), did), (name, label)


def lost(name: str, label: str) -> str:
    """What a metric without its label is called. The ending stays: buckets are known by it."""
    return f"without_{label}_{name}"


def with_losses(known: Catalogue, pairs: Collection[Pair]) -> Catalogue:
    """The catalogue, and beside it each metric without its label under its other name."""
    series = {
        lost(name, label): tuple(
            replace(s, name=lost(name, label), labels=s.labels - {label}) for s in known.series[name]
        )
        for name, label in pairs
    }
    return replace(known, series={**known.series, **series})


def needed(expr: Expr, above: Collection[str]) -> set[Pair]:
    """(metric, label) without which the result is another: ``above`` are the labels that are taken of it."""
    wanted = set(above)
    if isinstance(expr, Selector):
        return {(expr.name, m.label) for m in expr.matchers if not m.accepts("")} | {(expr.name, w) for w in wanted}
    if isinstance(expr, Aggregation):
        return needed(expr.expr, {*expr.by, *(wanted if expr.op in _SELECTING else ())})
    if isinstance(expr, Call):
        return _of_call(expr, wanted)
    if isinstance(expr, Binary):
        return _of_binary(expr, wanted)
    return set()


def _of_call(expr: Call, wanted: set[str]) -> set[Pair]:
    if expr.function in ("label_replace", "label_join"):
        texts = [arg.value for arg in expr.args[1:] if isinstance(arg, Text)]
        sources = texts[2:3] if expr.function == "label_replace" else texts[2:]
        return needed(expr.args[0], (wanted - {texts[0]}) | {source for source in sources if source})
    if expr.function.startswith("absent"):
        return needed(expr.args[0], ())
    inner = wanted | {"le"} if expr.function == "histogram_quantile" else wanted
    return set().union(*(needed(arg, inner) for arg in expr.args))


def _of_binary(expr: Binary, wanted: set[str]) -> set[Pair]:
    on = set(expr.on or ())
    if expr.op == "or":
        return needed(expr.lhs, wanted) | needed(expr.rhs, wanted)
    if expr.op in ("and", "unless"):
        return needed(expr.lhs, wanted | on) | needed(expr.rhs, on)
    if expr.group_left is not None:
        taken = set(expr.group_left)
        return needed(expr.lhs, (wanted - taken) | on) | needed(expr.rhs, on | (taken & wanted))
    both = wanted if expr.on is None else on
    return needed(expr.lhs, both) | needed(expr.rhs, both)


def _instead(expr: Expr, name: str, other: str) -> Expr:
    return expr.mapped(lambda s: replace(s, name=other) if s.name == name else s)
