"""Receivers, inhibitions and times of the routing. Which alerts take another way is said with the alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obs.diff.entry import Entry, arrow
from obs.diff.pair import Pair

_WHY = "Alertmanager's configuration differs"


def routing(pair: Pair) -> Iterator[Entry]:
    one, other = pair.before.routes, pair.after.routes
    if not (one.known and other.known):
        return
    yield from _differences("receiver", one.receivers(), other.receivers())
    a, b = one.texts(), other.texts()
    reached, now = one.receivers(), other.receivers()
    for name in sorted(a.keys() & b.keys()):
        if a[name] != b[name] and reached[name] == now[name]:
            yield Entry(topic="routing", subject=f"receiver {name}", text="its messages or options differ", why=_WHY)
    yield from _differences("all receivers:", one.common(), other.common())
    yield from _differences("route", one.timing(), other.timing())
    yield from _differences("maintenance", one.times(), other.times())
    before, after = (dict(map(_inhibition, side.inhibitions())) for side in (one, other))
    for name in sorted(before.keys() & after.keys()):
        if text := _labels(before[name], after[name]):
            yield Entry(topic="routing", subject=f"inhibition {name}", text=f"equal labels {text}", why=_WHY)
    gone, new = before.keys() - after.keys(), after.keys() - before.keys()
    for name in sorted(gone | new):
        text = "added" if name in new else "removed: both are told again"
        yield Entry(topic="routing", subject=f"inhibition {name}", text=text, why=_WHY)


def _differences(what: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Entry]:
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) == other.get(name):
            continue
        if name not in one:
            text = f"added: {_said(other[name])}" if other[name] else "added"
        elif name not in other:
            text = f"removed; it was {_said(one[name])}" if one[name] else "removed"
        else:
            text = arrow(_said(one[name]), _said(other[name]))
        yield Entry(topic="routing", subject=f"{what} {name}", text=text, why=_WHY)


def _said(value: Any) -> str:
    """Spans of time as ``weekdays sunday, location UTC``, each after a semicolon."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(given)}" for key, given in value.items())
    if isinstance(value, list):
        return ("; " if any(isinstance(one, Mapping) for one in value) else ", ").join(map(_said, value))
    return str(value)


def _inhibition(rule: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """(source mutes target, labels that must be equal)"""
    source, target = (", ".join(map(str, rule.get(f"{side}_matchers") or ())) for side in ("source", "target"))
    return f"{source} mutes {target}", tuple(map(str, rule.get("equal") or ()))


def _labels(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    lost, won = [x for x in one if x not in other], [x for x in other if x not in one]
    parts = [f"without {', '.join(lost)}"] if lost else []
    return " and ".join([*parts, *([f"with {', '.join(won)}"] if won else [])])
