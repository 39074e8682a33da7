"""signal/unit: a value is shown in the unit that it has.

What an expression's value is measured in follows from the names of metrics, which Prometheus' conventions end in their
unit, and from what functions and operators do to it. Where that says nothing, nothing is reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from model.expr import Aggregation, Binary, Call, Expr, Number, Selector
from model.rule import Signal
from obs.check.finding import Finding
from plan import Plan

_ENDS = (
    ("_timestamp_seconds", "timestamp"),
    ("_milliseconds", "ms"),
    ("_seconds", "s"),
    ("_bytes", "bytes"),
    ("_ratio", "ratio"),
)
_PER_SECOND = {"s": "ratio", "bytes": "bytes/s"}
_SAME = {
    *("increase", "delta", "idelta", "max_over_time", "min_over_time", "avg_over_time", "last_over_time"),
    *("clamp_min", "clamp_max", "clamp", "round", "abs", "ceil", "floor", "sort", "sort_desc", "predict_linear"),
    *("label_replace", "label_join", "quantile_over_time"),
}
_SHOWN = {
    "s": {"s"},
    "ms": {"ms"},
    "bytes": {"bytes", "decbytes"},
    "bytes/s": {"Bps", "binBps"},
    "ratio": {"percentunit", "short", "none"},
    "count": {"short", "none"},
    "timestamp": {"dateTimeAsIso", "dateTimeFromNow"},
}


def check_units(plan: Plan) -> Iterator[Finding]:
    for owner, signal in plan.signals():
        measured = measured_in(signal.expr)
        if measured is not None and signal.unit not in _SHOWN[measured]:
            allowed = " or ".join(sorted(_SHOWN[measured]))
            message = f"is shown in {signal.unit}, and its expression is in {measured}: {allowed}"
            yield Finding("signal/unit", _subject(owner, signal), str(signal.where), message, str(signal.expr))


def _subject(owner: str, signal: Signal) -> str:
    return f"signal {owner}.{signal.name}"


def measured_in(expr: Expr) -> str | None:
    """One of the keys of what can be shown, or None where nothing is known."""
    if isinstance(expr, Selector):
        return _of_name(expr.name)
    if isinstance(expr, Aggregation):
        return "count" if expr.op in ("count", "count_values") else measured_in(expr.expr)
    if isinstance(expr, Call):
        return _of_call(expr)
    return _of_binary(expr) if isinstance(expr, Binary) else None


def _of_name(name: str) -> str | None:
    if name.endswith("_count"):
        return None  # a counter of events or a gauge of things: a share of it is no time
    base = name.rpartition(":")[2]
    for end in ("_total", "_sum", "_avg", "_mean", "_max"):
        base = base.removesuffix(end)
    return next((unit for end, unit in _ENDS if f"_{base}".endswith(end)), None)


def _of_call(expr: Call) -> str | None:
    if expr.function == "time":
        return "timestamp"
    if expr.function == "histogram_quantile":
        return None if len(expr.args) < 2 else _of_bucket(expr.args[1])
    if not expr.args:
        return None
    inner = measured_in(expr.args[0])
    if expr.function in ("rate", "irate", "deriv"):
        return _PER_SECOND.get(inner or "")
    return inner if expr.function in _SAME else None


def _of_bucket(expr: Expr) -> str | None:
    names = {selector.name.removesuffix("_bucket") for selector in expr.selectors()}
    units = {_of_name(name) for name in names}
    return units.pop() if len(units) == 1 else None


def _of_binary(expr: Binary) -> str | None:
    left, right = measured_in(expr.lhs), measured_in(expr.rhs)
    number = next((side.value for side in (expr.rhs, expr.lhs) if isinstance(side, Number)), None)
    if expr.op in ("and", "unless", "==", "!=", ">", "<", ">=", "<="):
        return left
    if expr.op == "or":
        return left if left == right else None
    if expr.op in ("+", "-"):
        if number is not None:
            return left or right
        return ("s" if left == "timestamp" and expr.op == "-" else left) if left == right else None
    if expr.op == "/":
        return _quotient(expr, left, right, number)
    return (left or right) if expr.op == "*" and number in (0, 1) else None


def _quotient(expr: Binary, left: str | None, right: str | None, number: float | None) -> str | None:
    if isinstance(expr.rhs, Number):
        return "s" if left == "ms" and number == 1000 else None
    return "ratio" if left is not None and left == right else None
