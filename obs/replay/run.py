"""Two weeks in parts that are replayed side by side: a healthy life, then each fault from a minute of it on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from model.quantity import seconds
from obs.replay.life import Life
from obs.replay.parts import Fault, Part, Scraped
from obs.replay.program import Told, replaying
from obs.replay.rhythm import DAY, DAYS, MINUTES, WARM, kind, worked
from obs.replay.score import Incident
from obs.replay.tape import Tape
from obs.simulate.cluster import Cluster
from obs.simulate.scenario import Change, Observe, Rate, Scenario, Step

LEAD = 10
"""Minutes of a fault's own replay before it begins: what the rules make of the past is made anew from there on."""


@dataclass(frozen=True)
class World:
    """What every tape is of."""

    scraped: Callable[[Cluster], Iterable[Scraped]]
    read: Collection[str]
    life: Life
    scenarios: Mapping[str, Scenario]

    def tape(self, *faults: Fault, part: Part | None = None) -> Tape:
        return Tape(self.scraped, self.read, self.life, self.scenarios, faults=faults, part=part)


@dataclass(frozen=True)
class Stretch:
    """Minutes ``begin`` to ``end``, of which those from ``counts`` on count, and the faults in them."""

    begin: int
    counts: int
    end: int
    faults: tuple[Fault, ...] = ()


def stretches(scenarios: Iterable[Scenario], number: int, days: int = DAYS) -> list[Stretch]:
    """The days in so many parts, each after a day that does not count; each fault has a minute of its own."""
    each, all_ = days * DAY // number, list(scenarios)
    made = []
    for part in range(number):
        counts = WARM * DAY + part * each
        own = all_[part::number]
        room = (each - _IDLE * max(map(least, own), default=0) - 60) // max(1, len(own))
        # By turns at every time of the day: 7 hours and some minutes after the one before, around and around.
        times = sorted((counts + 30 + room * n for n in range(len(own))), key=lambda m: (m * 2731) % each)
        begins = (at - at % 10 for at in times)
        faults = (Fault(s, begin, begin + length(s, begin)) for s, begin in zip(own, begins, strict=True))
        made.append(Stretch(counts - WARM * DAY, counts, counts + each, tuple(faults)))
    return made


_COUNTED = (Observe, Rate, Step)
_IDLE = 3
"""A long time of even work takes at most so much longer: a night or a weekend is in it."""


def least(scenario: Scenario) -> int:
    """Minutes in which the alerts of a scenario fire where work is even."""
    return int(-(-seconds(scenario.within) // 60))


def length(scenario: Scenario, begin: int) -> int:
    """Minutes in which they must fire from a minute on: until as much work is done. What nobody asks for fails not."""
    if not any(isinstance(c, Change) and isinstance(c.effect, _COUNTED) for c in scenario.changes):
        return least(scenario)
    table = worked(kind(scenario.system))
    done = bisect_left(table, table[begin] + 60 * least(scenario), lo=begin)
    return max(least(scenario), min(done, MINUTES) - begin)


def incidents(parts: Iterable[Stretch], long: Collection[str] = ()) -> Iterator[Incident]:
    """What must be told of each fault: by the name of its scenario.

    ``long``: systems whose budgets are of more than a day. What is left of those is said of a stack that has been there
    for hours; after days of health an hour's fault leaves more.
    """
    for fault in (fault for part in parts for fault in part.faults):
        alerts, within = fault.scenario.alerts, fault.end - fault.begin
        if fault.scenario.system in long:
            alerts = tuple(alert for alert in alerts if alert not in _LEFT)
        # A budget that burns is told by whichever of its alerts looks at the right window.
        budget = any(name.startswith(_BUDGET) for name in alerts)
        also = tuple(f"{_BUDGET}{kind}" for kind in _KINDS if f"{_BUDGET}{kind}" not in alerts) if budget else ()
        also += tuple(told for alert, told in _LATER.items() if alert in alerts)
        yield Incident(fault.scenario.name, fault.begin, fault.end, alerts, within, also, tail=0)


_LATER = {"VolumeFillsSoon": "CapacityRunsOutSoon"}
"""The same told a second time where the platform has been there for days, as no simulated one has."""
_BUDGET = "ErrorBudget"
_LEFT = (f"{_BUDGET}Exhausted", f"{_BUDGET}HalfSpent")
_KINDS = ("BurnRateCritical", "BurnRateHigh", "BurnRateMedium", "BurnRateMediumSlow", "Exhausted", "HalfSpent")


def replayed(
    program: Path, rules: Path, folder: Path, world: World, parts: list[Stretch], *, step: int = 1
) -> list[Told]:
    """What was told in each part and of each fault, at minutes of the whole. Raises ReplayError.

    ``step``: minutes between two evaluations of the healthy life; scrapes, and all of a fault, are by the minute.
    """

    def one(number: int) -> list[Told]:
        data = folder / f"part-{number}"
        data.mkdir()
        part = parts[number]
        with replaying(program, rules, data, step=step) as replay:
            replay.play(world.tape().frames(part.begin, part.end))
            for fault in part.faults:
                only = Part.of(fault.scenario)
                begin, end = fault.begin - LEAD, min(fault.end + 1, part.end)
                past = world.tape(part=only)
                for _ in past.frames(begin, end):  # all that the fault may change
                    pass
                replay.fork(fault.scenario.name, begin, past.known, world.tape(fault, part=only).frames(begin, end))
        return [told for told in replay.told if told.run or told.minute >= part.counts]

    with ThreadPoolExecutor(len(parts)) as pool:
        return [told for each in pool.map(one, range(len(parts))) for told in each]


def minutes(told: Iterable[Told], until: Mapping[str, int]) -> dict[str, dict[str, list[int]]]:
    """Run -> alert -> the minutes at which it fired; ``until``: run -> its last minute, where an alert still fires."""
    found: dict[str, dict[str, set[int]]] = {}
    open_: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}

    def fired(run: str, name: str, begin: int, end: int) -> None:
        found.setdefault(run, {}).setdefault(name, set()).update(range(begin, end))

    for one in told:
        key = (one.run, tuple(sorted(one.alert.items())))
        if one.fires:
            open_[key] = one.minute
        elif key in open_:
            fired(one.run, one.alert["alertname"], open_.pop(key), one.minute)
    for (run, labels), begin in open_.items():
        fired(run, dict(labels)["alertname"], begin, until[run] + 1)
    return {run: {name: sorted(at) for name, at in alerts.items()} for run, alerts in found.items()}
