"""A scenario at work: what becomes of the series of one page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from model.quantity import seconds
from obs.simulate.exposition import Lines
from obs.simulate.scenario import (
    Appear,
    Change,
    Effect,
    Observe,
    Ramp,
    Rate,
    Recur,
    Relabel,
    Scenario,
    Set,
    Step,
    Timestamp,
)
from obs.simulate.series import Family, Series, observed
from obs.simulate.values import Fixed, Moment, Shifted, Value


@dataclass(frozen=True)
class Injection:
    """A scenario since a moment."""

    scenario: Scenario
    since: Moment

    def real(self, duration: str) -> float:
        """Real seconds of a duration of production."""
        return seconds(duration) / self.since.compression

    def changes(self, family: Family) -> list[Change]:
        names = {family.name, *(one.name for one in family.series)}
        return [c for c in self.scenario.changes if isinstance(c, Change) and c.metric in names]


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
    """``by`` more than ``start`` after each ``every`` seconds of work; without ``every`` by the second.

    Of work, as everything else that counts: what fails in the night is a share of the night's work.
    """

    start: float
    by: float
    since: Moment
    every: float = 0.0

    def at(self, moment: Moment) -> float:
        gone = moment.uptime - self.since.uptime
        return self.start + self.by * ((math.floor(gone / self.every) + 1) if self.every else gone)


@dataclass(frozen=True)
class _Also:
    """What ``more`` counts since the fault began, on top of ``value``."""

    value: Value
    more: Value
    since: Moment

    def at(self, moment: Moment) -> float:
        return self.value.at(moment) + self.more.at(moment) - self.more.at(self.since)


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
    family: Family, series: list[Series], injection: Injection, names: tuple[str, ...]
) -> tuple[list[Series], list[Lines]]:
    """What the fault makes of the series of a family, and series that come and go; ``names``: its labels."""
    coming: list[Lines] = []
    for change in injection.changes(family):
        if isinstance(change.effect, Recur):
            coming.append(Recurring(change, change.effect, names, injection))
        else:
            series = list(_changed(series, change, change.effect, injection, names))
    return series, coming


def healed(family: Family, series: list[Series], injection: Injection, until: Moment) -> list[Series]:
    """The series once the fault is over: a counter goes on from where the fault brought it, all else is as before.

    Worked out anew for every page, from the fault alone: it holds for pods that nobody scraped meanwhile, too.
    """
    if family.type not in ("counter", "histogram", "summary"):
        return series
    bad, _ = altered(family, series, injection, ())
    # The same series in the same order: a counter can only be made to count (scenario.check).
    return [
        _moved(one, faulty.value.at(until) - one.value.at(until)) if _counts(one, family) else one
        for one, faulty in zip(series, bad, strict=True)
    ]


def _counts(series: Series, family: Family) -> bool:
    """All but the quantiles of a summary."""
    return family.type == "counter" or series.name != family.name


def _moved(series: Series, by: float) -> Series:
    if not by:
        return series
    value = series.value
    # One shift, however many faults there were.
    shifted = Shifted(value.value, value.by + by) if isinstance(value, Shifted) else Shifted(value, by)
    return replace(series, value=shifted)


def _changed(
    series: list[Series], change: Change, effect: Effect, injection: Injection, names: tuple[str, ...]
) -> Iterator[Series]:
    found = False
    for one in series:
        of_it = isinstance(effect, Observe) or one.name == change.metric
        if not of_it or not change.labels.items() <= dict((*one.labels, *one.extra)).items():
            yield one
            continue
        found = True
        if isinstance(effect, Relabel):
            yield replace(one, labels=tuple((label, effect.labels.get(label, old)) for label, old in one.labels))
        elif isinstance(effect, Observe):
            more = observed(one, effect.mean, effect.per_minute)
            yield replace(one, value=_Also(one.value, more, injection.since)) if more else one
        else:
            yield replace(one, value=_value(effect, one.value, injection))
    if isinstance(effect, Appear) and not found:
        pairs = tuple((label, change.labels[label]) for label in names)
        yield Series(change.metric, change.metric, pairs, Fixed(1))


def _value(effect: Effect, before: Value, injection: Injection) -> Value:
    since = injection.since
    match effect:
        case Ramp():
            return _Moving(before.at(since), effect.to, since.now, injection.real(effect.over))
        case Rate():
            return _Counting(before.at(since), effect.per_second, since)
        case Step():
            return _Counting(before.at(since), effect.by, since, injection.real(effect.every))
        case Set():
            return Fixed(effect.value)
        case Timestamp():
            return Fixed(round(since.now + effect.after, 3))
    assert isinstance(effect, Appear)
    return Fixed(1)
