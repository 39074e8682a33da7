"""Which of the changed settings an entry comes from, by what both of them name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from obs.diff.changed_settings import Setting
from obs.diff.entry import Entry, arrow

_FEW = 3
_PARTS = ("systems", "exporters")
"""Settings whose keys are names that people use: ``systems.kafka`` causes whatever speaks of Kafka."""
_TOPICS = {"retention": "retention", "sizes": "size"}
_LISTING = ("estimates", "outputs", "routing")
"""Topics whose texts, not their subjects, name the systems."""
_DEFINED = re.compile(r"\bsystems/(\w+)")


def causes(entry: Entry, settings: Sequence[Setting]) -> list[Setting]:
    """One for each place that was edited: those of the very values that the entry tells, else those that name what it
    is about; all where there are few. None where the entry's own place is one of them."""
    if any(one.where in entry.where.split(", ") for one in settings):
        return []
    told = [one for one in settings if _told(entry, one)]
    named = [one for one in settings if _named(entry, one)]
    found = [one for one in told if one in named] or told or named
    if not found and len(_each(settings)) <= _FEW:
        found = list(settings)
    return _each(found)


def _each(settings: Iterable[Setting]) -> list[Setting]:
    """The first of each node."""
    return list({(one.node, one.where): one for one in reversed(list(settings))}.values())[::-1]


def _told(entry: Entry, one: Setting) -> bool:
    return None not in (one.before, one.after) and contains(entry.text, arrow(one.before, one.after))


def contains(text: str, words: str) -> bool:
    """Not as a part of a longer word or number."""
    return re.search(rf"(?<![\w.-]){re.escape(words)}(?![\w-]|\.\w)", text) is not None


def _named(entry: Entry, one: Setting) -> bool:
    keys = [key for key in re.split(r"[.\[\]]+", one.key) if key]
    words = {word for word in re.split(r"[\s/:]+|\W+", entry.subject) if len(word) > 3} | set(entry.subject.split("/"))
    return (
        bool(words & set(keys))
        or _TOPICS.get(entry.topic) in keys
        or (keys[0] in _PARTS and keys[1:2] != [] and keys[1].casefold() in _parts(entry))
    )


def _parts(entry: Entry) -> set[str]:
    """What may be the name of a system: that which defines it or, where none does, any word."""
    text = f"{entry.subject} {entry.text if entry.topic in _LISTING else ''}"
    return set(_DEFINED.findall(entry.where)) or {word.casefold() for word in re.findall(r"\w+", text)}
