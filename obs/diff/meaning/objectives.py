"""Objectives: their share of good events, window, and what counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obs.diff.entry import Entry, arrow, earlier
from obs.diff.order import same
from obs.diff.pair import Pair


def objectives(pair: Pair) -> Iterator[Entry]:
    """Nothing where one side was not run: objectives are in no object as such."""
    one, other = pair.before.snapshot.objectives, pair.after.snapshot.objectives
    if one is None or other is None:
        return
    for name in sorted(one.keys() | other.keys()):
        text = _text(one.get(name), other.get(name))
        if text:
            where = other[name]["where"] if name in other else earlier(str(one[name]["where"]))
            why = "its definition differs; its alerts and records follow from it"
            yield Entry(topic="objectives", subject=name, text=text, where=str(where), why=why)


def _text(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
    if one is None or other is None:
        given = one or other or {}
        what = f"{_percent(given)} over {given.get('window')}"
        return f"added: {what}" if one is None else f"removed; it was {what}"
    found = []
    if one["objective"] != other["objective"]:
        found.append(arrow(_percent(one), _percent(other)))
    found += [
        f"{key} {arrow(one[key], other[key])}" for key in ("window", "bad", "total") if not same(one[key], other[key])
    ]
    return "; ".join(found)


def _percent(given: Mapping[str, Any]) -> str:
    return f"{given['objective'] * 100:.6g} %"
