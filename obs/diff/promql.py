"""What a reader wants to know of an expression: its threshold, the series that it reads, the labels of its result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser as pp

from obs.check.expression import Expression
from obs.check.parse import parse, used_selectors
from obs.check.selector import matches_of

_COMPARISONS = ("==", "!=", ">=", "<=", ">", "<")


@dataclass(frozen=True)
class Condition:
    """``shape`` is the expression with its threshold left out; equal shapes differ by the threshold alone."""

    shape: str
    op: str
    threshold: float


def condition(expression: str) -> Condition | None:
    """The first comparison with a number that stands in no parentheses; None where there is none."""
    tree = _tree(expression)
    for found in _outside(tree):
        op, number = str(found.op), _number(found.rhs)
        if op in _COMPARISONS and number is not None:
            whole, part = str(tree), str(found)
            return Condition(whole.replace(part, f"{part.removesuffix(str(found.rhs))}…", 1), op, number)
    return None


def _outside(tree: pp.Expr | None) -> Iterator[pp.BinaryExpr]:
    """Operations that stand in no parentheses, in the order of their text."""
    if isinstance(tree, pp.BinaryExpr):
        yield from _outside(tree.lhs)
        yield tree
        yield from _outside(tree.rhs)


def _number(tree: pp.Expr) -> float | None:
    if isinstance(tree, pp.UnaryExpr):  # which the parser has for minus alone
        inner = _number(tree.expr)
        return None if inner is None else -inner
    return float(tree.val) if isinstance(tree, pp.NumberLiteral) else None


def names(expression: str) -> set[str]:
    """Names of the series that a rule or a panel reads; none where it is no PromQL, which `obs check` says."""
    tree = _tree(expression)
    found = (matches_of(selector)[0] for selector in (used_selectors(tree) if tree is not None else ()))
    return {name for name in found if name is not None}


def grouped_by(expression: str) -> tuple[str, ...] | None:
    """Labels of the outermost aggregation, of several that of the left; None where there is none."""
    tree = _tree(expression)
    while isinstance(tree, pp.BinaryExpr | pp.ParenExpr):
        tree = tree.lhs if isinstance(tree, pp.BinaryExpr) else tree.expr
    if not isinstance(tree, pp.AggregateExpr) or tree.modifier is None:
        return None
    return tuple(tree.modifier.labels) if tree.modifier.type == pp.AggModifierType.By else None


def _tree(expression: str) -> pp.Expr | None:
    """As a panel's, so that variables of Grafana are filled in."""
    return parse(Expression(expression, "panel", "", "")).tree
