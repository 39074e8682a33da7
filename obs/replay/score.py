"""Precision and recall of alerts over labelled incidents. Times are minutes since the beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_WEEK = 7 * 24 * 60


@dataclass(frozen=True)
class Incident:
    """``alerts`` must fire within ``within`` of ``start``; ``also`` may. Both may last ``tail`` longer than the fault,
    as rules look back."""

    name: str
    start: int
    end: int
    alerts: tuple[str, ...]
    within: int
    also: tuple[str, ...] = ()
    tail: int = 15


@dataclass(frozen=True)
class Score:
    """``episodes`` of an alert, of which ``right`` ones belong to an incident; ``told`` of its ``incidents``."""

    alert: str
    episodes: int
    right: int
    incidents: int
    told: int

    @property
    def precision(self) -> float | None:
        return self.right / self.episodes if self.episodes else None

    @property
    def recall(self) -> float | None:
        return self.told / self.incidents if self.incidents else None


def episodes(firing: Iterable[int], step: int) -> list[tuple[int, int]]:
    """(first, last) of each span in which an alert fires at every look, which is every ``step`` minutes."""
    spans: list[tuple[int, int]] = []
    for at in sorted(firing):
        if spans and at - spans[-1][1] <= step:
            spans[-1] = (spans[-1][0], at)
        else:
            spans.append((at, at))
    return spans


def scores(firing: Mapping[str, Iterable[int]], incidents: Sequence[Incident], step: int) -> list[Score]:
    """A score for each alert that fired or that an incident must bring about, by name."""
    names = sorted({*(name for name, at in firing.items() if list(at)), *(a for i in incidents for a in i.alerts)})
    return [_score(name, sorted(firing.get(name, ())), incidents, step) for name in names]


def _score(name: str, firing: Sequence[int], incidents: Sequence[Incident], step: int) -> Score:
    spans = episodes(firing, step)
    meant = [i for i in incidents if name in (*i.alerts, *i.also)]
    right = sum(any(first <= i.end + i.tail and last >= i.start for i in meant) for first, last in spans)
    due = [i for i in incidents if name in i.alerts]
    told = sum(any(i.start <= at <= i.start + i.within for at in firing) for i in due)
    return Score(name, len(spans), right, len(due), told)


def whole(found: Iterable[Score], name: str = "all") -> Score:
    """All alerts together."""
    each = list(found)
    fields = ("episodes", "right", "incidents", "told")
    return Score(name, *(sum(getattr(one, field) for one in each) for field in fields))


def summed(found: Iterable[Score]) -> list[Score]:
    """One score for each alert, by name, of those of several replays."""
    each = list(found)
    return [whole((one for one in each if one.alert == name), name) for name in sorted({one.alert for one in each})]


def false_a_week(score: Score, minutes: int) -> float:
    return (score.episodes - score.right) / (minutes / _WEEK)
