"""What counts as bad and as total for an objective, where one counter does not say it.

Every function gives an expression for ``Slo.bad`` or ``Slo.total`` that keeps the label ``cluster``.
"""

from __future__ import annotations

from functools import reduce

from model.expr import Expr, Selector
from model.promql import eq, rate, sum_by

WINDOW = "5m"
"""Over which events are counted; longer windows are computed from these."""


def events(*counters: Selector) -> Expr:
    """Events per second of all counters together. One that is missing counts as none: many are born with an event."""
    rates: list[Expr] = [sum_by(rate(counter, WINDOW)) for counter in counters]
    return reduce(plus, rates)


def plus(one: Expr, other: Expr) -> Expr:
    """The sum, where one of the two may be missing."""
    return (one | other * 0) + (other | one * 0)


def slower_than(buckets: Selector, count: Selector, limit: str) -> Expr:
    """Requests per second that took longer than ``limit``, a bucket of the histogram as its label ``le`` has it."""
    return events(count) - events(buckets.where(eq("le", limit)))
