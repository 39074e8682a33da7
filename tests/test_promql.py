"""Composed expressions: precedence, escaping, the label cluster, look-back."""

from __future__ import annotations

from typing import Any

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.expr import Binary, Expr, Number, Op
from model.promql import (
    binary,
    call,
    constant,
    eq,
    length,
    matching,
    metric,
    over_time,
    rate,
    sum_by,
    unless,
)

A, B, C = metric("a"), metric("b"), metric("c")
OPS: tuple[Op, ...] = ("+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless")
SET_OPS = ("and", "or", "unless")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        ((A + B) * C, "(a + b) * c"),
        (A - (B - C), "a - (b - c)"),
        (1 - A / B, "1 - a / b"),
        (binary("^", binary("^", A, B), C), "(a ^ b) ^ c"),
        ((A > 0.85) & (B > 1), "a > 0.85 and b > 1"),
        ((A | B) & C, "(a or b) and c"),
        (sum_by(rate(A, "5m"), "pod"), "sum by (cluster, pod) (rate(a[5m]))"),
        (sum_by(A, "pod", "cluster"), "sum by (pod, cluster) (a)"),
        (binary("*", A, B, on=("pod",), group_left=("node",)), "a * on (cluster, pod) group_left (node) b"),
        (unless(A, B.ago("10m"), on=("pod",)), "a unless on (cluster, pod) b offset 10m"),
        (metric("a", eq("x", 'q"\\')), 'a{x="q\\"\\\\"}'),
        (constant(1), "vector(1)"),
        (call("time") - A > length("10m", "1m"), "time() - a > 660"),
    ],
)
def test_an_expression_reads_as_prometheus_understands_it(expr: Expr, text: str) -> None:
    assert str(expr) == text
    promql_parser.parse(text)


def expressions() -> st.SearchStrategy[Expr]:
    leaves = st.sampled_from([A, B, C, Number(2), rate(A, "5m"), sum_by(B, "pod")])

    def combine(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        return st.builds(Binary, st.sampled_from(OPS), inner, inner)

    return st.recursive(leaves, combine, max_leaves=8)


def fully_parenthesised(node: Any) -> str:
    if isinstance(node, promql_parser.ParenExpr):
        return fully_parenthesised(node.expr)
    if isinstance(node, promql_parser.BinaryExpr):
        return f"({fully_parenthesised(node.lhs)} {node.op} {fully_parenthesised(node.rhs)})"
    return str(node.prettify())


def written_out(expr: Expr) -> str:
    if isinstance(expr, Binary):
        return f"({written_out(expr.lhs)} {expr.op} {written_out(expr.rhs)})"
    return str(promql_parser.parse(str(expr)).prettify())


def is_valid(expr: Expr) -> bool:
    try:
        promql_parser.parse(str(expr))
    except ValueError:  # a set operator or comparison over bare numbers
        return False
    return True


@given(expressions().filter(is_valid))
def test_the_text_means_the_tree(expr: Expr) -> None:
    assert fully_parenthesised(promql_parser.parse(str(expr))) == written_out(expr)


def test_narrowing_reaches_every_selector_and_keeps_its_range() -> None:
    narrowed = (rate(A, "5m") / over_time("max", B, "1h")).narrowed(matching("namespace", "x|y"))
    assert str(narrowed) == 'rate(a{namespace=~"x|y"}[5m]) / max_over_time(b{namespace=~"x|y"}[1h])'


@pytest.mark.parametrize(
    ("expr", "length"),
    [
        (A, 0),
        (rate(A, "5m") / rate(B, "1h"), 3600),
        (rate(A.ago("1d"), "1h"), 86_400 + 3600),
    ],
)
def test_the_lookback_is_the_longest_way_into_the_past(expr: Expr, length: float) -> None:
    assert expr.lookback() == length


def test_an_expression_tells_why_a_metric_may_be_absent() -> None:
    expr = metric("rare", may_be_absent="only while it happens") / metric("other", no_contract="not ours")
    assert expr.absences() == {"rare": "only while it happens"}
    assert expr.allowances() == {"other": "not ours"}
