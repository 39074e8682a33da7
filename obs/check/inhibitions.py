"""alert/inhibition: what mutes must find both its sides among the stack's alerts, and a tier none of another system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from model.expr import Matcher
from model.promql import CLUSTER
from model.route import Inhibition
from model.rule import Alert
from obs.check.finding import Finding
from obs.check.selector import EXTERNAL, Match
from obs.check.vector import Vector

_TIER = "signal"
"""The label that tiers of one condition share."""


@dataclass(frozen=True)
class Labelled:
    """An alert with the shape of its result, as Alertmanager gets it: with the rule's labels and the external ones."""

    alert: Alert
    result: Vector

    def value(self, label: str) -> str | None:
        """The one value that is known of a label; None where it may have several. Without the label it is empty."""
        own = {"alertname": self.alert.name, **self.alert.own_labels}
        if label in own:
            return None if "{{" in own[label] else own[label]
        if label in self.result.pins:
            return self.result.pins[label]
        may_have = self.result.may_have(label) or label in (*EXTERNAL, CLUSTER)
        return None if may_have else ""

    def surely_has(self, label: str) -> bool:
        return bool(self.value(label)) or label in self.result.sure


def check_inhibitions(inhibitions: Iterable[Inhibition], alerts: Sequence[Labelled]) -> Iterator[Finding]:
    for one in inhibitions:
        said = f"{_text(one.source)} mutes {_text(one.target)}"
        for message in _orphaned(one, alerts) or _crossing(one, alerts):
            yield Finding("alert/inhibition", f"inhibition {said}", "alerting", message)


def _orphaned(one: Inhibition, alerts: Sequence[Labelled]) -> list[str]:
    sources = [alert for alert in alerts if _may_match(one.source, alert)]
    targets = [alert for alert in alerts if _may_match(one.target, alert)]
    for side, found, matchers in (("source", sources, one.source), ("target", targets, one.target)):
        if not found:
            return [f"no alert of the stack can match its {side}, {_text(matchers)}"]
    if not any(_equal(one.equal, s, t) for s in sources for t in targets if s is not t):
        return [f"no alert of its source has equal {', '.join(one.equal)} with one of its target"]
    return []


def _crossing(one: Inhibition, alerts: Sequence[Labelled]) -> Iterator[str]:
    """Tiers are of one condition of one system. One kind of alert may mute another on purpose, and is not a tier."""
    if _TIER not in one.equal:
        return
    sources = [alert for alert in alerts if _may_match(one.source, alert)]
    for target in (alert for alert in alerts if _may_match(one.target, alert)):
        for source in sources:
            if _other(source.alert, target.alert) and _equal(one.equal, source, target):
                both = f"{source.alert.where} and {target.alert.where}"
                yield f"{source.alert.name} would mute {target.alert.name}, which is about something else: {both}"


def _other(source: Alert, target: Alert) -> bool:
    """A label given on purpose makes tiers of two signals (failures in 1 and in 24 hours), if they are one system's."""
    if source.own_labels[_TIER] != target.own_labels[_TIER]:
        return False  # asked first: to compare two whole signals takes much longer
    if source.component != target.component:
        return True
    return source.signal != target.signal and _TIER not in source.labels and _TIER not in target.labels


def _may_match(matchers: Iterable[Matcher], alert: Labelled) -> bool:
    for matcher in matchers:
        value = alert.value(matcher.label)
        if value is not None and Match(matcher.label, matcher.op, matcher.value).accepts(value) is False:
            return False
    return True


def _equal(labels: Iterable[str], source: Labelled, target: Labelled) -> bool:
    for label in labels:
        one, other = source.value(label), target.value(label)
        if one is not None and other is not None and one != other:
            return False
        if (one == "" and target.surely_has(label)) or (other == "" and source.surely_has(label)):
            return False
    return True


def _text(matchers: Iterable[Matcher]) -> str:
    return "{" + ", ".join(map(str, matchers)) + "}"
