"""What the parts of the stack have in common where they are watched: their jobs, shares of failures, silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add, or_

from model.dashboard import Panel, PanelKind
from model.expr import Aggregation, Binary, Expr, Matcher
from model.promql import absent, binary, call, constant, eq, increase, metric, min_by, rate, sum_by
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint, Relabeling, Scrape, ScrapeKind
from model.system import Domain, Section
from systems.base import Context, silence_alert

__site_transparent__ = True  # a finding points at the system that calls, not at this file

KUBE_PROMETHEUS = "kube-prometheus-stack"
"""Release of the chart; most jobs are called as a Service of it."""


def part(
    job: str,
    port: str,
    contract: str,
    *,
    component: str | None = None,
    honor_labels: bool = False,
    relabelings: tuple[Relabeling, ...] = (),
) -> Scrape:
    """A monitor that a chart makes, with one endpoint."""
    endpoint = Endpoint(
        port=port, contract=contract, component=component, honor_labels=honor_labels, relabelings=relabelings
    )
    return Scrape(name=job.replace("/", "-"), kind=ScrapeKind.PART, job=job, endpoints=(endpoint,))


def share(bad: Expr, everything: Expr, *labels: str) -> Expr:
    """``bad`` of ``everything``, both rates; nothing where nothing happens, 0 where nothing of it is bad."""
    whole = sum_by(everything, *labels)
    # Counters of failures often have no series before the first one.
    return (sum_by(bad, *labels) | whole * 0) / (whole > 0)


def silent_jobs(
    context: Context,
    jobs: tuple[str, ...],
    *,
    title: str,
    name: str,
    component: str,
    severity: Severity,
    hides: str,
) -> tuple[Signal, Alert]:
    """As ``silence`` of systems.base for a part of several jobs: one alert for each job of which no target is up."""
    signal = Signal(
        name=f"{component}_silent",
        title=f"{title} silent",
        description=f"1 for each job of {title} of which Prometheus reaches no target.",
        good="0: every part is scraped.",
        unit="short",
        expr=reduce(or_, (_silent(job) for job in jobs)),
        legend="{{job}}",
        scope=(),
    )
    of = "{{ $labels.job }}"
    alert = silence_alert(
        context, signal, name=name, component=component, severity=severity, title=of, job=of, hides=hides
    )
    return signal, alert


def _silent(job: str) -> Expr:
    # A zero to show: "no data" would look the same as a broken panel. absent() tells no job of a comparison.
    return call("label_replace", absent(metric("up", eq("job", job)) > 0) | constant(0), "job", job, "", "")


def section(title: str, signals: Mapping[str, Signal], layout: Iterable[tuple[PanelKind, str]]) -> Section:
    """A row of the stack's dashboard with one panel for each signal; all parts have some that are called the same."""
    panels = tuple(
        Panel(
            title=f"Silent sources: {title}" if name.endswith("_silent") else f"{title}: {signals[name].title}",
            kind=kind,
            signals=(signals[name],),
        )
        for kind, name in layout
    )
    return Section(domain=Domain.OBSERVABILITY, title=title, panels=panels)


def refused(name: str, *labels: str, of: tuple[Matcher, ...] = ()) -> Expr:
    """1 where a gauge of success is 0, as those of configurations are."""
    return 1 - min_by(metric(name, *of), *labels)


def equal(lhs: Expr, value: float) -> Binary:
    return binary("==", lhs, value)


def growth(
    names: Iterable[str], window: str, *labels: str, of: tuple[Matcher, ...] = (), may_be_absent: str | None = None
) -> Expr:
    """What counters grew by within the window, together; ``of`` narrows each.

    A process has all of them or, for the reason ``may_be_absent``, none.
    """
    grown = (increase(metric(name, *of, may_be_absent=may_be_absent), window) for name in names)
    return _together([sum_by(one, *labels) for one in grown])


def rates(names: Iterable[str], *labels: str, of: tuple[Matcher, ...] = ()) -> Expr:
    """The same for their rates over 5 minutes."""
    return _together([sum_by(rate(metric(name, *of), "5m"), *labels) for name in names])


def _together(parts: list[Aggregation]) -> Expr:
    first, *others = parts
    return reduce(add, others, first)
