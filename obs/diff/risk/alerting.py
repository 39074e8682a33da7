"""quieter: people hear less than before."""

from __future__ import annotations

from collections.abc import Iterator

from model.rule import Severity
from obs.diff.entry import MANY, Entry, Level, arrow, listed
from obs.diff.meaning.alerts import renames, told_of
from obs.diff.pair import Pair
from obs.diff.rules import Rule

_RANK = {severity.value: rank for rank, severity in enumerate(Severity)}


def quieter(pair: Pair) -> Iterator[Entry]:
    before, after = pair.before.rules.alerts, pair.after.rules.alerts
    renamed = renames(before, after)
    gone = [name for name in before if name not in after and name not in renamed]
    for name in (name for name in gone if before[name].severity in ("critical", "high")):
        yield _entry(pair, name, f"a {before[name].severity} alert is gone", Level.MEDIUM)
    milder = [n for n in before if n in after and _rank(after[n]) > _rank(before[n])]
    for name in milder:
        paged = before[name].severity == "critical"
        text = f"severity {arrow(before[name].severity, after[name].severity)}"
        yield _entry(pair, name, text, Level.MEDIUM if paged else Level.LOW)
    yield from _untold(pair, [n for n in before if n in after])


def _rank(rule: Rule) -> int:
    return _RANK.get(rule.severity, len(_RANK))


def _untold(pair: Pair, names: list[str]) -> Iterator[Entry]:
    """Receivers that hear no more of an alert they heard of, those of one way together."""
    lost: dict[tuple[str, str], list[str]] = {}
    for name in names:
        one, other = pair.before.rules.alerts[name], pair.after.rules.alerts[name]
        before = pair.before.routes.told(one.base, one.labels)
        after = pair.after.routes.told(other.base, other.labels)
        missing = [who for who in before if _bare(who) not in set(map(_bare, after))]
        if missing and pair.after.routes.known:
            lost.setdefault((", ".join(missing), told_of(pair.after, other)), []).append(name)
    for (silent, now), those in lost.items():
        worst = min((pair.before.rules.alerts[name].severity for name in those), key=lambda s: _RANK.get(s, 9))
        level = Level.MEDIUM if worst in ("critical", "high") else Level.LOW
        subject = f"{len(those)} alerts" if len(those) >= MANY else ", ".join(those)
        named = f" ({listed(those)})" if len(those) >= MANY else ""
        yield _entry(pair, subject, f"{silent} hears no more of it; told now {now or 'nobody'}{named}", level)


def _bare(receiver: str) -> str:
    """Without the times at which it is not told: a maintenance window is meant."""
    return receiver.partition(" (")[0]


def _entry(pair: Pair, name: str, text: str, level: Level) -> Entry:
    where, why = pair.where(f"alert {name}"), "people on call hear less than before"
    return Entry(topic="quieter", subject=name, text=text, level=level, where=where, why=why)
