"""How busy a platform is, minute by minute: days, nights, weekends, nightly batches, and chance.

Counters of the simulation count work by the second of an even life. Here time itself passes unevenly for them: an hour
of the day holds more work than an hour of the night, whatever is counted, so shares and ratios stay what they are.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import accumulate

from obs.simulate.values import Moment

DAY = 24 * 60
WARM, DAYS = 1, 14
"""Days before the replay counts, in which rules that look back a day get something to look at; and days that count."""
MINUTES = (WARM + DAYS) * DAY
START = 1_794_787_200
"""Unix seconds of minute 0: a Monday, 00:00 UTC."""
RAN = 3 * 86_400.0
"""Seconds that everything has run for at minute 0."""


class Kind(StrEnum):
    """What the work of a system follows."""

    PEOPLE = "people"
    BATCH = "batch"
    MACHINES = "machines"


_BATCH = frozenset(
    ["airflow", "ceph", "hive_metastore", "iceberg", "isilon", "kafka", "minio", "oracle", "spark", "trino"]
)
_PEOPLE = frozenset(["argocd", "bitbucket", "grafana", "istio", "jenkins", "redis", "web_applications"])


def kind(system: str) -> Kind:
    return Kind.BATCH if system in _BATCH else Kind.PEOPLE if system in _PEOPLE else Kind.MACHINES


def load(of: Kind, minute: int) -> float:
    """Work at a minute, without chance; 1 is what the even simulation does."""
    day, hour = minute // DAY, minute % DAY / 60
    if of is Kind.MACHINES:
        return 1.0
    awake = math.sin(math.pi * (hour - 6) / 15) if 6 <= hour <= 21 else 0.0
    if of is Kind.PEOPLE:
        return 0.15 + 1.15 * awake * (0.4 if day % 7 >= 5 else 1.0)
    return 0.45 + 0.35 * awake + (1.1 if 1 <= hour < 4 else 0.0)


@cache
def worked(of: Kind) -> list[float]:
    """Seconds of even work done since minute 0, at each minute."""
    chance = random.Random(f"2026 {of}")
    return list(accumulate((60 * load(of, m) * chance.uniform(0.8, 1.2) for m in range(MINUTES)), initial=0.0))


_LOADED = (130, 137)
"""Minutes of a night in which processors are all but full: shorter than anybody waits."""


@cache
def busy() -> list[float]:
    """Seconds in which a processor had work, since minute 0: at most 1 a second."""
    chance = random.Random("2026 processors")

    def share(minute: int) -> float:
        if minute % DAY in range(*_LOADED):
            return 0.95
        both = 0.5 * load(Kind.BATCH, minute) + 0.5 * load(Kind.PEOPLE, minute)
        return min(0.78, 0.12 + 0.38 * both * chance.uniform(0.8, 1.2))

    return list(accumulate((60 * share(m) for m in range(MINUTES)), initial=0.0))


_NOISE = tuple(random.Random("2026 noise").gauss(0, 1 / 3) for _ in range(8192))


def noise(key: int, minute: int) -> float:
    """Chance of a series at a minute: mostly from -1 to 1, the same in every run."""
    return _NOISE[(key + minute * 2731) & 8191]


def minute_of(now: float) -> int:
    return min(max(int((now - START) // 60), 0), MINUTES)


@dataclass(frozen=True)
class Lived(Moment):
    """A moment of a process whose work follows a rhythm. ``done``: seconds of even work since it started."""

    done: float = 0.0

    @property
    def uptime(self) -> float:
        return self.done


def lived(of: Kind, minute: int, since: int | None) -> Lived:
    """The moment of a process that was started anew at the minute ``since``, or runs since before minute 0."""
    table = worked(of)
    if since is None:
        return Lived(START + 60.0 * minute, START - RAN, 1, RAN + table[minute])
    return Lived(START + 60.0 * minute, START + 60.0 * since, 1, table[minute] - table[since])


def plain(minute: int, since: int | None) -> Moment:
    """The same for what counts time and not work."""
    return Moment(START + 60.0 * minute, START - RAN if since is None else START + 60.0 * since)


def unborn(minute: int) -> Moment:
    """A minute, to a process that starts later."""
    return Lived(START + 60.0 * minute, START + 60.0 * minute)
