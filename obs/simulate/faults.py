"""A scenario at work: what becomes of the series of one page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from model.quantity import seconds
from obs.simulate.exposition import Lines
from obs.simulate.scenario import Appear, Change, Effect, Ramp, Rate, Recur, Relabel, Scenario, Set, Step, Vanish
from obs.simulate.series import Family, Series
from obs.simulate.values import Fixed, Moment, Shifted, Value

Key = tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]


def key(series: Series) -> Key:
    return series.name, series.labels, series.extra


@dataclass(frozen=True)
class Injection:
    """A scenario since a moment."""

    scenario: Scenario
    since: Moment

    def real(self, duration: str) -> float:
        """Real seconds of a duration of production."""
        return seconds(duration) / self.since.compression

    def changes(self, metric: str) -> list[Change]:
        return [c for c in self.scenario.changes if isinstance(c, Change) and c.metric == metric]


# --- values while a fault holds


@dataclass(frozen=True)
class _Moving:
    """From ``start`` to ``to`` within ``over`` real seconds."""

    start: float
    to: float
    since: float
    over: float

    def at(self, moment: Moment) -> float:
        done = min(max((moment.now - self.since) / self.over, 0.0), 1.0)
        return self.start + (self.to - self.start) * done


@dataclass(frozen=True)
class _Counting:
    """``by`` more than ``start`` after each ``every`` real seconds; without ``every`` by the second."""

    start: float
    by: float
    since: float
    every: float = 0.0

    def at(self, moment: Moment) -> float:
        gone = moment.now - self.since
        return self.start + self.by * ((math.floor(gone / self.every) + 1) if self.every else gone)


@dataclass(frozen=True)
class Recurring(Lines):
    """Series of one change that come one after the other."""

    change: Change
    effect: Recur
    labels: tuple[str, ...]
    injection: Injection

    def series(self, moment: Moment) -> Iterator[Series]:
        gone = moment.now - self.injection.since.now
        every, lasts = self.injection.real(self.effect.every), self.injection.real(self.effect.lasts)
        latest = math.floor(gone / every)
        # Rules look back at what was there before: a fault that comes again must not bring the same series.
        first = math.floor(self.injection.since.uptime / every)
        for number in range(max(0, math.floor((gone - lasts) / every) + 1), latest + 1):
            given = self.change.labels
            pairs = tuple((label, given[label].format(n=first + number)) for label in self.labels)
            yield Series(self.change.metric, self.change.metric, pairs, Fixed(1))


# --- a page's series


def altered(
    family: Family,
    injection: Injection | None,
    moved: Mapping[Key, float],
    new: tuple[Series, ...],
    label_names: tuple[str, ...],
) -> tuple[list[Series], list[Series], list[Lines]]:
    """(series without the fault, series with it, series that come and go).

    ``moved``: how far counters are off from earlier faults; ``new``: counters that earlier faults brought.
    """
    healthy = [_moved(series, moved) for series in (*family.series, *new)]
    if injection is None:
        return healthy, healthy, []
    current, coming = list(healthy), list[Lines]()
    for change in injection.changes(family.name):
        if isinstance(change.effect, Recur):
            coming.append(Recurring(change, change.effect, label_names, injection))
        else:
            current = list(_changed(current, change, injection, label_names))
    return healthy, current, coming


def _moved(series: Series, moved: Mapping[Key, float]) -> Series:
    by = moved.get(key(series), 0.0)
    return replace(series, value=Shifted(series.value, by)) if by else series


def _changed(series: list[Series], change: Change, injection: Injection, names: tuple[str, ...]) -> Iterator[Series]:
    effect = change.effect.then if isinstance(change.effect, Appear) else change.effect
    found = False
    for one in series:
        if not change.labels.items() <= dict(one.labels).items():
            yield one
            continue
        found = True
        if isinstance(effect, Vanish):
            continue
        if isinstance(effect, Relabel):
            yield replace(one, labels=tuple((label, effect.labels.get(label, old)) for label, old in one.labels))
        else:
            yield replace(one, value=_value(effect, one.value, injection))
    if isinstance(change.effect, Appear) and not found:
        pairs = tuple((label, change.labels[label]) for label in names)
        yield Series(change.metric, change.metric, pairs, _value(effect, Fixed(0), injection))


def _value(effect: Effect, before: Value, injection: Injection) -> Value:
    since = injection.since
    if isinstance(effect, Ramp):
        return _Moving(before.at(since), effect.to, since.now, injection.real(effect.over))
    if isinstance(effect, Rate):
        return _Counting(before.at(since), effect.per_second, since.now)
    if isinstance(effect, Step):
        return _Counting(before.at(since), effect.by, since.now, injection.real(effect.every))
    assert isinstance(effect, Set)
    return Fixed(effect.value)
