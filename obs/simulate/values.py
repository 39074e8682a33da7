"""How the value of one series runs over time. Values are pure: the same moment gives the same number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Moment:
    """A point in time. ``now``: unix seconds; ``epoch``: when the simulated processes started;

    ``compression``: how many times shorter than in production every duration of the stack is.
    """

    now: float
    epoch: float
    compression: int = 1

    @property
    def uptime(self) -> float:
        return self.now - self.epoch


class Value(Protocol):
    def at(self, moment: Moment) -> float: ...


@dataclass(frozen=True)
class Fixed:
    value: float

    def at(self, moment: Moment) -> float:  # noqa: ARG002 - the same at any time
        return self.value


@dataclass(frozen=True)
class Growth:
    """A counter of a quantity, such as seconds or bytes: real seconds, whatever the compression."""

    per_second: float

    def at(self, moment: Moment) -> float:
        return round(self.per_second * moment.uptime, 6)


@dataclass(frozen=True)
class Events:
    """A counter of events. ``per_minute`` counts minutes of production: a window of the rules, divided by the

    compression, holds as many events as the whole window does in production. ``share`` keeps parts of one whole
    (the buckets of a histogram) in step; ``phase`` (0 to 1) keeps equal counters apart; each event counts ``each``.
    """

    per_minute: float
    share: float = 1.0
    each: float = 1.0
    phase: float = 0.0

    def at(self, moment: Moment) -> float:
        events = self.per_minute / 60 * moment.compression * moment.uptime * self.share
        return math.floor(events + self.phase) * self.each


@dataclass(frozen=True)
class Wave:
    """A gauge that moves gently around ``mean``: by ``swing`` of it, over ``period`` seconds."""

    mean: float
    swing: float = 0.05
    period: float = 300.0
    phase: float = 0.0

    def at(self, moment: Moment) -> float:
        turn = 2 * math.pi * (moment.now / self.period + self.phase)
        return round(self.mean * (1 + self.swing * math.sin(turn)), 3)


@dataclass(frozen=True)
class Clock:
    """The time of day, ``ago`` seconds behind."""

    ago: float = 0.0

    def at(self, moment: Moment) -> float:
        return round(moment.now - self.ago, 3)


@dataclass(frozen=True)
class Since:
    """A fixed point in time, ``after`` seconds after the start of the simulated processes."""

    after: float = 0.0

    def at(self, moment: Moment) -> float:
        return round(moment.epoch + self.after, 3)


@dataclass(frozen=True)
class Shifted:
    """Another value, moved by a constant: a counter never falls back when a fault is over."""

    value: Value
    by: float

    def at(self, moment: Moment) -> float:
        return self.value.at(moment) + self.by


def steady(value: Value) -> bool:
    """Whether the value never changes: its line is then rendered once."""
    return isinstance(value, Fixed | Since)


def shown(value: float) -> str:
    """A number as the text format wants it; whole numbers without an exponent."""
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
