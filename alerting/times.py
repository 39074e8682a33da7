"""When and for whom: settings of maintenance windows, and of what tells alerts of teams apart."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from model.config import Name, Part, form
from model.expr import Matcher
from model.promql import eq, matching

_WEEK = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
"""As Alertmanager has it: a range over Sunday is two."""
_NUMBER = r"-?([1-9]|[12]\d|3[01])"


def _weekdays(text: str) -> str:
    first, _, last = text.partition(":")
    if first not in _WEEK or (last or first) not in _WEEK:
        raise ValueError("must be a day such as saturday, or days such as monday:friday")
    if _WEEK.index(first) > _WEEK.index(last or first):
        raise ValueError("goes back: the week begins with sunday; give saturday and sunday by themselves")
    return text


def _days(text: str) -> str:
    if re.fullmatch(rf"{_NUMBER}(:{_NUMBER})?", text) is None:
        raise ValueError("must be days such as 1, 1:7 or -1 (the last of the month)")
    first, _, last = text.partition(":")
    if last and ((first[0] == "-") != (last[0] == "-") or int(first) > int(last)):
        raise ValueError("must go forward, from the beginning of the month (1:7) or to its end (-7:-1)")
    return text


Weekdays = Annotated[str, AfterValidator(_weekdays)]
DaysOfMonth = Annotated[str, AfterValidator(_days)]
Clock = Annotated[str, form(r"([01]\d|2[0-3]):[0-5]\d|24:00", "a time such as 22:00, 24:00 at most")]
LabelName = Annotated[str, form(r"[a-z_][a-zA-Z0-9_]*", "the name of a label")]


def _zone(text: str) -> str:
    zones = zoneinfo.available_timezones()
    if zones and text not in zones:  # a machine without a time zone database cannot tell
        raise ValueError("must be a name of the time zone database such as Europe/Berlin")
    return text


class MatchSettings(Part):
    """Labels that an alert must have, each with the value or one of the values that is given."""

    match: dict[LabelName, str | tuple[str, ...]] = Field(default_factory=dict)

    @property
    def matchers(self) -> tuple[Matcher, ...]:
        return tuple(matcher(label, value) for label, value in sorted(self.match.items()))


def matcher(label: str, value: str | tuple[str, ...]) -> Matcher:
    """Alertmanager anchors regular expressions; the values are texts, not patterns."""
    if isinstance(value, str):
        return eq(label, value)
    return matching(label, "|".join(map(re.escape, value)))


class SpanSettings(Part):
    """A time of the week; a night over midnight is two of them. All that is given must hold."""

    weekdays: tuple[Weekdays, ...] = ()
    days_of_month: tuple[DaysOfMonth, ...] = ()
    start: Clock | None = None
    end: Clock | None = None
    location: Annotated[str, AfterValidator(_zone)] = "UTC"

    @model_validator(mode="after")
    def _consistent(self) -> SpanSettings:
        if bool(self.start) != bool(self.end):
            raise ValueError("start and end belong together")
        if self.start and self.end and self.start >= self.end:
            raise ValueError("start must be before end; over midnight give two spans, to 24:00 and from 00:00")
        if not (self.weekdays or self.days_of_month or self.start):
            raise ValueError("is always; give weekdays, daysOfMonth, or start and end")
        return self


class MaintenanceSettings(MatchSettings):
    """Nobody is told of alerts that match while one of the spans holds.

    Critical ones are told all the same, unless ``critical``. What still holds at the end is told then.
    """

    name: Name
    spans: tuple[SpanSettings, ...] = Field(min_length=1)
    critical: bool = False

    @model_validator(mode="after")
    def _not_everything(self) -> MaintenanceSettings:
        if not self.match:
            raise ValueError(".match: is missing; a maintenance of everything would hide what it breaks")
        return self


Teams = Mapping[str, tuple[str, ...]]
"""Team -> the components whose alerts are its."""
