"""quieter: what mutes many alerts at once, and receivers that are told less."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs.diff.entry import Entry, Level, listed
from obs.diff.pair import Pair, Side
from obs.diff.risk.alerting import entry, milder, of
from obs.diff.routes import Routes, label_of, matches
from obs.diff.rules import Rule
from obs.diff.times import share

_NEARLY_ALL = 0.9
"""Share of all time from which on a mute is no window any more: five hours a day are left of 0.8, two of 0.9."""


def muted(pair: Pair) -> Iterator[Entry]:
    """Times at which receivers are not told, by the names of the times that cover more than before."""
    if not (pair.before.routes.known and pair.after.routes.known):
        return
    found: dict[str, dict[str, tuple[float, set[str]]]] = {}
    for name, rule in pair.after.rules.alerts.items():
        old = pair.before.rules.alerts.get(name, rule)
        before = pair.before.routes.quiet(old.base, old.labels)
        for who, now in pair.after.routes.quiet(rule.base, rule.labels).items():
            if who in before and now.time & ~before[who].time:
                length, receivers = found.setdefault(", ".join(now.names), {}).setdefault(name, (0.0, set()))
                found[", ".join(now.names)][name] = (max(length, share(now.time)), receivers | {who})
    for names, alerts in found.items():
        yield from _during(pair, names, alerts)


def _during(pair: Pair, names: str, alerts: Mapping[str, tuple[float, set[str]]]) -> Iterator[Entry]:
    longest = max(length for length, _ in alerts.values())
    levels = {name: of(pair.after.rules.alerts[name]) for name in alerts}
    level = max(levels.values())
    if longest < _NEARLY_ALL:
        # A window is meant. Of what pages, somebody should look at it all the same.
        alerts = {name: one for name, one in alerts.items() if levels[name] is Level.HIGH}
        level = milder(level)
    if alerts:
        who = ", ".join(sorted({one for _, receivers in alerts.values() for one in receivers}))
        part = f"{longest:.0%} of all time" if longest < 1 else "all the time"
        text = f"mutes {part}, to {who}: {listed(sorted(alerts))}"
        yield entry(f"maintenance {names}", text, level)


@dataclass(frozen=True)
class _Inhibition:
    source: frozenset[str]
    target: frozenset[str]
    equal: frozenset[str]

    def __str__(self) -> str:
        source, target, equal = (", ".join(sorted(part)) for part in (self.source, self.target, self.equal))
        return f"{source} mutes {target}{f' of equal {equal}' if len(equal) < 80 and equal else ''}"


def inhibited(pair: Pair) -> Iterator[Entry]:
    """Alerts that another one mutes, which it did not before."""
    before, after = ([_inhibition(rule) for rule in side.routes.inhibitions()] for side in (pair.before, pair.after))
    fresh = [one for one in after if one not in before]
    alerts = pair.after.rules.alerts.values() if fresh and pair.before.routes.known else ()
    mentioned = _mentioned(pair.after) if alerts else frozenset()
    for one in fresh:
        wider = [old for old in before if old.equal & mentioned <= one.equal]
        targets = [rule for rule in alerts if _may(pair.after.routes, one.target, rule)]
        sources = [rule for rule in alerts if _may(pair.after.routes, one.source, rule)]
        new = [target for target in targets if _newly(pair.after.routes, one, target, sources, wider)]
        if new:
            text = f"is new or mutes more: {listed(sorted(rule.name for rule in new))} may stay silent"
            yield entry(f"inhibition {one}", text, max(map(of, new)))


def _newly(routes: Routes, one: _Inhibition, target: Rule, sources: list[Rule], wider: list[_Inhibition]) -> bool:
    """Whether any source mutes it that none of the inhibitions of before surely lets mute it."""
    held = [old for old in wider if old.target <= one.target or _surely(routes, old.target, target)]
    return any(
        source is not target
        and not any(old.source <= one.source or _surely(routes, old.source, source) for old in held)
        for source in sources
    )


def _inhibition(rule: Mapping[str, Any]) -> _Inhibition:
    source, target = (frozenset(map(str, rule.get(f"{side}_matchers") or ())) for side in ("source", "target"))
    return _Inhibition(source, target, frozenset(map(str, rule.get("equal") or ())))


def _known(routes: Routes, rule: Rule) -> dict[str, str]:
    """Labels that it has whatever its series have."""
    return {k: v for k, v in routes.given(rule.base, rule.labels).items() if "{{" not in v}


def _may(routes: Routes, matchers: frozenset[str], rule: Rule) -> bool:
    known = _known(routes, rule)
    return all(label_of(one) not in known or matches(one, known) for one in matchers)


def _surely(routes: Routes, matchers: frozenset[str], rule: Rule) -> bool:
    known = _known(routes, rule)
    return all(label_of(one) in known and matches(one, known) for one in matchers)


def _mentioned(side: Side) -> frozenset[str]:
    """Words of all rules: a label that none of them has makes no difference where it need not be equal any more."""
    rules = (*side.rules.alerts.values(), *side.rules.records.values())
    texts = (text for rule in rules for text in (rule.expr, *rule.labels, *rule.annotations.values()))
    return frozenset(word for text in texts for word in re.findall(r"\w+", text))


def unresolved(pair: Pair) -> Iterator[Entry]:
    """Receivers that reach nobody any more, or are not told of an end."""
    one, other = pair.before.routes, pair.after.routes
    reached, reaching = one.receivers(), other.receivers()
    telling = other.resolving()
    for who, was in one.resolving().items():
        if reaching.get(who) == "nobody" and reached[who] != "nobody":
            heard = [r for r in pair.after.rules.alerts.values() if who in other.quiet(r.base, r.labels)]
            if heard:
                text = f"reaches nobody any more; {len(heard)} alerts are told to it alone or with others"
                yield entry(f"receiver {who}", text, max(map(of, heard)))
        elif was and telling.get(who) is False:
            yield entry(f"receiver {who}", "is not told any more that an alert has ended", Level.LOW)
