"""What nobody hears of while something worse says it already."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from alerting.settings import order
from model.expr import Matcher
from model.promql import CLUSTER, eq, matching, ne
from model.route import BELOW_CRITICAL, Inhibition
from model.rule import Alert, Severity

_RANKS = ("critical", "high", "medium", "warning", "info")
_MUTED = BELOW_CRITICAL.split("|")
_SIGNAL = ("signal", "component")
"""Labels that together name one signal of the stack."""


def tiers(alerts: Collection[Alert]) -> tuple[Inhibition, ...]:
    """The worse tier of a signal mutes the milder ones about the same object of the same cluster.

    An equal name would not do: tiers have names of their own (spec 50-alerting V07). Nor would the signal alone, whose
    name is unique in its system only: the stores of two systems each have a `usage`. A rank of which no signal has both
    tiers is left out.
    """
    equal = (*_SIGNAL, CLUSTER, *_objects(alerts))
    had: dict[tuple[str, ...], set[Severity]] = {}
    for alert in alerts:
        had.setdefault(tuple(alert.own_labels[label] for label in _SIGNAL), set()).add(alert.severity)
    found = []
    for worse in _RANKS:
        milder = [severity for severity in _MUTED if order(severity) > order(worse)]
        if any(Severity(worse) in tier and tier & set(map(Severity, milder)) for tier in had.values()):
            # Labels that both lack count as equal, as objects of other kinds do; the signal must be there.
            target = (matching("severity", "|".join(milder)), ne("signal", ""))
            found.append(Inhibition(source=(eq("severity", worse),), target=target, equal=equal))
    return tuple(found)


def _objects(alerts: Iterable[Alert]) -> tuple[str, ...]:
    """Labels that tell one alerting object from another: those that the signals' legends show."""
    shown = {label for alert in alerts for label in alert.signal.legend_labels}
    return tuple(sorted(shown - {CLUSTER}))


def with_source(inhibitions: Iterable[Inhibition], alerts: Collection[Alert]) -> tuple[Inhibition, ...]:
    """Without those whose worse alert the stack does not have, or has disabled: nobody would say it."""
    return tuple(one for one in inhibitions if any(_may_match(one.source, alert) for alert in alerts))


def _may_match(matchers: Iterable[Matcher], alert: Alert) -> bool:
    own = {"alertname": alert.name, **alert.own_labels}
    return all(matcher.label not in own or matcher.accepts(own[matcher.label]) for matcher in matchers)
