"""promql/always-true and promql/never-true: comparisons that no data can change."""

from __future__ import annotations

from collections.abc import Callable

import promql_parser as pp

from obs.check.constants import unwrapped
from obs.check.parse import numbers_filled, used_selectors
from obs.check.scope import Scope
from obs.check.values import COMPARISONS, values
from obs.check.vector import Range


def check_conditions(scope: Scope, tree: pp.Expr) -> Range:
    """Reports what is decided before there is any data; gives the values of the whole."""
    if not (scope.expression.kind in ("panel", "variable") and numbers_filled(scope.expression.text)):
        divisors = _divisors(tree)
        for node in comparisons(tree):
            if str(node) not in divisors:
                _check(scope, node)
    return values(scope, tree)


def _divisors(tree: pp.Expr) -> set[str]:
    """What is divided by where it is above zero: a guard that is never needed does no harm."""
    found: set[str] = set()

    def visit(node: pp.Expr) -> None:
        if isinstance(node, pp.BinaryExpr) and str(node.op) == "/":
            by = unwrapped(node.rhs)
            if isinstance(by, pp.BinaryExpr) and str(by.op) == ">" and str(unwrapped(by.rhs)) == "0":
                found.add(str(by))

    pp.walk(tree, visit)
    return found


def comparisons(tree: pp.Expr) -> list[pp.BinaryExpr]:
    found: list[pp.BinaryExpr] = []

    def visit(node: pp.Expr) -> None:
        if isinstance(node, pp.BinaryExpr) and str(node.op) in COMPARISONS:
            found.append(node)

    pp.walk(tree, visit)
    return found


def _check(scope: Scope, node: pp.BinaryExpr) -> None:
    left, right, op = values(scope, node.lhs), values(scope, node.rhs), str(node.op)
    if not used_selectors(node.lhs) and not used_selectors(node.rhs):
        return  # `vector(1) > 0` is meant so: the heartbeat
    if _NEVER[op](left, right):
        scope.report("promql/never-true", f"`{op}` is true of no value: {_said(left, node.lhs)}, in {node}")
    # Where another comparison takes series out, their being there is the condition, and the outer one only repeats it.
    elif not (left.narrowed or right.narrowed) and _ALWAYS[op](left, right):
        scope.report("promql/always-true", f"`{op}` is true of every value: {_said(left, node.lhs)}, in {node}")


def _said(one: Range, node: pp.Expr) -> str:
    if one.low == one.high:
        return f"{node} is always {one.low:g}"
    if one.high < float("inf"):
        return f"{node} is from {one.low:g} to {one.high:g}"
    return f"{node} is {one.low:g} at least"


_ALWAYS: dict[str, Callable[[Range, Range], bool]] = {
    ">": lambda a, b: a.low > b.high,
    ">=": lambda a, b: a.low > b.high or (a.low >= b.high and not a.may_be_nan),  # `>= 0` takes out what is no number
    "<": lambda a, b: a.high < b.low,
    "<=": lambda a, b: a.high < b.low or (a.high <= b.low and not a.may_be_nan),
    "==": lambda a, b: a.low == a.high == b.low == b.high,
    "!=": lambda a, b: a.low > b.high or a.high < b.low,
}
_NEVER: dict[str, Callable[[Range, Range], bool]] = {
    ">": lambda a, b: a.high <= b.low,
    ">=": lambda a, b: a.high < b.low,
    "<": lambda a, b: a.low >= b.high,
    "<=": lambda a, b: a.low > b.high,
    "==": lambda a, b: a.low > b.high or a.high < b.low,
    "!=": lambda a, b: a.low == a.high == b.low == b.high and not a.may_be_nan and not b.may_be_nan,
}
