"""Which labels an expression keeps from end to end, so that a matcher on one may be pushed down to every selector."""

from __future__ import annotations

from functools import lru_cache

from model.expr import Aggregation, Binary, Call, Expr, Selector

# They answer with something when nothing matches, or change labels: a matcher further down says something else there.
_OPAQUE = {"absent", "absent_over_time", "label_replace", "label_join", "vector"}
_NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def kept_labels(expr: Expr) -> frozenset[str]:
    """Labels by which every part of ``expr`` is grouped and matched. None where a part has no grouping at all."""
    return _kept(expr) or _NOTHING


def _kept(expr: Expr) -> frozenset[str] | None:
    """None for what has no series: numbers and ``time()`` restrict nothing."""
    if isinstance(expr, Selector):
        return _NOTHING
    if isinstance(expr, Aggregation):
        grouped = frozenset(expr.by)
        # Of a bare selector (or a rate of one) the grouping is all that is known, and enough.
        return grouped if _bare(expr.expr) else grouped & (_kept(expr.expr) or _NOTHING)
    if isinstance(expr, Call) and expr.function in _OPAQUE:
        return _NOTHING
    parts = [kept for child in expr.children() if (kept := _kept(child)) is not None]
    if not parts:
        return None
    found = frozenset.intersection(*parts)
    return found & frozenset(expr.on) if isinstance(expr, Binary) and expr.on is not None else found


def _bare(expr: Expr) -> bool:
    """Whether nothing below changes labels: then they are those of the selectors themselves."""
    if isinstance(expr, Aggregation) or (isinstance(expr, Binary) and expr.on is not None):
        return False
    return not (isinstance(expr, Call) and expr.function in _OPAQUE) and all(_bare(c) for c in expr.children())
