"""broken: something that is read goes: a recorded series, a dashboard that is linked to, an output."""

from __future__ import annotations

from collections.abc import Iterator

from obs.diff.entry import Entry, Level, listed, places
from obs.diff.meaning.outputs import BREAKING, differences
from obs.diff.meaning.records import readers
from obs.diff.pair import Pair


def broken(pair: Pair) -> Iterator[Entry]:
    now = {rule.base for rule in pair.after.rules.records.values()}
    for name in sorted({rule.base for rule in pair.before.rules.records.values()} - now):
        if still := readers(pair.after, name):
            text = f"is not recorded any more and read by {listed(still)}"
            gone = (pair.record(rule.name) for rule in pair.before.rules.records.values() if rule.base == name)
            yield _entry(name, text, places(gone))
    for uid in sorted(pair.before.boards.keys() - pair.after.boards.keys()):
        linked = [board.title for board in pair.after.boards.values() if uid in board.links]
        linked += [
            r.name for r in pair.after.rules.alerts.values() if f"/d/{uid}?" in r.annotations.get("dashboard_url", "")
        ]
        if linked:
            yield _entry(f"dashboard {uid}", f"is gone and linked to by {listed(linked)}", "")
    for name, kind, text in differences(pair):
        if kind == BREAKING:
            yield _entry(f"output {name}", f"{text}: whoever reads it breaks", "components/outputs.py")


def _entry(subject: str, text: str, where: str) -> Entry:
    why = "something reads what this change takes away"
    return Entry(topic="broken", subject=subject, text=text, level=Level.MEDIUM, where=where, why=why)
