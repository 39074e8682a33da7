"""What a report consists of: entries, and the levels of risk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

LIMIT = 65_536
"""Bytes that any form of the report has at most: a comment on GitHub has so many characters, and none is shorter."""
MANY = 3
"""From so many alerts or records on that change in one way, they share a line."""
EARLIER = "before: "


class Level(IntEnum):
    """How risky: LOW is worth reading, MEDIUM interrupts something, HIGH loses or opens something."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the report.

    ``topic`` is the group below which it is shown (``alerts``) or, of a risk, its id (``restart``); ``subject`` what
    it is about; ``text`` what happens, without the subject. ``where`` is the definition as ``file:line``, ``before:
    file:line`` where only the base has it; ``why`` the reason for which it is listed. ``approved``: the stack's
    settings allow this risk by name. ``count``: how many things share the line.
    """

    topic: str
    subject: str
    text: str
    level: Level = Level.NONE
    where: str = ""
    why: str = ""
    approved: bool = False
    count: int = 1

    @property
    def name(self) -> str:
        """By which the settings allow it: ``restart StatefulSet monitoring/loki``."""
        return f"{self.topic} {self.subject}"

    def to_dict(self) -> dict[str, object]:
        """As JSON carries it."""
        fields: dict[str, object] = {
            "topic": self.topic,
            "subject": self.subject,
            "text": self.text,
            "where": self.where,
            "why": self.why,
        }
        return fields | ({"level": str(self.level), "approved": self.approved} if self.level else {})


def together(
    topic: str, alike: Mapping[str, list[str]], why: str, each: Callable[[str, str], Entry]
) -> Iterator[Entry]:
    """``alike`` is what changes -> who has it: one line for many, with their first places, else ``each`` of
    (name, text)."""
    for text, names in alike.items():
        if len(names) < MANY:
            yield from (each(name, text) for name in names)
            continue
        subject = f"{len(names)} {topic}"
        where = places(each(name, text).where for name in names)
        said = f"{text}: {listed(names, 12)}"
        yield Entry(topic=topic, subject=subject, text=said, where=where, why=why, count=len(names))


def places(found: Iterable[str]) -> str:
    """The first few, each once."""
    return ", ".join(list(dict.fromkeys(filter(None, found)))[:MANY])


def listed(names: list[str], most: int = 6) -> str:
    """``a, b and 3 more``"""
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"


def earlier(place: str) -> str:
    """A place that only the base has: there its line is looked for in vain, or is another one, in the checkout."""
    return f"{EARLIER}{place}" if place else ""


def arrow(before: object, after: object) -> str:
    return f"{_word(before)} → {_word(after)}"


def _word(value: object) -> str:
    return "nothing" if value is None or value in ("", ()) else str(value)
