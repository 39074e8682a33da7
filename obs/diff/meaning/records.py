"""Recording rules that come, go and change, and what reads them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from obs.diff.entry import Entry, arrow, listed, together
from obs.diff.order import same
from obs.diff.pair import Pair, Side
from obs.diff.promql import grouped_by
from obs.diff.rules import Rule

_EVALUATED = "evaluated by "
_WHY = "its rule differs between the PrometheusRules of both sides"


def records(pair: Pair) -> Iterator[Entry]:
    """Records that only another evaluator has share a line: nobody who reads them sees a difference."""
    before, after = pair.before.rules.records, pair.after.rules.records
    moved: dict[str, list[str]] = {}
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        changes = list(_changes(one, other)) if one and other else []
        if len(changes) == 1 and changes[0].startswith(_EVALUATED):
            moved.setdefault(changes[0], []).append(name)
        elif text := _text(pair, one, other):
            yield _entry(pair, name, text)
    yield from together("recording rules", moved, _WHY, partial(_entry, pair))


def _entry(pair: Pair, name: str, text: str) -> Entry:
    return Entry(topic="recording rules", subject=name, text=text, where=pair.record(name), why=_WHY)


def _text(pair: Pair, one: Rule | None, other: Rule | None) -> str:
    if one is None or other is None:
        if other is not None:
            return f"added: `{other.expr}`{_readers(pair.after, other)}"
        return _removed(pair, one) if one is not None else ""
    changes = list(_changes(one, other))
    return f"{'; '.join(changes)}{_readers(pair.after, other)}" if changes else ""


def _removed(pair: Pair, one: Rule) -> str:
    still, was = readers(pair.after, one.base), readers(pair.before, one.base)
    if still:
        return f"removed; still read by {listed(still)}"
    return f"removed; it was read by {listed(was)}" if was else "removed"


def _changes(one: Rule, other: Rule) -> Iterator[str]:
    if not same(one.expr, other.expr):
        yield f"`{one.expr}` → `{other.expr}`"
        a, b = grouped_by(one.expr), grouped_by(other.expr)
        if a is not None and b is not None:
            yield from (f"label {x} dropped" for x in a if x not in b)
            yield from (f"label {x} added" for x in b if x not in a)
    if one.labels != other.labels:
        yield f"labels {arrow(dict(one.labels), dict(other.labels))}"
    if one.evaluator != other.evaluator:
        yield f"{_EVALUATED}{arrow(one.evaluator, other.evaluator)}"


def readers(side: Side, series: str) -> list[str]:
    """Rules and panels that read a series."""
    return list(dict.fromkeys([*side.rules.readers.get(series, ()), *side.asking.get(series, ())]))


def _readers(side: Side, rule: Rule) -> str:
    found = readers(side, rule.base)
    return f"; read by {listed(found)}" if found else "; nothing of the stack reads it"
