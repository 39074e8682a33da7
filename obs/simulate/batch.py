"""Faults that hold at the same time and can still be told apart: what one changes, no alert of another reads.

Most of a fault's time is waiting, so many of them take little longer than the slowest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from contracts import load
from model.expr import Expr
from model.quantity import seconds
from model.rule import RecordingRule
from obs.simulate.exporter import Exporter
from obs.simulate.scenario import TOGETHER, Down, Scenario
from plan import Plan

Batch = tuple[Scenario, ...]
Reads = Mapping[str, frozenset[str]]
"""Alert -> the scraped metrics that it is computed from."""


def reads(plan: Plan) -> Reads:
    """What each alert of a plan reads, through every recording rule."""
    records: dict[str, list[RecordingRule]] = {}
    for record in plan.records:
        records.setdefault(record.record, []).append(record)
    found: dict[str, frozenset[str]] = {}
    for alert in plan.alerts:  # alerts of several objectives share a name
        found[alert.name] = found.get(alert.name, frozenset()) | _scraped(alert.expr, records)
    return found


def _scraped(expr: Expr, records: Mapping[str, list[RecordingRule]]) -> frozenset[str]:
    names: set[str] = set()
    waiting = [expr]
    while waiting:
        for name in {selector.name for selector in waiting.pop().selectors()} - names:
            names.add(name)
            waiting += [record.expr for record in records.get(name, ())]
    return frozenset(names - records.keys())


def batches(scenarios: Iterable[Scenario], alerts: Reads, exporters: Iterable[Exporter]) -> list[Batch]:
    """Every scenario in one batch; in a batch no two share an alert, nor does one change what another's alerts read.

    The slow ones are together, so that few batches wait long.
    """
    contracts = {exporter.name: exporter.contract for exporter in exporters}
    scenarios = list(scenarios)
    changed = {s.name: _changed(s, contracts) for s in scenarios}
    read = {s.name: {name for alert in s.alerts for name in alerts.get(alert, ())} for s in scenarios}

    def apart(one: Scenario, other: Scenario) -> bool:
        mine, theirs = changed[one.name], changed[other.name]
        clash = mine & (theirs | read[other.name]) or theirs & read[one.name] or {*one.alerts} & {*other.alerts}
        return not clash

    found: list[list[Scenario]] = []
    for scenario in sorted(scenarios, key=lambda s: (-seconds(s.within), s.name)):
        room = next((batch for batch in found if all(apart(scenario, other) for other in batch)), None)
        if room is None:
            found.append([scenario])
        else:
            room.append(scenario)
    return [tuple(batch) for batch in found]


def _changed(scenario: Scenario, contracts: Mapping[str, str | None]) -> set[str]:
    names: set[str] = set()
    for change in scenario.changes:
        if not isinstance(change, Down):
            names.add(change.metric)
            continue
        names.add(f"the exporter {change.exporter}")
        if contract := contracts[change.exporter]:
            names |= {*load(contract).metrics}  # all of them are gone
    return names


def together(batch: Batch) -> Scenario:
    """The scenarios of a batch as one, for whoever follows it."""
    if len(batch) == 1:
        return batch[0]
    return Scenario(
        name=TOGETHER.join(s.name for s in batch),
        title=f"{len(batch)} faults at the same time",
        description="; ".join(s.title for s in batch),
        system=TOGETHER.join(sorted({s.system for s in batch})),
        changes=tuple(change for s in batch for change in s.changes),
        alerts=tuple(sorted({alert for s in batch for alert in s.alerts})),
        within=max((s.within for s in batch), key=seconds),
    )


def suspects(batch: Batch, problems: Iterable[str]) -> list[Scenario]:
    """Whose fault the problems of a batch may be: of the scenarios whose alerts they name, else of any."""
    found: set[str] = set()
    for problem in problems:
        words = {*re.findall(r"\w+", problem)}
        named = {scenario.name for scenario in batch if words & {*scenario.alerts}}
        found |= named or {scenario.name for scenario in batch}
    return [scenario for scenario in batch if scenario.name in found]
