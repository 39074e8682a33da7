"""promql/always-true and promql/never-true: comparisons that no data can change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import promql_parser as pp

from obs.check.constants import unwrapped
from obs.check.parse import numbers_filled, used_selectors
from obs.check.scope import Scope
from obs.check.values import COMPARISONS, values
from obs.check.vector import Range


def check_conditions(scope: Scope, tree: pp.Expr) -> None:
    """Reports what is decided before there is any data."""
    if scope.expression.kind in ("panel", "variable") and numbers_filled(scope.expression.text):
        return
    for node in _conditions(tree):
        _check(scope, node)


def _conditions(tree: pp.Expr) -> list[pp.BinaryExpr]:
    """Comparisons, but for those that only keep a divisor above zero: one that is never needed does no harm."""
    found: list[pp.BinaryExpr] = []
    divisors: Counter[str] = Counter()

    def visit(node: pp.Expr) -> None:
        if not isinstance(node, pp.BinaryExpr):
            return
        if str(node.op) in COMPARISONS:
            found.append(node)
        elif str(node.op) == "/":
            by = unwrapped(node.rhs)
            if isinstance(by, pp.BinaryExpr) and str(by.op) == ">" and str(unwrapped(by.rhs)) == "0":
                divisors[str(by)] += 1

    pp.walk(tree, visit)
    # The parser makes each node anew where it is asked for, so a text that stands twice is taken out once.
    kept = []
    for node in found:
        if divisors[str(node)]:
            divisors[str(node)] -= 1
        else:
            kept.append(node)
    return kept


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
