"""From PromQL text to typed parts: for expressions that come from outside the program."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

import promql_parser as pp

from model.expr import Aggregation, Binary, Call, Expr, Matcher, Number, Selector, Text
from model.promql import binary, with_cluster
from model.quantity import duration


def parsed(text: str) -> Expr:
    """The expression of a text. As everywhere, aggregations and explicit matches keep the label ``cluster``.

    Raises ValueError for what is no PromQL, and for parts that no expression of this program has.
    """
    try:
        tree = pp.parse(text)
    except ValueError as error:
        raise ValueError(f"is not PromQL: {error}") from None
    return _expr(tree)


def _expr(node: pp.Expr) -> Expr:
    for kind, make in _MAKERS:
        if isinstance(node, kind):
            return make(node)
    raise ValueError(f"{type(node).__name__} is not understood here: {node.prettify()}")


def _selector(node: pp.VectorSelector) -> Selector:
    if not node.name or node.at is not None or node.matchers.or_matchers:
        raise ValueError(f"a selector must have a name, and neither @ nor or: {node.prettify()}")
    matchers = tuple(Matcher(m.name, _op(m.op), m.value) for m in node.matchers.matchers)
    return Selector(node.name, matchers, offset=_duration(node.offset) if node.offset else None)


def _op(op: pp.MatchOp) -> Literal["=", "!=", "=~", "!~"]:
    if op in (pp.MatchOp.Equal, pp.MatchOp.NotEqual):
        return "=" if op == pp.MatchOp.Equal else "!="
    return "=~" if op == pp.MatchOp.Re else "!~"


def _aggregation(node: pp.AggregateExpr) -> Aggregation:
    if node.modifier is not None and node.modifier.type != pp.AggModifierType.By:
        raise ValueError(f"`without` hides which labels are left; use `by`: {node.prettify()}")
    param = node.param
    if param is not None and not isinstance(param, pp.NumberLiteral):
        raise ValueError(f"{node.op} takes a number here: {node.prettify()}")
    labels = tuple(node.modifier.labels) if node.modifier is not None else ()
    return Aggregation(str(node.op), _expr(node.expr), with_cluster(labels), param.val if param is not None else None)


def _binary(node: pp.BinaryExpr) -> Binary:
    modifier = node.modifier
    on = left = None
    if modifier is not None:
        matching = modifier.matching
        if modifier.return_bool or (matching is not None and matching.type != pp.LabelModifierType.Include):
            raise ValueError(f"`bool` and `ignoring` are not understood here: {node.prettify()}")
        on = tuple(matching.labels) if matching is not None else None
        if modifier.card == pp.VectorMatchCardinality.OneToMany:
            raise ValueError(f"`group_right` is not understood here; turn the sides: {node.prettify()}")
        if modifier.card == pp.VectorMatchCardinality.ManyToOne:
            left = tuple(modifier.group_labels or ())
    return binary(str(node.op), _expr(node.lhs), _expr(node.rhs), on=on, group_left=left)  # type: ignore[arg-type]


def _duration(length: timedelta) -> str:
    return duration(length.total_seconds())


_MAKERS: tuple[tuple[type[pp.Expr], Callable[[Any], Expr]], ...] = (
    (pp.NumberLiteral, lambda node: Number(node.val)),
    (pp.StringLiteral, lambda node: Text(node.val)),
    (pp.ParenExpr, lambda node: _expr(node.expr)),
    (pp.VectorSelector, _selector),
    (pp.MatrixSelector, lambda node: _selector(node.vector_selector).over(_duration(node.range))),
    (pp.Call, lambda node: Call(node.func.name, tuple(map(_expr, node.args)))),
    (pp.AggregateExpr, _aggregation),
    (pp.BinaryExpr, _binary),
)
