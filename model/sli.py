"""What counts as bad and as total for an objective, where one counter does not say it.

Every function gives an expression for ``Slo.bad`` or ``Slo.total`` that keeps the label ``cluster``.
"""

from __future__ import annotations

from functools import reduce
from typing import Literal

from model.expr import Aggregation, Binary, Expr, Number, Selector
from model.promql import binary, call, count_by, eq, rate, sum_by

Good = Literal["lte", "lt", "gte", "gt"]
_FAILS: dict[Good, Literal[">", ">=", "<", "<="]] = {"lte": ">", "lt": ">=", "gte": "<", "gt": "<="}
"""What must hold of a good object, as OpenSLO names it -> the comparison that finds the bad ones."""
WINDOW = "5m"
"""Over which events are counted; longer windows are computed from these."""


def events(*counters: Selector) -> Expr:
    """Events per second of all counters together. One that is missing counts as none: many are born with an event."""
    rates: list[Expr] = [sum_by(rate(counter, WINDOW)) for counter in counters]
    return reduce(plus, rates)


def plus(one: Expr, other: Expr) -> Expr:
    """The sum, where one of the two may be missing."""
    return (one | other * 0) + (other | one * 0)


def answered(buckets: Selector) -> Expr:
    """Requests per second that a histogram has seen; nothing where the application has no buckets."""
    return events(buckets.where(eq("le", "+Inf")))


def slower_than(buckets: Selector, limit: float) -> Expr:
    """Requests per second that took longer than ``limit``, in the unit of the buckets.

    Exact where a bucket ends at the limit; else the requests of the bucket around it count as evenly spread, as they
    do for a percentile. A bucket that the limit must match would be nothing where it is missing, and nothing is slow.
    """
    total = answered(buckets)
    within = call("histogram_fraction", 0, limit, sum_by(rate(buckets, WINDOW), "le"))
    # No request is no share: NaN.
    return (total > 0) * (1 - within)


def beyond(objects: Expr, good: Good, value: float) -> tuple[Expr, Expr]:
    """(bad, total) of an objective that counts objects: of all series of ``objects`` those are good of which
    ``good`` and ``value`` hold. So is freshness, with the age of each.
    """
    return count_by(binary(_FAILS[good], objects, value)), count_by(objects)


def threshold_of(bad: Expr, total: Expr) -> tuple[Expr, Good, float] | None:
    """What :func:`beyond` was given; None for what it did not make."""
    if not (isinstance(bad, Aggregation) and isinstance(bad.expr, Binary) and isinstance(bad.expr.rhs, Number)):
        return None
    objects, value = bad.expr.lhs, bad.expr.rhs.value
    return next(((objects, good, value) for good in _FAILS if beyond(objects, good, value) == (bad, total)), None)
