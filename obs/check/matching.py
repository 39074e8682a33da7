"""Binary operations: can the two sides match, may they match more than once, what is left."""

from __future__ import annotations

from dataclasses import dataclass, replace

import promql_parser as pp

from obs.check.constants import check_constants, unwrapped
from obs.check.scope import Scope, listed
from obs.check.vector import NAME, Vector, merged

_COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}
_SETS = {"and", "or", "unless"}
_POINTLESS_TWICE = {*_SETS, *_COMPARISONS, "-", "/", "%", "atan2"}
# One series per bucket or quantile, whatever else.
_ALWAYS_SEVERAL = frozenset({"le", "quantile"})
# The parser's enumerations are not hashable, their texts are.
_MANY = {"VectorMatchCardinality.ManyToOne": "left", "VectorMatchCardinality.OneToMany": "right"}
_LEFT_AND_RIGHT = ("left", "right")


@dataclass(frozen=True, slots=True)
class _Match:
    """How the series of both sides find each other. ``on`` False means ``ignoring``."""

    on: bool
    labels: frozenset[str]
    explicit: bool
    many: str | None
    """The side that may have several series per match: left, right, or None."""
    extra: tuple[str, ...]

    def uses(self, label: str) -> bool:
        return (label in self.labels) if self.on else (label not in self.labels and label != NAME)


def binary(scope: Scope, node: pp.BinaryExpr, lhs: Vector | None, rhs: Vector | None) -> Vector | None:
    """The shape of ``lhs op rhs``; None where both are scalars."""
    op = str(node.op)
    check_constants(scope, node)
    _check_meaning(scope, node, op, lhs, rhs)
    filters = op in _COMPARISONS and not (node.modifier is not None and node.modifier.return_bool)
    if lhs is None or rhs is None:
        vector = lhs if rhs is None else rhs
        if vector is None or filters:
            return vector
        # A counter times a constant falls only where the counter is reset.
        scaled = vector.type == "counter" and op in ("*", "/") and rhs is None
        result = vector.computed(vector.origin if scaled else f"the result of {op}")
        return replace(result, type="counter") if scaled else result
    match = _match(node)
    _check_clauses(scope, match, lhs, rhs)
    if op == "or":
        return merged((lhs, rhs), "the result of or")
    never = _never(match, lhs, rhs)
    if never:
        effect = "`unless` removes nothing" if op == "unless" else "the result is always empty"
        scope.report("promql/match", f"{never}: {effect}", _suggested(match, lhs, rhs))
    if op in _SETS:
        return lhs
    _check_unique(scope, match, lhs, rhs)
    result = _joined(match, lhs, rhs)
    result = replace(result, clustered=lhs.clustered or rhs.clustered, unknown=lhs.unknown or rhs.unknown)
    return result if filters else result.computed(f"the result of {op}")


def _check_meaning(scope: Scope, node: pp.BinaryExpr, op: str, lhs: Vector | None, rhs: Vector | None) -> None:
    left, right = unwrapped(node.lhs), unwrapped(node.rhs)
    if (
        op == "-"
        and isinstance(left, pp.Call)
        and left.func.name == "time"
        and rhs is not None
        and rhs.type == "counter"
    ):
        message = f"time() minus {rhs.origin}: a counter is no time, so the result is about the seconds since 1970"
        scope.report("promql/type", message, "rate(…) == 0 tells that it stands still")
    if lhs is not None and rhs is not None and op in _POINTLESS_TWICE and str(left) == str(right):
        scope.report("promql/same-operands", f"both sides of `{op}` are the same, so it says nothing: {left}")
    fill = node.modifier.fill_values if node.modifier is not None else None
    if fill is not None and (fill.lhs is not None or fill.rhs is not None):
        scope.report("promql/experimental", "fill needs the feature flag promql-binop-fill-modifiers")


def _match(node: pp.BinaryExpr) -> _Match:
    modifier = node.modifier
    if modifier is None:
        return _Match(False, frozenset(), False, None, ())
    card, matching = modifier.card, modifier.matching
    many = _MANY.get(str(card))
    on = matching is not None and matching.type == pp.LabelModifierType.Include
    labels = frozenset(matching.labels if matching is not None else ())
    return _Match(on, labels, matching is not None, many, tuple(modifier.group_labels or ()))


def _check_clauses(scope: Scope, match: _Match, lhs: Vector, rhs: Vector) -> None:
    """Labels that a clause names and that neither side has, or that only one has and both need."""
    clause = "on" if match.on else "ignoring"
    both = merged((lhs, rhs), f"either side: {lhs.origin} and {rhs.origin}")
    scope.need_labels(both, sorted(match.labels), clause)
    if match.many is None:
        return
    one = rhs if match.many == "left" else lhs
    group = f"group_{match.many}"
    scope.need_labels(both, match.extra, group)
    for label in match.extra:
        if both.may_have(label) and not one.may_have(label):
            scope.report(
                "promql/match", f"{group} takes label {label} from {one.origin}, which has {listed(one.labels)}"
            )


def _never(match: _Match, lhs: Vector, rhs: Vector) -> str:
    """Why the two sides can never match; empty where they may.

    A series without a label matches only series without it, so a label that one side surely has and
    the other never has is fatal.
    """
    for side, vector, other in (("left", lhs, rhs), ("right", rhs, lhs)):
        missing = [] if other.open else [x for x in sorted(vector.sure - other.possible) if match.uses(x)]
        if missing:
            opposite = "right" if side == "left" else "left"
            return (
                f"the two sides never match: {listed(missing)} of the {side} side ({vector.origin})"
                f" is not on the {opposite} side ({other.origin})"
            )
    for label in sorted(lhs.pins.keys() & rhs.pins.keys()):
        if match.uses(label) and lhs.pins[label] != rhs.pins[label]:
            left, right = lhs.pins[label], rhs.pins[label]
            return f'the two sides never match: {label} is "{left}" on the left side and "{right}" on the right side'
    return ""


def _suggested(match: _Match, lhs: Vector, rhs: Vector) -> str | None:
    if lhs.open or rhs.open:
        return None
    same = [x for x in sorted(lhs.labels & rhs.labels) if lhs.pins.get(x) == rhs.pins.get(x)]
    group = "" if match.many is None else f" group_{match.many} ({', '.join(match.extra)})"
    if match.many is None and lhs.labels != rhs.labels:
        group = " group_left ()" if lhs.labels > rhs.labels else " group_right ()" if lhs.labels < rhs.labels else ""
    return f"on ({', '.join(same)}){group}"


def _check_unique(scope: Scope, match: _Match, lhs: Vector, rhs: Vector) -> None:
    """Several series per match on a side that may have one only.

    Reported only for aggregations, whose grouping says which labels tell their series apart, and for
    buckets and quantiles; whether the extra labels of a plain metric, or those that group_left fetches,
    follow from the others cannot be known from a contract.
    """
    for side, vector in zip(_LEFT_AND_RIGHT, (lhs, rhs), strict=True):
        if side == match.many:
            continue
        key = vector.sure & _ALWAYS_SEVERAL if vector.key is None else vector.key
        if match.many is not None:
            key -= set(match.extra)  # what a join fetches, its author takes for an attribute of the match
        extra = [x for x in sorted(key) if not match.uses(x) and x not in vector.pins and x != NAME]
        if not extra:
            continue
        advice = f"group_{side}" if match.many is None else "max by, or topk by (…) (1, …), on that side"
        message = (
            f"the {side} side ({vector.origin}) has one series per {listed(extra)}, which the match leaves out:"
            " several series per match are an error when the query runs"
        )
        scope.report("promql/match", message, advice)


def _joined(match: _Match, lhs: Vector, rhs: Vector) -> Vector:
    """prometheus/prometheus promql/engine.go, resultMetric."""
    if match.many is not None:
        many, one = (lhs, rhs) if match.many == "left" else (rhs, lhs)
        result = many
        for label in match.extra:
            if one.may_have(label):
                result = result.having(label, sure=label in one.sure, value=one.pins.get(label))
            else:
                result = result.without((label,))
        return result
    sure = lhs.sure | rhs.sure
    if match.on:
        result = replace(lhs, possible=lhs.possible | rhs.possible).only(sorted(match.labels))
        return replace(result, sure=sure & result.possible, key=None if lhs.key is None else result.possible)
    kept = lhs.without(match.labels)
    if match.explicit or _never(match, lhs, rhs):
        return kept
    # Equal labels are what made them match, so a label that only one side may have is on no result.
    if lhs.open or rhs.open:
        possible = rhs.possible if lhs.open else lhs.possible
    else:
        possible = lhs.possible & (rhs.possible | {NAME})
    return replace(kept, sure=sure & possible, possible=possible, open=lhs.open and rhs.open)
