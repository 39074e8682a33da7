"""What can be told from the numbers in an expression."""

from __future__ import annotations

import math

import promql_parser as pp

from obs.check.scope import Scope

_COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}


def unwrapped(node: pp.Expr) -> pp.Expr:
    """The expression inside its parentheses."""
    while isinstance(node, pp.ParenExpr):
        node = node.expr
    return node


def constant(node: pp.Expr) -> float | None:
    """The value of an expression made of numbers alone; None for any other."""
    node = unwrapped(node)
    if isinstance(node, pp.NumberLiteral):
        return node.val
    if isinstance(node, pp.UnaryExpr):
        value = constant(node.expr)
        return None if value is None else -value
    if isinstance(node, pp.BinaryExpr):
        left, right = constant(node.lhs), constant(node.rhs)
        return None if left is None or right is None else _calculated(str(node.op), left, right)
    return None


def _calculated(op: str, left: float, right: float) -> float | None:
    try:
        if op == "/" and right == 0:  # IEEE 754, as Prometheus: no error
            return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
        simple = {"+": left + right, "-": left - right, "*": left * right}
        if op in simple:
            return simple[op]
        return {"/": lambda: left / right, "%": lambda: math.fmod(left, right), "^": lambda: math.pow(left, right)}[
            op
        ]()
    except (KeyError, ValueError, ArithmeticError):
        return None


def check_constants(scope: Scope, node: pp.BinaryExpr) -> None:
    """Operations whose result is NaN or infinite whatever the data."""
    op, right = str(node.op), constant(node.rhs)
    if right == 0 and op in ("/", "%"):
        scope.report("promql/always-nan", f"`{op}` by zero is never a number: {node}")
    if (op in _COMPARISONS or op in "+-*/%^") and any(
        value is not None and math.isnan(value) for value in (right, constant(node.lhs))
    ):
        scope.report("promql/always-nan", f"NaN on one side of `{op}`: {node}")


def check_quantile(scope: Scope, name: str, node: object) -> None:
    """A quantile outside 0 to 1 gives -Inf or +Inf (95 instead of 0.95)."""
    value = constant(node) if isinstance(node, pp.Expr) else None
    if value is not None and not 0 <= value <= 1:
        better = f"{value / 100:g}" if 1 < value <= 100 else None
        scope.report("promql/always-nan", f"{name} takes a quantile from 0 to 1, {value:g} gives infinity", better)
