"""Systems that are watched now, or no more."""

from __future__ import annotations

from collections.abc import Iterator

from obs.diff.entry import Entry
from obs.diff.pair import Pair


def systems(pair: Pair) -> Iterator[Entry]:
    one, other = pair.before.snapshot.systems, pair.after.snapshot.systems
    if one is None or other is None:
        return
    why = "the stack's settings name other systems"
    for name in sorted(set(one) ^ set(other)):
        text = "is watched now" if name in other else "is not watched any more: its rules, panels and scrapes go"
        yield Entry(topic="systems", subject=name, text=text, why=why)
