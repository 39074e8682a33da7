"""The text format (version 0.0.4): lines that never change are rendered once, only the others at each scrape."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Protocol

from obs.simulate.series import Series
from obs.simulate.values import Moment, Value, shown, steady

_WORDS = re.compile(r"[\s{]")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Lines(Protocol):
    """Series that come and go."""

    def series(self, moment: Moment) -> Iterable[Series]: ...


class Page:
    """What one target exposes on one path. ``families``: (name, type, its series, series that come and go)."""

    def __init__(self, families: Iterable[tuple[str, str, Iterable[Series], Iterable[Lines]]], moment: Moment) -> None:
        self._parts: list[str | tuple[str, Value] | Lines] = []
        still: list[str] = []
        for name, kind, series, coming in families:
            still.append(f"# TYPE {name} {kind}\n")
            for one in series:
                if steady(one.value):
                    still.append(line(one, moment))
                    continue
                self._still(still)
                self._parts.append((one.head, one.value))
            for lines in coming:
                self._still(still)
                self._parts.append(lines)
        self._still(still)

    def _still(self, lines: list[str]) -> None:
        if lines:
            self._parts.append("".join(lines))
            lines.clear()

    def text(self, moment: Moment) -> str:
        rendered = []
        for part in self._parts:
            if isinstance(part, str):
                rendered.append(part)
            elif isinstance(part, tuple):
                rendered.append(f"{part[0]}{shown(part[1].at(moment))}\n")
            else:
                rendered.extend(line(one, moment) for one in part.series(moment))
        return "".join(rendered)


def line(series: Series, moment: Moment) -> str:
    return f"{series.head}{shown(series.value.at(moment))}\n"


def without(text: str, families: Collection[str]) -> str:
    """A page without some of its families, which are gauges or counters: their samples have the family's name."""

    def family(row: str) -> str:
        words = _WORDS.split(row)
        return words[2] if row.startswith("#") and len(words) > 2 else words[0]

    return "".join(row for row in text.splitlines(keepends=True) if family(row) not in families)
