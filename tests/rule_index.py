"""Which rules of a stack an alert or a record needs, how far they look back, and what is deployed of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model.expr import Selector
from model.quantity import seconds
from model.rule import Alert, RecordingRule
from obs.recording import Recording

Rule = RecordingRule | Alert


def name_of(rule: Rule) -> str:
    return rule.record if isinstance(rule, RecordingRule) else rule.name


def target(selector: Selector) -> str:
    """A series that a selector of equal labels finds."""
    labels = ",".join(f'{m.label}="{m.value}"' for m in selector.matchers if m.op == "=")
    return f"{selector.name}{{{labels}}}"


@dataclass(frozen=True)
class Rules:
    """The rules of a recorded stack by name; several may share one."""

    recording: Recording
    by_name: Mapping[str, Sequence[Rule]]

    @classmethod
    def of(cls, recording: Recording) -> Rules:
        found: dict[str, list[Rule]] = {}
        for group in recording.namespace["plan"].groups():
            for rule in group.rules:
                found.setdefault(name_of(rule), []).append(rule)
        return cls(recording, found)

    def narrowed(self, record: str | None, labels: Mapping[str, str]) -> Rules:
        """Of the rules of this record only the one that sets these labels."""
        if not record or not labels:
            return self
        (one,) = (rule for rule in self.by_name[record] if labels.items() <= dict(rule.labels).items())
        return replace(self, by_name={**self.by_name, record: (one,)})

    def needed(self, names: Iterable[str], given: Iterable[str] = ()) -> set[str]:
        """The names, and those of the records that they read, without what is ``given`` as a series."""
        found, new, given = set[str](), set(names), set(given)
        while new:
            found |= new
            read = {s.name for name in new for rule in self.by_name[name] for s in rule.expr.selectors()}
            new = {name for name in read if name in self.by_name and name not in given} - found
        return found

    def lookback(self, name: str, given: frozenset[str] = frozenset()) -> float:
        """Seconds until nothing of the past is left in a rule's value, through the records that it reads."""
        return max((self._back(rule, given) for rule in self.by_name.get(name, ()) if name not in given), default=0)

    def _back(self, rule: Rule, given: frozenset[str]) -> float:
        return rule.expr.lookback() + max((self.lookback(s.name, given) for s in rule.expr.selectors()), default=0)

    def windows(self, names: Iterable[str]) -> Iterator[float]:
        """Ranges of these rules; an offset asks for one sample, not for four of them."""
        for selector in (s for name in names for rule in self.by_name[name] for s in rule.expr.selectors()):
            yield from [seconds(selector.range)] if selector.range else []
            yield from [4 * seconds(selector.offset)] if selector.offset else []

    def remembered(self, names: Iterable[str], given: frozenset[str]) -> bool:
        """Whether one of the rules reads the past of a record, which must have been evaluated then."""
        rules = (rule for name in names for rule in self.by_name[name])
        past = (s.name for rule in rules for s in rule.expr.selectors() if s.range or s.offset)
        return any(name in self.by_name and name not in given for name in past)

    def deployed(self, names: set[str]) -> dict[str, Any]:
        """The rules of these names as they are deployed, in one group: promtool runs groups in no order."""
        objects = [r for r in self.recording.resources if r.type.endswith(":PrometheusRule")]
        rules = (rule for o in objects for group in o.inputs["spec"]["groups"] for rule in group["rules"])
        wanted = [rule for rule in rules if rule.get("record", rule.get("alert")) in names]
        return {"groups": [{"name": "proven", "rules": wanted}]}
