"""signal/unit: a value is shown in the unit that it has.

What an expression's value is measured in follows from the names of metrics, which Prometheus' conventions end in their
unit, and from what functions and operators do to it. A name that ends in no unit counts things; the few whose names do
not say what they are stand in units.yaml. Where all that says nothing, nothing is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

from model.expr import Aggregation, Binary, Call, Expr, Length, Number, Selector
from model.rule import Signal
from obs.check.dimension import (
    BYTES,
    COUNT,
    MOMENT,
    NUMBER,
    RATIO,
    SECONDS,
    Dimension,
    either,
    per_second,
    product,
    quotient,
    scaled,
    total,
)
from obs.check.finding import Finding
from plan import Plan

_NAMED = {
    "timestamp": MOMENT,
    "s": SECONDS,
    "ms": SECONDS._replace(scale=1e-3),
    "us": SECONDS._replace(scale=1e-6),
    "ns": SECONDS._replace(scale=1e-9),
    "bytes": BYTES,
    "ratio": RATIO,
    "percent": RATIO._replace(scale=0.01),
    "count": COUNT,
    "number": NUMBER,
    "bytes/s": per_second(BYTES),
    "count/s": per_second(COUNT),
}
_ENDS = (
    ("_timestamp_seconds", "timestamp"),
    ("_bytes_per_second", "bytes/s"),
    ("_per_second", "count/s"),
    ("_milliseconds", "ms"),
    ("_us", "us"),
    ("_seconds", "s"),
    ("_bytes", "bytes"),
    ("_ratio", "ratio"),
    ("_percent", "percent"),
    ("_info", "number"),
)
_RATES = {"rate", "irate", "deriv"}
_SAME = {
    *("increase", "delta", "idelta", "max_over_time", "min_over_time", "avg_over_time", "last_over_time"),
    *("sum_over_time", "clamp_min", "clamp_max", "clamp", "round", "abs", "ceil", "floor", "sort", "sort_desc"),
    *("label_replace", "label_join", "predict_linear", "scalar", "vector"),
}
_COUNTING = {"absent", "absent_over_time", "count_over_time", "changes", "resets", "present_over_time"}
_ARGUMENT = {"quantile_over_time": 1, "histogram_quantile": 1}
_PLAIN = {"percentunit", "short", "none"}
_SHOWN = {
    "s": {"s"},
    "ms": {"ms"},
    "µs": {"µs"},
    "ns": {"ns"},
    "minutes": {"m", *_PLAIN},  # or a share of a minute
    "hours": {"h", *_PLAIN},
    "days": {"d", *_PLAIN},
    "part of s": {"m", "h", "d", *_PLAIN},  # in the pace of a stack
    "bytes": {"bytes", "decbytes"},
    "part of bytes": _PLAIN,
    "bytes/s": {"Bps", "binBps"},
    "part of bytes/s": {"bps", *_PLAIN},
    "ratio": _PLAIN,
    "percent": {"percent"},
    "share": _PLAIN,
    "count": {"short", "none"},
    "part of count": _PLAIN,
    "count/s": {"ops", "reqps", "cps", "pps", "short"},
    "timestamp": {"dateTimeAsIso", "dateTimeFromNow"},
    "number": _PLAIN,
}
Recorded = Mapping[str, Expr]
"""Record -> what it records."""


def check_units(plan: Plan) -> Iterator[Finding]:
    recorded = {rule.record: rule.expr for rule in plan.records}
    for owner, signal in plan.signals():
        if message := unit_problem(signal, recorded):
            subject = f"signal {owner}.{signal.name}"
            yield Finding("signal/unit", subject, str(signal.where), message, str(signal.expr))


def unit_problem(signal: Signal, recorded: Recorded) -> str | None:
    """What is wrong with the unit of a signal."""
    measured = measured_in(signal.expr, recorded)
    if measured is None or signal.unit in _SHOWN[measured]:
        return None
    allowed = " or ".join(sorted(_SHOWN[measured]))
    return f"is shown in {signal.unit}, and its expression is in {measured}: {allowed}"


def measured_in(expr: Expr, recorded: Recorded | None = None) -> str | None:
    """One of the keys of what can be shown, or None where nothing is known."""
    found = _dimension(expr, recorded or {})
    return None if found is None else found.name


@cache
def _said() -> list[tuple[re.Pattern[str], str]]:
    """What units.yaml says: (name or pattern of names, unit)."""
    table = yaml.safe_load(Path(__file__).with_name("units.yaml").read_text())
    return [(re.compile(pattern), unit) for unit, patterns in table.items() for pattern in patterns]


def _dimension(expr: Expr, recorded: Recorded) -> Dimension | None:
    if isinstance(expr, Selector):
        return _of_selector(expr, recorded)
    if isinstance(expr, Number):
        return NUMBER
    if isinstance(expr, Length):
        return SECONDS
    if isinstance(expr, Aggregation):
        return COUNT if expr.op in ("count", "count_values", "group") else _dimension(expr.expr, recorded)
    if isinstance(expr, Call):
        return _of_call(expr, recorded)
    return _of_binary(expr, recorded) if isinstance(expr, Binary) else None


def _of_selector(expr: Selector, recorded: Recorded) -> Dimension | None:
    text = str(replace(expr, range=None, offset=None))
    if said := next((unit for pattern, unit in _said() if pattern.match(text)), None):
        return _NAMED[said]
    if (written := recorded.get(expr.name)) is None:
        return _of_name(expr.name)
    # What it is made of is older than it: without it, nothing goes round in a circle.
    return _dimension(written, {name: e for name, e in recorded.items() if name != expr.name})


def _of_name(name: str) -> Dimension | None:
    if name.endswith(("_count", "_bucket")):
        return COUNT  # of a histogram; a quantile of its buckets is in what they are of
    base = name.rpartition(":")[2]
    for end in ("_total", "_sum", "_avg", "_mean", "_max"):
        base = base.removesuffix(end)
    return next((_NAMED[unit] for end, unit in _ENDS if f"_{base}".endswith(end)), COUNT)


def _of_call(expr: Call, recorded: Recorded) -> Dimension | None:
    if expr.function in ("time", "timestamp"):
        return MOMENT
    if expr.function in _COUNTING:
        return COUNT
    place = _ARGUMENT.get(expr.function, 0)
    if len(expr.args) <= place:
        return None
    if expr.function == "histogram_quantile":
        return _of_bucket(expr.args[1], recorded)
    inner = _dimension(expr.args[place], recorded)
    if expr.function in _RATES:
        return per_second(inner)
    return inner if expr.function in _SAME or place else None


def _of_bucket(expr: Expr, recorded: Recorded) -> Dimension | None:
    """A quantile is in what the buckets are of: their own name's unit, without the ending that makes them counts."""
    names = (replace(one, name=one.name.removesuffix("_bucket") + "_sum") for one in expr.selectors())
    units = {_of_selector(one, recorded) for one in names}
    return units.pop() if len(units) == 1 else None


def _of_binary(expr: Binary, recorded: Recorded) -> Dimension | None:
    left, right = _dimension(expr.lhs, recorded), _dimension(expr.rhs, recorded)
    if expr.op in ("and", "unless"):
        return left
    if expr.op in ("==", "!=", ">", "<", ">=", "<="):
        return right if isinstance(expr.lhs, Number) else left
    if expr.op == "or":
        return either(left, right)
    if expr.op in ("+", "-"):
        return total(left, right, minus=expr.op == "-")
    return _of_product(expr, left, right) if expr.op in ("*", "/") else None


def _of_product(expr: Binary, left: Dimension | None, right: Dimension | None) -> Dimension | None:
    """A length of time as a factor is a number: a part of an hour, or hours."""
    factors = [_number(side) for side in (expr.lhs, expr.rhs)]
    left, right = (NUMBER if f is not None else d for f, d in zip(factors, (left, right), strict=True))
    if expr.op == "/":
        part, by = quotient(left, right), factors[1] or 1
        # A share of what is allowed, which is a share too: of a budget of 1 %, say.
        return part if part == RATIO and by < 1 else scaled(part, 1 / by)
    factor = next((f for f in factors if f is not None), 1)
    return scaled(product(left, right), factor) if factor else NUMBER  # nothing, whatever it was of


def _number(expr: Expr) -> float | None:
    return expr.value if isinstance(expr, Number) else expr.seconds if isinstance(expr, Length) else None
