"""Which rules Prometheus evaluates, and which the Thanos Ruler.

Rules run where their data is: Prometheus keeps some days, so a rule that looks back further would see a part of its
window and take it for the whole. It goes to the Ruler, which reads everything through the querier; so does every
rule that reads what such a rule records, because Prometheus never sees the Ruler's series.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from model.expr import Selector
from model.quantity import duration, seconds
from model.rule import Alert, Evaluator, RecordingRule, RuleObject
from settings.metrics_store import UNLIMITED

Rule = RecordingRule | Alert
LONG_RANGE = "long-range"
"""Ending of the objects that the Ruler evaluates beside those of Prometheus."""
NOTHING = -1.0
"""What Prometheus keeps for rules where every rule is the Ruler's."""


def placed(objects: Iterable[RuleObject], kept: float) -> tuple[RuleObject, ...]:
    """The same rules, each object split where some of its rules are the Ruler's. ``kept`` is in seconds.

    Rules of a group keep their order, and groups their names and intervals.
    """
    objects = tuple(objects)
    far = _far([rule for obj in objects for group in obj.groups for rule in group.rules], kept)
    return tuple(part for obj in objects for part in _split(obj, far))


def too_far(rules: Iterable[Rule], kept: float) -> list[Rule]:
    """The rules that look back further than what is kept, by themselves."""
    return [rule for rule in rules if rule.expr.lookback() > kept]


def too_short(kept: Mapping[str, str], rules: Sequence[RecordingRule | Alert], consequence: str) -> Iterator[str]:
    """A line for each setting (key -> duration) that is shorter than what a rule looks back."""
    for key, length in kept.items():
        far = too_far(rules, seconds(length)) if length != UNLIMITED else []
        if not far:
            continue
        worst = max(far, key=lambda rule: rule.expr.lookback())
        name = worst.record if isinstance(worst, RecordingRule) else worst.name
        others = f" (and {len(far) - 1} other rules)" if len(far) > 1 else ""
        longest = duration(worst.expr.lookback())
        shorter = f"{key}: {length} is shorter than the {longest} that {name} looks back"
        yield f"{shorter}, {worst.where}{others}{consequence}"


def _far(rules: list[Rule], kept: float) -> set[int]:
    """Identities of the rules that are the Ruler's: those that look back too far, and their readers."""
    far = {id(rule) for rule in too_far(rules, kept)}
    while True:
        written = [rule for rule in rules if id(rule) in far and isinstance(rule, RecordingRule)]
        readers = {id(rule) for rule in rules if id(rule) not in far and any(_reads(rule, w) for w in written)}
        if not readers:
            return far
        far |= readers


def _reads(rule: Rule, record: RecordingRule) -> bool:
    return any(s.name == record.record and _may_be(s, record) for s in rule.expr.selectors())


def _may_be(selector: Selector, record: RecordingRule) -> bool:
    """Whether the selector may take the record's series: objectives share names, and tell apart by a label."""
    wanted = {m.label: m.value for m in selector.matchers if m.op == "="}
    return all(record.labels[label] == value for label, value in wanted.items() if label in record.labels)


def _split(obj: RuleObject, far: set[int]) -> Iterator[RuleObject]:
    near = any(id(rule) not in far for group in obj.groups for rule in group.rules)
    ruler = f"{obj.name}-{LONG_RANGE}" if near else obj.name
    for evaluator, name in ((Evaluator.PROMETHEUS, obj.name), (Evaluator.RULER, ruler)):
        groups = tuple(
            replace(group, rules=rules)
            for group in obj.groups
            if (rules := tuple(r for r in group.rules if (id(r) in far) is (evaluator is Evaluator.RULER)))
        )
        if groups:
            yield RuleObject(name, groups, evaluator)
