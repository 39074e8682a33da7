"""Verification of PromQL against contracts: the checks promql/* and rules/* of docs/checks.md.

The shape of every result (labels, type, origin) is inferred from the leaves up; recording rules are
taken in the order of their dependencies, so that what they write is known where it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import promql_parser as pp

from dashboards.queries import ENVIRONMENT
from model.promql import CLUSTER
from obs.check import rules
from obs.check.aggregate import aggregate
from obs.check.calls import Argument, call
from obs.check.catalogue import Catalogue
from obs.check.conditions import check_conditions
from obs.check.constants import unwrapped
from obs.check.expression import Expression
from obs.check.finding import Finding
from obs.check.matching import binary
from obs.check.parse import Parsed, is_filled, parse
from obs.check.rules import Rule
from obs.check.scope import Known, Scope, listed, nearest_label, rule_labels
from obs.check.selector import EXTERNAL, select
from obs.check.templates import legend_labels, template_labels, template_queries
from obs.check.values import values
from obs.check.vector import Vector

__all__ = ["Expression", "check_expressions", "infer", "inferred"]

_RULES = ("recording", "alert")


def check_expressions(expressions: Sequence[Expression], catalogue: Catalogue) -> list[Finding]:
    """Every finding on the expressions of one stack, in order of definition, each once; see :func:`inferred`."""
    return inferred(expressions, catalogue)[0]


def inferred(expressions: Sequence[Expression], catalogue: Catalogue) -> tuple[list[Finding], list[Vector | None]]:
    """The findings, and the shape of each expression's result: None for a number, a text, or what is no PromQL.

    Give all of a stack's expressions at once: a recorded series is known only if its rule is among
    them, and a recording rule counts as used only if an alert, a panel or a variable among them reads
    it. Raises nothing for bad PromQL; that is a finding.
    """
    known = Known(catalogue, {e.record for e in expressions if e.record is not None})
    stack = [Rule(e, parse(e), tuple(_template_queries(e))) for e in expressions]
    order, findings = rules.in_order(stack)
    vectors: list[Vector | None] = [None] * len(stack)
    for index in order:
        scope = Scope(stack[index].expression, known)
        vectors[index] = _check(scope, stack[index])
        findings |= scope.findings
    findings |= rules.duplicates(stack, vectors)
    findings |= rules.unused(stack)
    return sorted(findings), vectors


def _template_queries(expression: Expression) -> list[Parsed]:
    texts = (q for template in _templates(expression) for q in template_queries(template))
    return [parse(Expression(text, "alert", expression.subject, expression.where)) for text in texts]


def _templates(expression: Expression) -> tuple[str, ...]:
    """All texts that Prometheus expands: annotations, and the values of an alert's labels."""
    return (*expression.templates, *(expression.labels.values() if expression.kind == "alert" else ()))


def _check(scope: Scope, rule: Rule) -> Vector | None:
    """Check one expression and what uses its result; a recording rule's result becomes known."""
    expression, parsed = rule.expression, rule.parsed
    _check_template_queries(scope, rule)
    result: Vector | None = None
    if parsed.error is not None:
        scope.report("promql/parse", parsed.error)
        result = Vector(open=True, unknown=True, type="untyped", origin="an expression that does not parse")
    elif parsed.tree is not None:
        result = infer(scope, parsed.tree)
        check_conditions(scope, parsed.tree)
        if expression.record is not None:
            scope.known.bound(expression.record, values(scope, parsed.tree))
        _check_result_type(scope, parsed.tree)
        _check_texts(scope, result)
        if expression.kind in _RULES:
            _check_cluster(scope, result)
    if parsed.label is not None:
        _check_variable(scope, parsed.label, result)
    if expression.record is not None:
        recorded = rule_labels(result or Vector(origin="a number"), expression.labels).without(EXTERNAL)
        scope.known.record(expression.record, recorded)
        return recorded
    return result


def infer(scope: Scope, node: pp.Expr) -> Vector | None:
    """The shape of the result; None for a scalar or a string. Findings go to the scope.

    Raises TypeError for a kind of expression that the parser has and this function does not know.
    """
    try:
        step = _STEPS[type(node)]
    except KeyError:
        raise TypeError(f"unknown kind of PromQL expression: {type(node).__name__}") from None
    return step(scope, node)


def _literal(_scope: Scope, _node: pp.NumberLiteral | pp.StringLiteral) -> None:
    return None


def _inside(scope: Scope, node: pp.ParenExpr | pp.SubqueryExpr) -> Vector | None:
    return infer(scope, node.expr)


def _matrix(scope: Scope, node: pp.MatrixSelector) -> Vector:
    return select(scope, node.vector_selector)


def _negated(scope: Scope, node: pp.UnaryExpr) -> Vector | None:
    vector = infer(scope, node.expr)
    return None if vector is None else vector.computed("the result of -")


def _aggregation(scope: Scope, node: pp.AggregateExpr) -> Vector:
    if isinstance(node.param, pp.Expr):
        infer(scope, node.param)
    return aggregate(scope, node, infer(scope, node.expr) or Vector())


def _binary(scope: Scope, node: pp.BinaryExpr) -> Vector | None:
    return binary(scope, node, infer(scope, node.lhs), infer(scope, node.rhs))


def _call(scope: Scope, node: pp.Call) -> Vector | None:
    return call(scope, node, [Argument(arg, infer(scope, arg)) for arg in node.args])


_STEPS: dict[type[pp.Expr], Callable[[Scope, Any], Vector | None]] = {
    pp.NumberLiteral: _literal,
    pp.StringLiteral: _literal,
    pp.ParenExpr: _inside,
    pp.SubqueryExpr: _inside,
    pp.VectorSelector: select,
    pp.MatrixSelector: _matrix,
    pp.UnaryExpr: _negated,
    pp.AggregateExpr: _aggregation,
    pp.BinaryExpr: _binary,
    pp.Call: _call,
}


def _check_result_type(scope: Scope, tree: pp.Expr) -> None:
    tree = unwrapped(tree)
    if isinstance(tree, pp.StringLiteral | pp.MatrixSelector | pp.SubqueryExpr):
        what = "a text" if isinstance(tree, pp.StringLiteral) else "a range of samples"
        scope.report("promql/type", f"the expression gives {what}; rules and panels need numbers at one time")


def _check_texts(scope: Scope, result: Vector | None) -> None:
    """Labels that annotations and legends show.

    $labels are those of the expression's result: neither the rule's own labels nor alertname are
    among them (prometheus/prometheus rules/alerting.go, Eval).
    """
    vector = result if result is not None else Vector(origin="a number")
    named = [(label, "the template") for text in _templates(scope.expression) for label in template_labels(text)]
    named += [(label, "the legend") for label in legend_labels(scope.expression.legend or "")]
    for label, text in dict.fromkeys(named):
        if not vector.may_have(label) and not is_filled(label):
            has = f"which has {listed(vector.labels)}"
            message = f"{text} shows label {label}, which is not on the result ({vector.origin}, {has})"
            scope.report("promql/lost-label", message, nearest_label(label, vector.labels))


def _check_cluster(scope: Scope, result: Vector | None) -> None:
    if result is None or not result.clustered or result.may_have(CLUSTER) or scope.expression.labels.get(CLUSTER):
        return
    message = f"the label {CLUSTER} of the inputs is lost in {result.origin}: clusters run together in one view"
    scope.report("promql/lost-cluster", message, f"by ({', '.join(sorted({CLUSTER, *result.labels}))})")


def _check_variable(scope: Scope, label: str, result: Vector | None) -> None:
    if label == ENVIRONMENT:
        return  # only what leaves Prometheus has it, and that is what dashboards choose from
    if result is not None:
        scope.need_labels(result, (label,), "label_values")
    elif not scope.known.any_label(label):
        scope.report("promql/unknown-label", f"label {label} in label_values is on no known metric")


def _check_template_queries(scope: Scope, rule: Rule) -> None:
    for parsed in rule.queries:
        if parsed.tree is None:
            scope.report("promql/parse", f"a query in a template: {parsed.error}")
        else:
            infer(scope, parsed.tree)
