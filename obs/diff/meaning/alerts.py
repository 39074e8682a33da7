"""Alerts that come, go and change, and who is told of them on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from dashboards.thresholds import amount
from obs.diff.entry import Entry, arrow, together
from obs.diff.order import ordered, same
from obs.diff.pair import Pair, Side
from obs.diff.promql import condition
from obs.diff.rules import Rule


def alerts(pair: Pair) -> Iterator[Entry]:
    before, after = pair.before.rules.alerts, pair.after.rules.alerts
    renamed = renames(before, after)
    for old, new in renamed.items():
        yield _entry(pair, new, f"renamed, was {old}{_also(_changed(pair, before[old], after[new]))}")
    for name in sorted(after.keys() - before.keys() - set(renamed.values())):
        yield _entry(pair, name, f"added: {_said(pair.after, after[name], pair.unit(f'alert {name}'))}")
    for name in sorted(before.keys() - after.keys() - renamed.keys()):
        yield _entry(pair, name, f"removed; it was {_said(pair.before, before[name], pair.unit(f'alert {name}'))}")
    both = sorted(before.keys() & after.keys())
    yield from _changes(pair, both)
    yield from _told_otherwise(pair, [name for name in both if before[name].labels == after[name].labels])


def _changes(pair: Pair, both: list[str]) -> Iterator[Entry]:
    """Alerts share a line where many change in one way that says nothing of their conditions: by another host of links,
    another evaluator, another label."""
    before, after = pair.before.rules.alerts, pair.after.rules.alerts
    alike: dict[str, list[str]] = {}
    for name in both:
        changes = _changed(pair, before[name], after[name])
        bases = {_base(one[key], other[key]) for one, other, key in _links(before[name], after[name])}
        if changes and len(bases) == len(changes) == 1 and "" not in bases:
            alike.setdefault(bases.pop(), []).append(name)
        elif changes and all(one.startswith(("evaluated by ", "label ", "told ")) for one in changes):
            alike.setdefault("; ".join(changes), []).append(name)
        elif changes:
            yield _entry(pair, name, "; ".join(changes))
    yield from together(
        "alerts", alike, "their rules differ between both sides, all in this alone", partial(_entry, pair)
    )


def _links(one: Rule, other: Rule) -> list[tuple[Mapping[str, str], Mapping[str, str], str]]:
    a, b = one.annotations, other.annotations
    return [(a, b, key) for key in a.keys() & b.keys() if key.endswith("_url") and a[key] != b[key]]


def _base(one: str, other: str) -> str:
    """``link A → B`` where two addresses end alike; empty where they do not."""
    page = one.rpartition("/")[2]
    return f"link {arrow(one[: -len(page)], other[: -len(page)])}" if page and other.endswith(f"/{page}") else ""


def renames(before: Mapping[str, Rule], after: Mapping[str, Rule]) -> dict[str, str]:
    """Old name -> new name, where the condition and the signal are the same."""
    gone = {name: rule for name, rule in before.items() if name not in after}
    found: dict[str, str] = {}
    for name, rule in after.items():
        if name in before:
            continue
        same = (old for old, was in gone.items() if old not in found and _meaning(was) == _meaning(rule))
        old = next(same, None)
        if old is not None:
            found[old] = name
    return found


def _meaning(rule: Rule) -> tuple[str, str, str]:
    found = condition(rule.expr)
    return (ordered(found.shape if found else rule.expr), rule.labels.get("signal", ""), rule.labels.get("slo", ""))


def _entry(pair: Pair, name: str, text: str) -> Entry:
    return Entry(
        topic="alerts",
        subject=name,
        text=text,
        where=pair.where(f"alert {name}"),
        why="its rule differs between the PrometheusRules of both sides",
    )


def _also(changes: list[str]) -> str:
    return f"; {'; '.join(changes)}" if changes else ""


def _said(side: Side, rule: Rule, unit: str) -> str:
    found = condition(rule.expr)
    when = f"{found.op} {amount(found.threshold, unit)} " if found else ""
    told = told_of(side, rule)
    return f"{when}for {rule.for_}, {rule.severity or 'no severity'}{f', told {told}' if told else ''}"


def told_of(side: Side, rule: Rule) -> str:
    """Receivers in words, by name; empty where that side has no routing to evaluate."""
    return ", ".join(sorted(side.routes.told(rule.base, rule.labels)))


def _changed(pair: Pair, one: Rule, other: Rule) -> list[str]:
    found = [*_condition(pair, one, other)]
    if one.for_ != other.for_:
        found.append(f"for {arrow(one.for_, other.for_)}")
    if one.keep != other.keep:
        found.append(f"keep_firing_for {arrow(one.keep, other.keep)}")
    if one.severity != other.severity:
        found.append(f"severity {arrow(one.severity, other.severity)}")
    found += _labels(one.labels, other.labels)
    if one.evaluator != other.evaluator:
        found.append(f"evaluated by {arrow(one.evaluator, other.evaluator)}")
    before, after = told_of(pair.before, one), told_of(pair.after, other)
    if before and after and before != after and one.labels != other.labels:
        found.append(f"told {arrow(before, after)}")
    found += _texts(one.annotations, other.annotations)
    return found


def _condition(pair: Pair, one: Rule, other: Rule) -> Iterator[str]:
    if same(one.expr, other.expr):
        return
    a, b = condition(one.expr), condition(other.expr)
    if a and b and same(a.shape, b.shape):
        unit = pair.unit(f"alert {other.name}")
        yield f"threshold {arrow(amount(a.threshold, unit), amount(b.threshold, unit))}"
    else:
        yield f"condition `{one.expr}` → `{other.expr}`"


def _labels(one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[str]:
    for label in sorted((one.keys() | other.keys()) - {"severity"}):
        if one.get(label) != other.get(label):
            yield f"label {label} {arrow(one.get(label), other.get(label))}"


def _texts(one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[str]:
    changed = sorted(k for k in one.keys() | other.keys() if not same(one.get(k, ""), other.get(k, "")))
    for key in changed:
        if key in ("dashboard_url", "runbook_url"):
            yield f"{key.removesuffix('_url')} link {arrow(one.get(key), other.get(key))}"
    texts = [key for key in changed if not key.endswith("_url")]
    if texts:
        yield f"text of {', '.join(texts)} changed"


def _told_otherwise(pair: Pair, names: list[str]) -> Iterator[Entry]:
    """Alerts that are as they were and reach others now, by the routing alone."""
    why = "its labels take another way through Alertmanager's routes"
    moved: dict[str, list[str]] = {}
    for name in names:
        one, other = pair.before.rules.alerts[name], pair.after.rules.alerts[name]
        before, after = told_of(pair.before, one), told_of(pair.after, other)
        if before and after and before != after:
            moved.setdefault(f"told {arrow(before, after)}", []).append(name)

    def each(name: str, text: str) -> Entry:
        return Entry(topic="alerts", subject=name, text=text, why=why)  # located: the routing is the cause

    yield from together("alerts", moved, why, each)
