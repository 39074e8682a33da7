"""Aggregations: which labels are left, and what tells the results apart."""

from __future__ import annotations

from dataclasses import replace

import promql_parser as pp

from obs.check.constants import check_quantile
from obs.check.parse import is_filled
from obs.check.scope import Scope
from obs.check.vector import NAME, Vector

# They pick series and leave them as they are.
_SELECTING = {"topk", "bottomk", "limitk", "limit_ratio"}
_EXPERIMENTAL = {"limitk", "limit_ratio"}
# The sum (or any of these) of buckets per le is again a set of buckets.
_BUCKETS_STAY = {"sum", "avg", "min", "max"}


def aggregate(scope: Scope, node: pp.AggregateExpr, vector: Vector) -> Vector:
    """The shape of ``op by/without (labels) (vector)``."""
    op = str(node.op)
    if op in _EXPERIMENTAL:
        scope.report("promql/experimental", f"{op} needs the feature flag promql-experimental-functions")
    if op == "quantile":
        check_quantile(scope, op, node.param)
    by, labels = _grouping(node)
    scope.need_labels(vector, labels, "by" if by else "without")
    if op in _SELECTING:
        # topk by (a) (1, x) leaves one series per a: the usual way to make a join one-to-one.
        single = _is_one(node.param) and by
        return replace(vector, key=frozenset(labels)) if single else vector
    if any(is_filled(label) for label in labels):
        grouped = replace(vector, open=True)  # grouped by a label that a Grafana variable names
    else:
        grouped = vector.only(labels) if by else vector.without((*labels, NAME))
    clause = f" {'by' if by else 'without'} ({', '.join(labels)})" if node.modifier is not None else "()"
    # The sum of counters is none: it falls when one of them goes away.
    stays = vector.type == "histogram" and op in ("sum", "avg")
    result = replace(
        grouped,
        type=vector.type if stays else "gauge",
        buckets=vector.buckets if op in _BUCKETS_STAY else "none",
        key=None if grouped.open else grouped.possible,
        origin=f"the result of {op}{clause}",
    )
    if op == "count_values" and isinstance(node.param, pp.StringLiteral):
        result = result.having(node.param.val)
        result = replace(result, key=None if result.key is None else result.key | {node.param.val})
    return result


def _grouping(node: pp.AggregateExpr) -> tuple[bool, list[str]]:
    """(by, labels); without a clause everything falls into one group."""
    if node.modifier is None:
        return True, []
    return node.modifier.type == pp.AggModifierType.By, list(node.modifier.labels)


def _is_one(param: object) -> bool:
    return isinstance(param, pp.NumberLiteral) and param.val == 1
