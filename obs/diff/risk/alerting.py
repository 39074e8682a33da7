"""quieter: people hear less than before, of an alert by itself. risk/muting.py has what mutes many."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.thresholds import amount
from model.quantity import seconds
from model.rule import Severity
from obs.diff.entry import MANY, Entry, Level, arrow, listed
from obs.diff.looser import Shift, Way, shifts
from obs.diff.meaning.alerts import renames, told_of
from obs.diff.order import same
from obs.diff.pair import Pair
from obs.diff.promql import condition
from obs.diff.rules import Rule

Said = tuple[Level, str]
_RANK = {severity.value: rank for rank, severity in enumerate(Severity)}
# The heartbeat has no severity: where it is missing, nobody hears that all of this is down.
_LEVELS = {Severity.CRITICAL.value: Level.HIGH, Severity.NONE.value: Level.HIGH, Severity.HIGH.value: Level.MEDIUM}
_LONGER, _LONGER_BY = 2, 120
"""A wait is much longer that is so many times as long and longer by so many seconds, in which a page has to be out."""


def of(rule: Rule) -> Level:
    """How bad it is to hear less of an alert."""
    return _LEVELS.get(rule.severity, Level.LOW)


def milder(level: Level) -> Level:
    """One below, and something still."""
    return max(Level(level - 1), Level.LOW)


def quieter(pair: Pair) -> Iterator[Entry]:
    before, after = pair.before.rules.alerts, pair.after.rules.alerts
    renamed = renames(before, after)
    both = {name: renamed.get(name, name) for name in before if name in after or name in renamed}
    for name in (name for name in before if name not in both):
        yield entry(name, f"a {before[name].severity} alert is gone", of(before[name]), pair.where(f"alert {name}"))
    said = {new: [*_changes(pair, before[old], after[new])] for old, new in both.items()}
    untold: dict[str, list[Said]] = {}
    yield from _untold(pair, {name for name in both if name in after}, untold)
    yield from _shared(said)
    for name, own in said.items():
        if reasons := [*own, *untold.get(name, ())]:
            text = "; ".join(text for _, text in reasons)
            # Who hears of an alert that is as it was is decided elsewhere: its place is that of the routing.
            where = pair.where(f"alert {name}") if own else ""
            yield entry(name, text, max(level for level, _ in reasons), where)


def _changes(pair: Pair, one: Rule, other: Rule) -> Iterator[Said]:
    if _RANK.get(other.severity, len(_RANK)) > _RANK.get(one.severity, len(_RANK)):
        yield of(one), f"severity {arrow(one.severity, other.severity)}"
    if not same(one.expr, other.expr):
        yield from (_shifted(pair, other, shift, of(one)) for shift in _lost(shifts(one.expr, other.expr)))
    a, b = (_seconds(rule.for_) for rule in (one, other))
    if b > a:
        much = b >= _LONGER * a and b - a >= _LONGER_BY
        yield (
            of(one) if much else Level.LOW,
            f"waits {arrow(one.for_, other.for_)}{'' if much else ', a little longer'}",
        )


def _lost(found: list[Shift]) -> list[Shift]:
    return [shift for shift in found if shift.way is not Way.TIGHTER]


def _shifted(pair: Pair, rule: Rule, shift: Shift, level: Level) -> Said:
    if shift.way is Way.UNKNOWN:
        return milder(level), f"condition `{shift.before}` → `{shift.after}` cannot be compared"
    main = condition(rule.expr)
    unit = pair.unit(f"alert {rule.name}") if main and main.threshold == shift.after else "short"
    return level, f"holds later: threshold {arrow(*(amount(float(x), unit) for x in (shift.before, shift.after)))}"


def _seconds(text: str) -> float:
    try:
        return seconds(text)
    except ValueError:
        return 0.0


def _shared(said: dict[str, list[Said]]) -> Iterator[Entry]:
    """One part of many conditions that changed in one way, such as the namespaces that they watch, is one risk."""
    same: dict[str, list[str]] = {}
    for name, reasons in said.items():
        for _, text in reasons:
            if text.startswith("condition "):
                same.setdefault(text, []).append(name)
    for text, names in same.items():
        if len(names) >= MANY:
            level = max(level for name in names for level, reason in said[name] if reason == text)
            for name in names:
                said[name] = [reason for reason in said[name] if reason[1] != text]
            now = text.removesuffix(" cannot be compared").rpartition(" → ")[2]
            yield entry(f"condition {now}", f"{text}: {listed(names)}", level)


def _untold(pair: Pair, names: set[str], untold: dict[str, list[Said]]) -> Iterator[Entry]:
    """Receivers that hear no more of what they heard of: many alerts are one entry, few are noted in ``untold``."""
    lost: dict[str, list[str]] = {}
    for name in sorted(names) if pair.after.routes.known else ():
        one, other = pair.before.rules.alerts[name], pair.after.rules.alerts[name]
        now = pair.after.routes.quiet(other.base, other.labels)
        for who in pair.before.routes.quiet(one.base, one.labels):
            if who not in now:
                lost.setdefault(who, []).append(name)
    few: dict[str, list[str]] = {}
    for who, those in lost.items():
        if len(those) >= MANY:
            text = f"hears no more of {len(those)} alerts: {listed(those)}"
            yield entry(f"receiver {who}", text, max(of(pair.before.rules.alerts[name]) for name in those))
        else:
            for name in those:
                few.setdefault(name, []).append(who)
    for name, silent in few.items():
        told = told_of(pair.after, pair.after.rules.alerts[name]) or "nobody"
        level = of(pair.before.rules.alerts[name])
        untold[name] = [(level, f"{', '.join(silent)} hears no more of it; told now {told}")]


def entry(subject: str, text: str, level: Level, where: str = "") -> Entry:
    why = "people on call hear less than before"
    return Entry(topic="quieter", subject=subject, text=text, level=level, where=where, why=why)
