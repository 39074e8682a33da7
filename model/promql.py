"""PromQL composed from typed parts.

Every aggregation and every explicit match keeps the label ``cluster``, so that one rule serves a
single Prometheus and a view over many.
"""

from __future__ import annotations

from model.expr import Aggregation, Binary, Call, Expr, Length, Matcher, Number, Op, Operand, Selector, Text, as_expr
from model.quantity import seconds

CLUSTER = "cluster"


def eq(label: str, value: str) -> Matcher:
    return Matcher(label, "=", value)


def ne(label: str, value: str) -> Matcher:
    return Matcher(label, "!=", value)


def matching(label: str, pattern: str) -> Matcher:
    return Matcher(label, "=~", pattern)


def not_matching(label: str, pattern: str) -> Matcher:
    return Matcher(label, "!~", pattern)


def metric(name: str, *matchers: Matcher, may_be_absent: str | None = None, no_contract: str | None = None) -> Selector:
    """An instant vector.

    ``may_be_absent`` is the reason why a sound system may have no series of a metric that a contract has;
    ``no_contract`` the reason why no contract has the metric at all, which the checks report otherwise.
    """
    return Selector(name, matchers, may_be_absent=may_be_absent, no_contract=no_contract)


def with_cluster(labels: tuple[str, ...]) -> tuple[str, ...]:
    return labels if CLUSTER in labels else (CLUSTER, *labels)


def binary(
    op: Op,
    lhs: Operand,
    rhs: Operand,
    *,
    on: tuple[str, ...] | None = None,
    group_left: tuple[str, ...] | None = None,
) -> Binary:
    """A binary expression; an explicit match (``on``) always matches on ``cluster`` too."""
    return Binary(op, as_expr(lhs), as_expr(rhs), None if on is None else with_cluster(on), group_left)


def call(function: str, *args: Operand | str) -> Call:
    """Any PromQL function; strings become string arguments, numbers become literals."""
    return Call(function, tuple(Text(a) if isinstance(a, str) else as_expr(a) for a in args))


def aggregate(op: str, expr: Expr, by: tuple[str, ...], param: float | None = None) -> Aggregation:
    return Aggregation(op, expr, with_cluster(by), param)


def sum_by(expr: Expr, *labels: str) -> Aggregation:
    return aggregate("sum", expr, labels)


def avg_by(expr: Expr, *labels: str) -> Aggregation:
    return aggregate("avg", expr, labels)


def max_by(expr: Expr, *labels: str) -> Aggregation:
    return aggregate("max", expr, labels)


def min_by(expr: Expr, *labels: str) -> Aggregation:
    return aggregate("min", expr, labels)


def count_by(expr: Expr, *labels: str) -> Aggregation:
    return aggregate("count", expr, labels)


def rate(selector: Selector, window: str) -> Call:
    return call("rate", selector.over(window))


def increase(selector: Selector, window: str) -> Call:
    return call("increase", selector.over(window))


def over_time(function: str, selector: Selector, window: str, resolution: str | None = None) -> Call:
    """``<function>_over_time(selector[window])``, function being avg, sum, max, min, count or last.

    ``resolution``: the selector is looked at so often, instead of at each of its samples.
    """
    return call(f"{function}_over_time", selector.over(window, resolution))


def absent(expr: Expr) -> Call:
    return call("absent", expr)


def histogram_quantile(quantile: float, expr: Expr) -> Call:
    """``expr`` must keep the label ``le``."""
    return call("histogram_quantile", quantile, expr)


def unless(lhs: Expr, rhs: Expr, *, on: tuple[str, ...] | None = None) -> Binary:
    return binary("unless", lhs, rhs, on=on)


def constant(value: float) -> Call:
    """A vector without labels."""
    return call("vector", Number(value))


def length(*durations: str) -> Length:
    """The sum of Prometheus durations as a number of seconds, to compare with a time or to multiply a rate by."""
    return Length(sum(seconds(text) for text in durations))
