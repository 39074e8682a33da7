"""Which values an expression can have at all, as far as its parts tell without data.

A counter is never negative, a count is one at least, ``up`` is 0 or 1; what is calculated from them follows. Of a gauge
nothing is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import promql_parser as pp

from obs.check.constants import unwrapped
from obs.check.scope import Scope
from obs.check.selector import selected_names
from obs.check.vector import Range

_INF = math.inf
COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}


ANY = Range()
_POSITIVE = Range(0)
_COUNT = Range(1)
_SHARE = Range(0, 1)
_OF_FUNCTION = {
    **dict.fromkeys(("rate", "irate", "increase", "resets", "changes", "time", "timestamp", "sqrt", "exp"), _POSITIVE),
    **dict.fromkeys(("stddev_over_time", "stdvar_over_time", "histogram_count"), _POSITIVE),
    "count_over_time": _COUNT,
    **dict.fromkeys(("absent", "absent_over_time"), Range(1, 1, narrowed=True)),
    "present_over_time": Range(1, 1),
    "histogram_fraction": Range(0, 1, may_be_nan=True),
    "hour": Range(0, 23),
    "minute": Range(0, 59),
    "day_of_week": Range(0, 6),
    "day_of_month": Range(1, 31),
    "day_of_year": Range(1, 366),
    "days_in_month": Range(28, 31),
    "month": Range(1, 12),
}
_SAME = {
    *("sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "label_replace", "label_join", "vector", "scalar"),
    *("last_over_time", "first_over_time", "avg_over_time", "min_over_time", "max_over_time", "quantile_over_time"),
}
_OF_AGGREGATION = {
    "count": _COUNT,
    "count_values": _COUNT,
    "group": Range(1, 1),
    "stddev": _POSITIVE,
    "stdvar": _POSITIVE,
}


def values(scope: Scope, node: pp.Expr) -> Range:
    """The values of an expression. Scalars and vectors alike; a text has any."""
    node = unwrapped(node)
    step = _STEPS.get(type(node))
    return ANY if step is None else step(scope, node)


def _selector(scope: Scope, node: pp.VectorSelector) -> Range:
    names = selected_names(node, [node.name] if node.name else list(scope.known.names()))
    found = [_of_name(scope, name) for name in names]
    result = found[0] if found else ANY
    for other in found[1:]:
        result |= other
    return result


def _of_name(scope: Scope, name: str) -> Range:
    sources = scope.known.sources(name)
    if name in scope.known.ranges:
        return scope.known.ranges[name]
    if not sources:
        return ANY
    if name == "up":
        return _SHARE
    counted = all(source.vector.type == "counter" or name.endswith(("_bucket", "_count")) for source in sources)
    return _POSITIVE if counted and not any(source.vector.type == "gauge" for source in sources) else ANY


def _call(scope: Scope, node: pp.Call) -> Range:
    name, args = node.func.name, list(node.args)
    if name in _OF_FUNCTION:
        return _OF_FUNCTION[name]
    if name in ("clamp", "clamp_min", "clamp_max", "abs", "round", "ceil", "floor", "sum_over_time"):
        return _bounded(name, [values(scope, arg) for arg in args])
    if name in _SAME and args:
        own = values(scope, args[1] if name == "quantile_over_time" else args[0])
        return replace(own, may_be_nan=True) if name == "scalar" else own
    return replace(ANY, may_be_nan=name == "histogram_quantile")


def _bounded(name: str, args: list[Range]) -> Range:
    first, *rest = args
    if name == "abs":
        return Range(max(first.low, -first.high, 0), max(abs(first.low), abs(first.high)), first.may_be_nan)
    if name == "sum_over_time":
        return _summed(first)
    if name in ("clamp_min", "clamp") and rest:
        first = replace(first, low=max(first.low, rest[0].low), high=max(first.high, rest[0].high))
    if name in ("clamp_max", "clamp") and rest:
        first = replace(first, low=min(first.low, rest[-1].low), high=min(first.high, rest[-1].high))
    if name in ("round", "ceil", "floor"):  # to what is not asked: only the sign stays
        return Range(0 if first.low >= 0 else -_INF, 0 if first.high <= 0 else _INF, first.may_be_nan, first.narrowed)
    return first


def _summed(one: Range) -> Range:
    """Of one value at least."""
    low, high = one.low if one.low >= 0 else -_INF, one.high if one.high <= 0 else _INF
    return replace(one, low=low, high=high)


def _aggregation(scope: Scope, node: pp.AggregateExpr) -> Range:
    op = str(node.op)
    inner = values(scope, node.expr)
    if op in _OF_AGGREGATION:
        return replace(_OF_AGGREGATION[op], narrowed=inner.narrowed)
    return _summed(inner) if op == "sum" else inner


def _binary(scope: Scope, node: pp.BinaryExpr) -> Range:
    op = str(node.op)
    left, right = values(scope, node.lhs), values(scope, node.rhs)
    if op == "or":
        return left | right
    if op in ("and", "unless"):
        return replace(left, narrowed=True)
    if op in COMPARISONS:
        if node.modifier is not None and node.modifier.return_bool:
            return _SHARE
        kept, limit, said = (right, left, _TURNED[op]) if _is_scalar(node.lhs) else (left, right, op)
        return _filtered(kept, said, limit)
    calculated = _ARITHMETIC.get(op)
    nan = left.may_be_nan or right.may_be_nan or (op in ("/", "%") and right.low <= 0 <= right.high)
    low, high = calculated(left, right) if calculated else (-_INF, _INF)
    return Range(low, high, nan, left.narrowed or right.narrowed)


_TURNED = {"==": "==", "!=": "!=", ">": "<", "<": ">", ">=": "<=", "<=": ">="}


def _is_scalar(node: pp.Expr) -> bool:
    node = unwrapped(node)
    if isinstance(node, pp.UnaryExpr):
        return _is_scalar(node.expr)
    if isinstance(node, pp.BinaryExpr):
        return _is_scalar(node.lhs) and _is_scalar(node.rhs)
    return isinstance(node, pp.NumberLiteral) or (isinstance(node, pp.Call) and node.func.name in ("time", "scalar"))


def _filtered(one: Range, op: str, limit: Range) -> Range:
    low, high = one.low, one.high
    if op in (">", ">=", "=="):
        low = max(low, math.nextafter(limit.low, _INF) if op == ">" else limit.low)
    if op in ("<", "<=", "=="):
        high = min(high, math.nextafter(limit.high, -_INF) if op == "<" else limit.high)
    return Range(low, high, one.may_be_nan and op == "!=", narrowed=True)


def _product(left: Range, right: Range) -> tuple[float, float]:
    # No value is infinite: 0 times the end of a range is 0.
    ends = [0.0 if 0 in (a, b) else a * b for a in (left.low, left.high) for b in (right.low, right.high)]
    return min(ends), max(ends)


def _quotient(left: Range, right: Range) -> tuple[float, float]:
    if right.low < 0:
        return -_INF, _INF
    most = 1 / right.low if right.low > 0 else _INF
    return _product(left, Range(0 if right.high == _INF else 1 / right.high if right.high else _INF, most))


def _difference(left: Range, right: Range) -> tuple[float, float]:
    return left.low - right.high, left.high - right.low


_ARITHMETIC: dict[str, Callable[[Range, Range], tuple[float, float]]] = {
    "+": lambda a, b: (a.low + b.low, a.high + b.high),
    "-": _difference,
    "*": _product,
    "/": _quotient,
    "%": lambda a, _: (0, _INF) if a.low >= 0 else (-_INF, _INF),
    "^": lambda a, _: (0, _INF) if a.low >= 0 else (-_INF, _INF),
}


def _negated(scope: Scope, node: pp.UnaryExpr) -> Range:
    inner = values(scope, node.expr)
    return replace(inner, low=-inner.high, high=-inner.low)


_STEPS: dict[type[pp.Expr], Callable[[Scope, Any], Range]] = {
    pp.NumberLiteral: lambda _, node: ANY if math.isnan(node.val) else Range(node.val, node.val),
    pp.VectorSelector: _selector,
    pp.MatrixSelector: lambda scope, node: _selector(scope, node.vector_selector),
    pp.SubqueryExpr: lambda scope, node: values(scope, node.expr),
    pp.UnaryExpr: _negated,
    pp.AggregateExpr: _aggregation,
    pp.BinaryExpr: _binary,
    pp.Call: _call,
}
