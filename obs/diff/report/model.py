"""The report as a value, and how much of it fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from obs.diff.causes import causes
from obs.diff.changed_settings import Setting
from obs.diff.entry import LIMIT, Entry, Level, arrow, listed
from obs.diff.located import located
from obs.diff.meaning import meaning
from obs.diff.objects import ObjectDiff, objects
from obs.diff.pair import Pair
from obs.diff.preview import engine, untold
from obs.diff.report.apart import compared, only, place
from obs.diff.risk import risks, settled, unused
from obs.diff.snapshot import Snapshot

_SHOWN_LINES = 120
"""Lines of one object's diff in a report that is cut."""
_WORDS = 120
"""Bytes of a text in a report of which nothing else fits."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """``cut`` counts what was left out, by part; ``notes`` say what could not be compared; ``operations``, what the
    engine would do to objects that differ in nothing that is rendered; ``full`` is the file with everything; ``two``
    stacks are compared, so that no risk is in any difference; ``left_out`` is the level of risks that did not fit."""

    stack: str
    before: str
    after: str
    meaning: tuple[Entry, ...]
    risks: tuple[Entry, ...]
    objects: tuple[ObjectDiff, ...]
    operations: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    notes: tuple[str, ...] = ()
    cut: Mapping[str, int] | None = None
    headline: str = ""
    full: str = ""
    two: bool = False
    left_out: Level = Level.NONE

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a form says last: the operations of the engine alone, and the notes."""
        return (*self.operations, *self.notes)

    @property
    def empty(self) -> bool:
        return not (self.meaning or self.risks or self.objects or self.operations or self.cut)

    @property
    def level(self) -> Level:
        """The worst risk that nobody has allowed."""
        return max((entry.level for entry in self.risks if not entry.approved), default=self.left_out)

    def causes(self, entry: Entry) -> list[Setting]:
        """Changed settings that the entry comes from."""
        return causes(entry, self.settings)

    def to_dict(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "before": self.before,
            "after": self.after,
            "summary": self.headline,
            "risk": str(self.level),
            "meaning": [entry.to_dict() for entry in self.meaning],
            "risks": [entry.to_dict() for entry in self.risks],
            "objects": [one.to_dict() for one in self.objects],
            "operations": list(self.operations),
            "settings": [vars(one) for one in self.settings],
            "notes": list(self.notes),
            "cut": dict(self.cut or {}),
        }


def report(before: Snapshot, after: Snapshot, steps: Sequence[Mapping[str, Any]] = ()) -> Report:
    """The whole report on two snapshots, with what the engine would do where ``steps`` of its preview are given.

    Two stacks differ without a way from one to the other: no risk is in that.
    """
    pair = Pair(before, after)
    by_engine = engine(list(steps))
    found = risks(pair) if before.stack == after.stack else []
    told = settled([*found, *untold(by_engine, found)], after.allowed)
    changed = [replace(one, operation=by_engine.operations.get(one.subject, "")) for one in objects(pair)]
    notes = [f"{side.source}: {text}" for side in (before, after) for text in side.partial]
    notes += [f"allowRisks names {name!r}, which nothing of this change needs" for name in unused(told, after.allowed)]
    two = before.stack != after.stack
    notes += [] if two else _written_again(pair)
    whole = Report(
        stack=f"{before.stack} and {after.stack}" if two else after.stack,
        before=before.source,
        after=after.source,
        meaning=tuple(located(meaning(pair), pair)),
        risks=tuple(located(told, pair)),
        objects=tuple(changed),
        operations=tuple(by_engine.alone({one.subject for one in changed})),
        settings=pair.settings,
        two=two,
        notes=tuple(dict.fromkeys(notes)),
    )
    if two:
        whole = replace(
            whole,
            meaning=(*_why(pair.settings), *(compared(entry, before.stack, after.stack) for entry in whole.meaning)),
            objects=tuple(
                replace(one, said=only(one.action, before.stack, after.stack), where=place(one.where, before.stack))
                for one in whole.objects
            ),
        )
    return replace(whole, headline=summary(whole))


def _written_again(pair: Pair) -> list[str]:
    """One line, if any: the engine compares texts, and order is a difference to it."""
    found = list(pair.written_again)
    if not found:
        return []
    many, them = ("1 object differs", "it") if len(found) == 1 else (f"{len(found)} objects differ", "them")
    return [
        f"{many} only in order, labels of versions or checksums; the engine writes {them} again: {listed(found, 3)}"
    ]


def _why(settings: tuple[Setting, ...]) -> list[Entry]:
    """Why two stacks differ: what their files say."""
    why = "the files of both stacks differ in it"
    return [
        Entry(topic="settings", subject=one.key, text=arrow(one.before, one.after), where=one.where, why=why)
        for one in settings
    ]


def summary(whole: Report) -> str:
    """One line: what changes, and how risky."""
    if whole.empty:
        return f"{whole.stack}: nothing changes"
    said = [_counted(number, topic) for topic, number in _topics(whole.meaning).items() if topic != "estimates"]
    said.append(f"{len(whole.objects)} object{'s' * (len(whole.objects) != 1)}")
    if whole.operations:
        said.append(f"{len(whole.operations)} operation{'s' * (len(whole.operations) != 1)} of the engine alone")
    worst = [entry.name for entry in whole.risks if entry.level is whole.level and not entry.approved]
    if whole.two:
        return f"{whole.stack}: {listed(said, 8)}"
    risk = f"risk {whole.level}" + (f" ({listed(worst, 2)})" if whole.level > Level.LOW else "")
    return f"{whole.stack}: {listed(said, 8)} · {risk}"


def _topics(entries: Sequence[Entry]) -> Counter[str]:
    """How many things of each topic the entries tell of: panels apart from dashboards, of which one has many lines."""
    topics: Counter[str] = Counter()
    told = set()
    for entry in entries:
        if entry.topic != "dashboards":
            topics[entry.topic] += entry.count
        elif entry.subject not in told:
            told.add(entry.subject)
            topics["panels" if entry.subject.startswith("panel ") else entry.topic] += 1
    return topics


def _counted(number: int, topic: str) -> str:
    if topic in ("retention", "routing"):
        return f"{number} change{'s' * (number != 1)} of {topic}"
    return f"{number} {topic.removesuffix('s') if number == 1 else topic}"


def fitted(whole: Report, render: Callable[[Report], str], limit: int = LIMIT) -> str:
    """What ``render`` makes of the report, cut from the bottom until it has no more than ``limit`` bytes.

    First long diffs are shortened, then objects go, then entries of the meaning, last risks. What goes is counted.
    """
    if limit < 1000:
        raise ValueError("a report needs 1000 bytes at least")
    text = render(whole)
    if len(text.encode()) <= limit:
        return text
    short = replace(whole, objects=tuple(map(_shortened, whole.objects)))
    low, high = 0, len(whole.risks) + len(whole.meaning) + len(whole.objects)
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(render(_kept(short, middle)).encode()) <= limit
        low, high = (middle, high) if fits else (low, middle - 1)
    text = render(_kept(short, low))
    # Notes and names may be as long as a message of the engine.
    return text if len(text.encode()) <= limit else render(_least(_kept(short, 0)))


def _least(whole: Report) -> Report:
    """Nothing but the first line and the counts, each text short enough for 1000 bytes together."""
    cut = {**(whole.cut or {}), "notes": len(whole.notes)} if whole.notes else whole.cut
    return replace(
        whole,
        stack=_clipped(whole.stack),
        before=_clipped(whole.before),
        after=_clipped(whole.after),
        full=_clipped(whole.full),
        headline=_clipped(whole.headline),
        notes=(),
        settings=(),
        cut=cut,
    )


def _clipped(text: str) -> str:
    found = text.encode()
    return text if len(found) <= _WORDS else found[:_WORDS].decode(errors="ignore") + "…"


def _shortened(one: ObjectDiff) -> ObjectDiff:
    if len(one.lines) <= _SHOWN_LINES:
        return one
    more = f"… {len(one.lines) - _SHOWN_LINES} more lines"
    return replace(one, lines=(*(line[:2000] for line in one.lines[:_SHOWN_LINES]), more))


def _kept(whole: Report, number: int) -> Report:
    """The first ``number`` of risks, meaning and objects, in this order of worth."""
    kept_risks = whole.risks[:number]
    kept_meaning = whole.meaning[: max(number - len(whole.risks), 0)]
    kept_objects = whole.objects[: max(number - len(whole.risks) - len(whole.meaning), 0)]
    notes, operations = whole.notes[:10], whole.operations[:10]
    cut = {
        "risks": len(whole.risks) - len(kept_risks),
        "lines of meaning": len(whole.meaning) - len(kept_meaning),
        "objects": len(whole.objects) - len(kept_objects),
        "operations of the engine": len(whole.operations) - len(operations),
        "notes": len(whole.notes) - len(notes),
    }
    settings = whole.settings if number else ()
    return replace(
        whole,
        risks=kept_risks,
        meaning=kept_meaning,
        objects=kept_objects,
        notes=notes,
        operations=operations,
        settings=settings,
        left_out=whole.level,
        cut={part: count for part, count in cut.items() if count},
    )
