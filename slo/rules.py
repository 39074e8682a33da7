"""Rules of one objective.

Long windows are computed from the recorded 5-minute rates, not from raw series: an objective over
30 days costs no 30-day raw query.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.expr import Expr, Selector
from model.promql import eq, length, metric, over_time
from model.quantity import seconds
from model.rule import CONFIRMED, Alert, RecordingRule, RuleGroup, Severity, Signal
from model.sli import WINDOW, events
from model.slo import Slo
from slo.signals import ATTAINMENT, ATTAINMENT_RECORD, BAD, BURN_RATES, REMAINING, REMAINING_RECORD, TOTAL, burn_record
from slo.windows import SEEN, STILL_SPENT, Burn, burns, recorded_windows

INTERVAL = "30s"
_COUNTED = "7d"
"""Half of spec 40-slo 3.3: a page on the budget may take 120 s from the fault."""
_FAILURES = 2
"""Bad events that the budget must have room for before its state is told: of 20 events at 95 %, one is all of it."""


@dataclass(frozen=True)
class SloRules:
    """An objective, compiled. ``signals`` are the shared signals in which it has a series."""

    slo: Slo
    group: RuleGroup
    signals: tuple[Signal, ...]


def compile_slo(slo: Slo) -> SloRules:
    """Recording rules and alerts of one objective. Raises ValueError for a window without burn rates."""
    pairs = burns(slo.window)
    rules: tuple[RecordingRule | Alert, ...] = (
        *_records(slo),
        *(_burn_alert(slo, pair) for pair in pairs),
        *_budget_alerts(slo),
    )
    shown = (REMAINING, ATTAINMENT, *(BURN_RATES[pair.long] for pair in pairs))
    group = RuleGroup(name=f"slo-{slo.name.replace('_', '-')}", interval=INTERVAL, rules=rules, where=slo.where)
    return SloRules(slo, group, shown)


def _records(slo: Slo) -> tuple[RecordingRule, ...]:
    bad, total = _now(slo.bad), _now(slo.total)
    whole = _ratio(slo, slo.window)

    def record(name: str, expr: Expr) -> RecordingRule:
        return RecordingRule(record=name, expr=expr, labels=_labels(slo), where=slo.where)

    return (
        # A counter of bad events may not exist before the first one: then there were none.
        record(BAD, bad | total * 0),
        record(TOTAL, total),
        *(record(burn_record(w), _ratio(slo, w) / slo.budget) for w in recorded_windows(slo.window)),
        record(ATTAINMENT_RECORD, 1 - whole),
        record(REMAINING_RECORD, 1 - whole / slo.budget),
    )


def _now(given: Expr) -> Expr:
    return events(given) if isinstance(given, Selector) else given


def _labels(slo: Slo) -> dict[str, str]:
    return {"slo": slo.name, "component": slo.component}


def _percent(slo: Slo) -> str:
    return f"{slo.objective * 100:.6g} % good events"


def _ratio(slo: Slo, window: str) -> Expr:
    """Share of bad events in a window, weighted by traffic; no value without traffic."""
    only = eq("slo", slo.name)
    return over_time("avg", metric(BAD, only), window) / (over_time("avg", metric(TOTAL, only), window) > 0)


def _enough(slo: Slo, window: str, least: float = 0) -> Expr:
    if slo.minimum_objects:
        return over_time("avg", metric(TOTAL, eq("slo", slo.name)), window) >= slo.minimum_objects
    # A sum, not a mean times the window: a young Prometheus has less than a whole window. Each event lies in one of
    # the windows of the rate, however often the group is evaluated; in a month there are more of them than promtool
    # looks at (10,000 samples), and a round that is left out is nothing.
    total = metric(TOTAL, eq("slo", slo.name))
    every = WINDOW if seconds(window) <= seconds(_COUNTED) else None
    events = over_time("sum", total, window, every) * length(every or INTERVAL)
    return events >= max(slo.minimum_events, least)


def _burn_alert(slo: Slo, pair: Burn) -> Alert:
    factor = pair.factor(slo.window)
    only = eq("slo", slo.name)
    still = metric(burn_record(pair.short), only) > factor
    return Alert(
        name=f"ErrorBudgetBurnRate{_TIER[pair.severity]}" + ("Slow" if pair.long == "3d" else ""),
        signal=BURN_RATES[pair.long],
        only=(only,),
        op=">",
        threshold=factor,
        guard=still & _enough(slo, pair.long),
        for_=pair.for_,
        severity=pair.severity,
        component=slo.component,
        # One signal for all windows: the worse tier of an objective silences the milder ones.
        labels={"slo": slo.name, "signal": "error_budget_burn"},
        summary=f"Error budget of {slo.title} burns at {{{{ $value | humanize }}}} times the sustainable rate",
        description=(
            f"At this rate {pair.share * 100:g} % of the {slo.window} budget goes in {pair.long}. "
            f"Objective: {_percent(slo)}. {slo.description}"
        ),
        where=slo.where,
    )


def _known(slo: Slo) -> Expr:
    """Whether what is seen of the window says something of the whole."""
    if slo.minimum_objects:
        seen = over_time("last", metric(TOTAL, eq("slo", slo.name)).ago(SEEN[slo.window]), "1h")
        return _enough(slo, slo.window) & seen
    return _enough(slo, slo.window, least=_FAILURES / slo.budget)


_TIER = {Severity.CRITICAL: "Critical", Severity.HIGH: "High", Severity.MEDIUM: "Medium"}


def _budget_alerts(slo: Slo) -> tuple[Alert, ...]:
    tiers = (
        ("ErrorBudgetHalfSpent", 0.5, "5m", Severity.WARNING, "More than half of the budget is spent."),
        ("ErrorBudgetExhausted", 0.1, CONFIRMED, Severity.CRITICAL, "Less than a tenth of the budget is left."),
    )
    # A spent budget stays spent for days: tell it while it is still being spent.
    still = metric(burn_record(STILL_SPENT[slo.window]), eq("slo", slo.name)) > 0
    return tuple(
        Alert(
            name=name,
            signal=REMAINING,
            only=(eq("slo", slo.name),),
            op="<",
            threshold=left,
            guard=_known(slo) & still,
            for_=for_,
            severity=severity,
            component=slo.component,
            labels={"slo": slo.name},
            summary=f"{{{{ $value | humanizePercentage }}}} of the error budget of {slo.title} is left",
            description=f"{what} Window {slo.window}, objective {_percent(slo)}. {slo.description}",
            where=slo.where,
        )
        for name, left, for_, severity, what in tiers
    )
