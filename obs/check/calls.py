"""Function calls: what they need of their argument and which labels they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import promql_parser as pp

from obs.check.constants import check_quantile, unwrapped
from obs.check.scope import Scope
from obs.check.selector import Match, matches_of
from obs.check.vector import Vector

_NEED_COUNTER = {"rate", "irate", "increase", "resets"}
_NEED_GAUGE = {"deriv", "delta", "idelta", "predict_linear", "double_exponential_smoothing"}
_QUANTILES = {"histogram_quantile", "histogram_quantiles", "histogram_fraction"}
# These give the very samples of their argument, so that a counter stays one.
_KEEP = {"sort", "sort_desc", "sort_by_label", "sort_by_label_desc"}
_KEEP_TYPE = {"last_over_time", "first_over_time"}
# Any of these regular expressions matches every value, so label_replace always writes its label.
_MATCH_ALL = {".*", "(.*)", "^.*$", "^(.*)$"}
_WHOLE = {"(.*)", "^(.*)$"}


@dataclass(frozen=True)
class Argument:
    """An argument and what was inferred of it; ``vector`` is None for scalars and strings."""

    node: pp.Expr
    vector: Vector | None

    @property
    def text(self) -> str:
        node = unwrapped(self.node)
        return node.val if isinstance(node, pp.StringLiteral) else ""


def call(scope: Scope, node: pp.Call, args: Sequence[Argument]) -> Vector | None:
    """The shape of a call's result; None for a scalar."""
    name = node.func.name
    if node.func.experimental:
        scope.report("promql/experimental", f"{name}() needs the feature flag promql-experimental-functions")
    if node.func.return_type == pp.ValueType.Scalar:
        return None
    special = _SPECIAL.get(name)
    if special is not None:
        return special(scope, args)
    vector = next((a.vector for a in args if a.vector is not None), None)
    if vector is None:  # vector(1), hour()
        return Vector(origin=f"{name}()")
    if name in _KEEP:
        return vector
    if name in _QUANTILES:
        return _quantile(scope, name, args, vector)
    if name == "quantile_over_time":
        check_quantile(scope, name, args[0].node)
    _check_type(scope, name, vector)
    result = vector if name in _KEEP_TYPE else vector.computed(f"the result of {name}()")
    if name in {*_NEED_COUNTER, "delta"} and vector.buckets == "raw":
        result = replace(result, buckets="rated")
    if name in ("rate", "increase", "irate") and vector.type == "histogram":
        result = replace(result, type="histogram", buckets="rated")
    return result


def _check_type(scope: Scope, name: str, vector: Vector) -> None:
    if name in _NEED_COUNTER and vector.type == "gauge" and not vector.unknown:
        instead = "deriv" if name in ("rate", "irate") else "delta" if name == "increase" else "changes"
        message = f"{name}() needs a counter, and {vector.origin} is none: every fall would count as a reset"
        scope.report("promql/type", message, f"{instead}()")
    if name in _NEED_GAUGE and vector.type == "counter":
        message = f"{name}() needs a gauge, and {vector.origin} is a counter: it falls to zero at every restart"
        scope.report("promql/type", message, "increase()" if name in ("delta", "idelta") else "rate()")


def _quantile(scope: Scope, name: str, args: Sequence[Argument], vector: Vector) -> Vector:
    check_quantile(scope, name, args[0].node if name == "histogram_quantile" else None)
    problem, better = _quantile_problem(vector)
    if problem:
        scope.report("promql/type", f"{name}() {problem}", better)
    result = replace(vector.without(("le",)).computed(f"the result of {name}()"), buckets="none")
    if name == "histogram_quantiles" and len(args) > 1 and args[1].text:
        result = result.having(args[1].text)
    return result


def _quantile_problem(vector: Vector) -> tuple[str, str | None]:
    if vector.unknown or (vector.type == "untyped" and vector.may_have("le")):
        return "", None
    if vector.type == "histogram" or vector.buckets == "raw":
        if vector.buckets == "rated":
            return "", None
        return f"needs a rate: {vector.origin} counts since the start of the process", "rate(…_bucket[5m])"
    if vector.buckets == "none":
        return f"needs histogram buckets, and {vector.origin} is none", "sum by (le) (rate(…_bucket[5m]))"
    if not vector.may_have("le"):
        return f"needs the label le, which {vector.origin} has lost", "sum by (le) (…)"
    return "", None


def _absent(scope: Scope, args: Sequence[Argument]) -> Vector:
    """prometheus/prometheus promql/functions.go, createLabelsForAbsentFunction.

    Labels come from the equality matchers of a plain selector; a label matched twice is left out.
    """
    node = unwrapped(args[0].node)
    _check_absence(scope, node)
    node = node.vector_selector if isinstance(node, pp.MatrixSelector) else node
    matches: list[Match] = matches_of(node)[1] if isinstance(node, pp.VectorSelector) else []
    vector = Vector(origin="the result of absent()")
    labels = [m.label for m in matches]
    for match in matches:
        if match.op == "=" and match.value and labels.count(match.label) == 1:
            vector = vector.having(match.label, value=match.only_value)
    return replace(vector, key=vector.possible)


def _check_absence(scope: Scope, node: pp.Expr) -> None:
    if _never_empty(node):
        scope.report("promql/absent", f"absent() of what is never empty gives nothing, ever: {node}")
    elif isinstance(node, pp.AggregateExpr) and node.modifier is not None and node.modifier.labels:
        message = f"absent() has no label of an aggregation, and is 1 only where every group is gone: {node}"
        scope.report("promql/absent", message, "absent(…{…}) for each, or unless between what must be and what is")
    elif isinstance(node, pp.Call) and node.func.name in _SPECIAL and _SPECIAL[node.func.name] is _absent:
        scope.report("promql/absent", f"absent() of absence is the metric's presence without its labels: {node}")


def _never_empty(node: pp.Expr) -> bool:
    """Whether there is a result without any series."""
    node = unwrapped(node)
    if isinstance(node, pp.BinaryExpr):
        either = _never_empty(node.lhs), _never_empty(node.rhs)
        return any(either) if str(node.op) == "or" else all(either) and str(node.op) in "+-*/%^"
    if isinstance(node, pp.AggregateExpr):
        return _never_empty(node.expr)
    return isinstance(node, pp.Call) and node.func.name == "vector"


def _label_replace(scope: Scope, args: Sequence[Argument]) -> Vector:
    vector, (label, value, source, pattern) = _replaced(args)
    if source:
        scope.need_labels(vector, (source,), "label_replace")
    always = pattern in _MATCH_ALL or (source == "" and pattern == "")
    if not value:
        return vector.without((label,)) if always else replace(vector, sure=vector.sure - {label})
    constant = "$" not in value
    # A reference to a group may be empty, and an empty value removes the label.
    filled = constant or (pattern in _WHOLE and source in vector.sure)
    sure = filled if always else constant and label in vector.sure
    return vector.having(label, sure=sure, value=value if always and constant else None)


def _replaced(args: Sequence[Argument]) -> tuple[Vector, list[str]]:
    return args[0].vector or Vector(open=True), [a.text for a in args[1:5]]


def _label_join(scope: Scope, args: Sequence[Argument]) -> Vector:
    vector, sources = args[0].vector or Vector(open=True), [a.text for a in args[3:]]
    scope.need_labels(vector, sources, "label_join")
    return vector.having(args[1].text, sure=any(s in vector.sure for s in sources))


def _info(_scope: Scope, args: Sequence[Argument]) -> Vector:
    return replace(args[0].vector or Vector(), open=True, key=None)


_SPECIAL: dict[str, Callable[[Scope, Sequence[Argument]], Vector]] = {
    "absent": _absent,
    "absent_over_time": _absent,
    "label_replace": _label_replace,
    "label_join": _label_join,
    "info": _info,
}
