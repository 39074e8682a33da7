"""The platform as a whole: how much of it can do its work, and how much of its work succeeds (spec 40-slo O01, O09).

Whether its systems are scraped is not what users see: each says by itself when it can work, and one of which nothing
is known cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from model.dashboard import Panel, PanelKind
from model.expr import Selector
from model.promql import CLUSTER, avg_by, call, constant, count_by, eq, matching, metric, min_by, sum_by
from model.route import BELOW_CRITICAL, Inhibition
from model.rule import CONFIRMED, Alert, RecordingRule, Severity, Signal
from model.sli import events
from model.slo import Slo
from model.system import Domain, Section, System

NAME, DOWN = "platform", "DataOpsPlatformDown"
AVAILABILITY = "platform_availability"
_SYSTEM = "dataops:system:availability"
_FAILED, _ENDED = "dataops:work:failed_rate5m", "dataops:work:ended_rate5m"
AVAILABILITY_WINDOW = "30d"
_FEWEST = 2
"""Of one system alone there is nothing to add up."""


def platform(systems: Sequence[System], cluster: str, *, availability: float | None, success: float | None) -> System:
    """A system of its own, without rules where fewer than two others say when they can work.

    ``availability`` and ``success`` are the shares that are promised; None promises nothing.
    """
    able = [s for s in systems if s.available is not None]
    work = [slo for s in systems for slo in s.slos if slo.work] if success else []
    work = work if len(work) >= _FEWEST else []
    whole = len(able) >= _FEWEST
    signals = tuple(_signals()) if whole else ()
    return System(
        name=NAME,
        title="Platform",
        interval="10s",  # what its objectives and its alert read must be told within 120 s of the fault
        scrapes=(),
        signals=signals,
        records=(*(_record(s, cluster) for s in able if whole), *(rule for slo in work for rule in _work(slo))),
        alerts=tuple(_alerts(signals[0])) if whole else (),
        slos=(
            *([_availability(availability)] if whole and availability else []),
            *([_success(success)] if work and success else []),
        ),
        sections=tuple(_sections(signals)),
    )


def _record(system: System, cluster: str) -> RecordingRule:
    assert system.available is not None
    # Where nothing is known there is no series with the cluster's label either.
    unknown = call("label_replace", constant(0), CLUSTER, cluster, "", "")
    return RecordingRule(
        record=_SYSTEM, expr=min_by(system.available) | unknown, labels={"system": system.name}, where=system.where
    )


def _work(slo: Slo) -> Iterator[RecordingRule]:
    # Not from what the objectives record: one of them would read what it writes.
    for record, counted in ((_FAILED, slo.bad), (_ENDED, slo.total)):
        expr = events(counted) if isinstance(counted, Selector) else counted
        yield RecordingRule(record=record, expr=expr, labels={"work": slo.name}, where=slo.where)


def _signals() -> Iterator[Signal]:
    yield from (
        Signal(
            name="availability",
            title="Platform availability",
            description="Share of the platform's systems that can do their work now.",
            good="100 %.",
            unit="percentunit",
            expr=avg_by(metric(_SYSTEM)),
            legend="{{cluster}}",
            record="dataops:platform:availability",
            maximum=1,
        ),
        Signal(
            name="system_availability",
            title="Systems that can do their work",
            description="1 while a system can do its work; 0 where it cannot, or where nothing is known of it.",
            good="1 for each.",
            unit="short",
            expr=min_by(metric(_SYSTEM), "system"),
            legend="{{system}}",
            maximum=1,
        ),
    )


def _alerts(availability: Signal) -> Iterator[Alert]:
    """Spec 30-rules A03 and A09: down is not what one system of many is. What 99.9 % (N17) allow is an objective."""
    tiers = (
        (DOWN, 0.5, CONFIRMED, Severity.CRITICAL, "Most systems of the platform cannot work, or nothing is known."),
        ("DataOpsPlatformDegraded", 0.95, "15m", Severity.HIGH, "A system has not been able to work for 15 minutes."),
    )
    for name, share, for_, severity, what in tiers:
        yield Alert(
            name=name,
            signal=availability,
            op="<",
            threshold=share,
            for_=for_,
            severity=severity,
            component=NAME,
            summary="{{ $value | humanizePercentage }} of the platform's systems can do their work",
            description=what,
        )


def _availability(objective: float) -> Slo:
    systems = metric(_SYSTEM)
    return Slo(
        name=AVAILABILITY,
        title="Platform availability",
        description="Share of time and systems in which a system can do its work.",
        objective=objective,
        window=AVAILABILITY_WINDOW,
        bad=count_by(systems) - sum_by(systems),
        total=count_by(systems),
        component=NAME,
        minimum_objects=_FEWEST,
    )


def _success(objective: float) -> Slo:
    return Slo(
        name="platform_success",
        title="Overall success",
        description="Share of all applications, runs and queries that end well.",
        objective=objective,
        window="24h",
        bad=sum_by(metric(_FAILED)),
        total=sum_by(metric(_ENDED)),
        component=NAME,
        minimum_events=100,
    )


def _sections(signals: Sequence[Signal]) -> Iterator[Section]:
    if signals:
        panels = tuple(Panel(title=s.title, kind=PanelKind.TIMESERIES, signals=(s,), width=12) for s in signals)
        yield Section(domain=Domain.E2E, title="Platform", panels=panels)


def inhibitions(systems: Sequence[System]) -> tuple[Inhibition, ...]:
    """While the platform is down, its systems say nothing new."""
    components = sorted({alert.component for s in systems if s.available is not None for alert in s.alerts})
    if not components:
        return ()
    told = matching("severity", BELOW_CRITICAL)
    return (
        Inhibition(
            source=(eq("alertname", DOWN),),
            target=(matching("component", "|".join(components)), told),
            equal=(CLUSTER,),
        ),
    )
