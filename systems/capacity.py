"""When what there is runs out: a forecast for each volume, bucket, store, tablespace, and the cluster itself.

A line through the past says something of the future only where it is long enough and goes somewhere: a forecast needs
the whole of its window, and growth that is more than noise. What is cleared by night and rests on weekends grows each
morning: over less than a week it must be fuller than in the days before the window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from model.dashboard import Panel, PanelKind
from model.expr import Expr, Selector
from model.limits import under
from model.promql import call, length, matching, max_by, metric, min_by, over_time
from model.rule import Alert, RecordingRule, Severity, Signal
from model.system import Capacity, Domain, RetentionClass, Section, System

NAME = "capacity"
_RECORD = "dataops:capacity:days_until_full"
_NOISE = 0.01
"""Of the capacity: what grew by less in a window does not grow."""
_WEEK = 7
_BEFORE = 3
"""Days before the window: among three there is always a working day."""
_FAR = 365
_SCALE = 90
"""Days at which a bar is full: what is further away needs no telling apart."""
_COMPUTE = ("cpu", "memory")
_NO_FORECAST = "what does not grow, or is not known for long enough, has no forecast"


def capacity(systems: Sequence[System]) -> System:
    """A system of its own, without rules where nothing can run out."""
    wanted = [one for system in systems for one in system.capacities]
    forecast = Signal(
        name="days_until_full",
        title="Days until full",
        description="Days until nothing is left, if use goes on growing as it did; nothing of what does not grow.",
        good="Above 14, or nothing.",
        unit="d",
        expr=metric(_RECORD, may_be_absent=_NO_FORECAST),
        legend="{{resource}} {{object}}",
        maximum=_SCALE,
    )
    left = tuple(_left(wanted)) if wanted else ()
    return System(
        name=NAME,
        title="Capacity",
        interval="5m",  # days do not change in seconds, and a window of days is long to read
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=(),
        signals=(forecast, *left) if wanted else (),
        records=tuple(
            RecordingRule(record=_RECORD, expr=_days(one), labels={"resource": one.resource}, where=one.where)
            for one in wanted
        ),
        alerts=_alerts(forecast) if wanted else (),
        sections=(
            Section(
                domain=Domain.CAPACITY,
                title="Forecast",
                panels=(
                    *(Panel(title=one.title, kind=PanelKind.STAT, signals=(one,), width=12) for one in left),
                    Panel(title=forecast.title, kind=PanelKind.BARGAUGE, signals=(forecast,), width=24),
                ),
            ),
        )
        if wanted
        else (),
    )


def _left(wanted: Sequence[Capacity]) -> Iterator[Signal]:
    """Spec 60-dashboards 4.2: when compute and storage are exhausted; a year where nothing grows."""
    usages = {one.resource: one.usage for one in wanted}
    for name, title, resources in (
        ("compute_runs_out", "CPU and memory run out in", [r for r in usages if r in _COMPUTE]),
        ("storage_runs_out", "Storage runs out in", [r for r in usages if r not in _COMPUTE]),
    ):
        if not resources:
            continue
        days: Expr = min_by(
            metric(_RECORD, matching("resource", "|".join(resources)), may_be_absent=_NO_FORECAST), "resource"
        )
        for resource in resources:
            far = max_by(metric(usages[resource])) * 0 + _FAR
            days = days | call("label_replace", far, "resource", resource, "", "")
        yield Signal(
            name=name,
            title=title,
            description="Days until the first of each kind is full, if use goes on growing as it did.",
            good="Not in a year: it does not grow. Below 7 days somebody has to act.",
            unit="d",
            expr=days,
            legend="{{resource}}",
            maximum=_FAR,
            words=((_FAR, "not in a year"),),
            limits=under(warning=7, high=2),
        )


def _days(one: Capacity) -> Expr:
    usage = metric(one.usage)
    slope = call("deriv", usage.over(f"{one.days}d"))
    left = (1 - usage) / ((slope > 0) * length("1d"))
    days = call("clamp", left, 0, _FAR) & _grows(usage, one.days)
    named = (
        call("label_join", days, "object", "/", *one.labels)
        if one.labels
        else call("label_replace", days, "object", one.resource, "", "")
    )
    return max_by(named, "object")


def _grows(usage: Selector, days: int) -> Expr:
    """Nothing of what was not there before."""
    window = f"{days}d"
    if days >= _WEEK:  # both ends are the same hour of the same weekday
        return usage - usage.ago(window) > _NOISE
    peak = over_time("max", usage, window) - over_time("max", usage.ago(window), f"{_BEFORE}d")
    return (peak > _NOISE) & over_time("last", usage.ago(f"{days + _BEFORE}d"), "1h")


def _alerts(forecast: Signal) -> tuple[Alert, ...]:
    tiers = (
        ("CapacityRunsOut", 2, Severity.HIGH, "30m", "two days"),
        ("CapacityRunsOutSoon", 14, Severity.WARNING, "1h", "two weeks"),
    )
    return tuple(
        Alert(
            name=name,
            signal=forecast,
            op="<",
            threshold=days,
            for_=for_,
            severity=severity,
            component=NAME,
            summary="{{ $labels.resource }} {{ $labels.object }} is full in {{ $value | humanize }} days",
            description=f"If its use goes on growing as it did, nothing is left within {words}.",
        )
        for name, days, severity, for_, words in tiers
    )
