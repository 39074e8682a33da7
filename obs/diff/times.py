"""How much of all time Alertmanager's time intervals cover."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

# As timeinterval.go has them: ranges run from the first name to the last, and a week begins on Sunday.
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DAY, _MONTH = 24 * 60, 31
_WEEK = 7 * _DAY
ALWAYS = (1 << 12 * _MONTH * _WEEK) - 1
"""One bit for each minute of a week on each day of each month: what is muted in January alone is a twelfth."""


def share(covered: int) -> float:
    """Of all time: 0 to 1."""
    return covered.bit_count() / ALWAYS.bit_count()


def covered(intervals: Sequence[Mapping[str, Any]]) -> int:
    """The time that any of the intervals covers, as bits of ALWAYS. Years and zones are not asked: a mute of a whole
    year is one for good to those who wait for it."""
    found = 0
    for one in intervals:
        found |= _covered(json.dumps(one, sort_keys=True, default=str))
    return found


@cache
def _covered(text: str) -> int:
    one = json.loads(text)
    week = 0
    for day in _chosen(one.get("weekdays"), 0, 6, _DAYS):
        for start, end in _times(one.get("times")):
            week |= ((1 << max(end - start, 0)) - 1) << (day * _DAY + start)
    found = 0
    for month in _chosen(one.get("months"), 1, 12, _MONTHS):
        for day in _chosen(one.get("days_of_month"), 1, _MONTH, ()):
            found |= week << ((month - 1) * _MONTH + day - 1) * _WEEK
    return found


def _times(given: Any) -> Iterator[tuple[int, int]]:
    """Minutes of the day; all of it where nothing is said."""
    for one in given or ({"start_time": "00:00", "end_time": "24:00"},):
        yield _minute(one.get("start_time")), _minute(one.get("end_time"))


def _minute(text: Any) -> int:
    """YAML reads 22:00 without quotes as a number to the base of 60, which are the minutes."""
    if isinstance(text, int):
        return text
    hours, _, minutes = str(text).partition(":")
    return int(hours) * 60 + int(minutes or 0)


def _chosen(given: Any, first: int, last: int, names: Sequence[str]) -> set[int]:
    """The numbers of ``monday:friday``, ``1:5`` or ``-1``; all where nothing is said."""
    found: set[int] = set()
    for one in given or (f"{first}:{last}",):
        text = f"{one // 60}:{one % 60}" if isinstance(one, int) and one > _MONTH else str(one)
        start, _, end = text.partition(":")
        found |= set(range(_number(start, first, last, names), _number(end or start, first, last, names) + 1))
    return found


def _number(text: str, first: int, last: int, names: Sequence[str]) -> int:
    lower = text.strip().lower()
    if lower in names:
        return names.index(lower) + first
    number = int(lower)
    return number if number >= 0 else last + 1 + number
