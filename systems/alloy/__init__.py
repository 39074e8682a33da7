"""Alloy: whether the lines of all pods reach Loki, and how many of them are errors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from model.dashboard import Panel, PanelKind
from model.promql import histogram_quantile, metric, ne, not_matching, rate, sum_by
from model.rule import Alert, Severity, Signal
from model.system import Domain, RetentionClass, Section, System
from systems.alloy.error_lines import error_lines, error_lines_alert
from systems.base import Context, SystemSettings, above, silence
from systems.own import part, section, share

JOB = "alloy"
_above = partial(above, component="alloy")
_NONE_YET = "it has a series from the first one on"


class Settings(SystemSettings):
    """Nothing to choose: it runs where the stack keeps logs."""

    needs: ClassVar[Mapping[str, str]] = {"logs.enabled": "the stack keeps no logs; leave systems.alloy out"}


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*_writing_signals(), *_reading_signals())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Alloy",
        name="AlloySilent",
        component="alloy",
        severity=Severity.HIGH,
        hides="nothing tells that lines are lost, and perhaps no log of any pod reaches Loki",
    )
    errors = error_lines()
    signals |= {silent.name: silent, errors.name: errors}
    return System(
        name="alloy",
        title="Alloy",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=(part(JOB, "http-metrics", "alloy", honor_labels=True),),
        signals=tuple(signals.values()),
        alerts=(*_alerts(signals), silent_alert, error_lines_alert(errors)),
        sections=(
            section("Alloy", signals, (*_LAYOUT, (PanelKind.STAT, silent.name))),
            Section(
                domain=Domain.OPTIMISATION,
                title="Errors in logs",
                panels=(Panel(title=errors.title, kind=PanelKind.TIMESERIES, signals=(errors,)),),
            ),
        ),
    )


_LAYOUT = (
    (PanelKind.TIMESERIES, "entries"),
    (PanelKind.TIMESERIES, "entries_dropped"),
    (PanelKind.TIMESERIES, "push_failures"),
    (PanelKind.TIMESERIES, "push_p95"),
    (PanelKind.TIMESERIES, "memory"),
    (PanelKind.TABLE, "components_unhealthy"),
)


def _writing_signals() -> tuple[Signal, ...]:
    sent = metric("loki_write_sent_entries_total", may_be_absent=_NONE_YET)
    dropped = metric("loki_write_dropped_entries_total", may_be_absent=_NONE_YET)
    pushes = metric("loki_write_request_duration_seconds_count", may_be_absent=_NONE_YET)
    latency = metric("loki_write_request_duration_seconds_bucket", may_be_absent=_NONE_YET)
    return (
        Signal(
            name="entries",
            title="Lines sent",
            description="Lines that the agents send to Loki per second.",
            good="As many as the pods write.",
            unit="cps",
            expr=sum_by(rate(sent, "5m")),
            legend="{{cluster}}",
        ),
        Signal(
            name="entries_dropped",
            title="Lines given up",
            description="Lines per second that the agents threw away, because Loki refused them or did not answer.",
            good="0: these lines are lost.",
            unit="cps",
            expr=sum_by(rate(dropped, "5m"), "reason"),
            legend="{{reason}}",
        ),
        Signal(
            name="push_failures",
            title="Failed pushes",
            description="Share of the agents' requests to Loki that did not succeed, over 5 minutes, by node's agent.",
            good="0. The agents repeat them.",
            unit="percentunit",
            expr=share(rate(pushes.where(not_matching("status_code", "2..")), "5m"), rate(pushes, "5m"), "pod"),
            legend="{{pod}}",
            maximum=1,
        ),
        Signal(
            name="push_p95",
            title="Duration of pushes (P95)",
            description="95th percentile of the time that a request to Loki takes.",
            good="Below a second.",
            unit="s",
            expr=histogram_quantile(0.95, sum_by(rate(latency, "5m"), "le")),
            legend="{{cluster}}",
        ),
    )


def _reading_signals() -> tuple[Signal, ...]:
    components = metric("alloy_component_controller_running_components", ne("health_type", "healthy"))
    return (
        Signal(
            name="components_unhealthy",
            title="Components that are not healthy",
            description="Components of an agent's configuration that are unhealthy, unknown or ended.",
            good="0.",
            unit="short",
            expr=sum_by(components, "pod", "health_type"),
            legend="{{pod}} {{health_type}}",
        ),
        Signal(
            name="memory",
            title="Memory of agents",
            description="Resident memory of each agent.",
            good="Below its limit; a kill repeats lines.",
            unit="bytes",
            expr=sum_by(metric("alloy_resources_process_resident_memory_bytes"), "pod"),
            legend="{{pod}}",
        ),
    )


def _alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    return (
        _above(
            "AlloyEntriesDropped",
            signals["entries_dropped"],
            0,
            for_="10m",
            severity=Severity.HIGH,
            summary="The agents give up {{ $value | humanize }} lines per second ({{ $labels.reason }})",
            description="These lines are lost.",
        ),
        _above(
            "AlloyPushesFailing",
            signals["push_failures"],
            0.1,
            for_="15m",
            severity=Severity.MEDIUM,
            summary="{{ $value | humanizePercentage }} of the pushes of {{ $labels.pod }} fail",
            description="Lines come late; after the last repetition they are lost.",
        ),
        _above(
            "AlloyComponentsUnhealthy",
            signals["components_unhealthy"],
            0,
            for_="15m",
            severity=Severity.MEDIUM,
            summary="{{ $value }} components of {{ $labels.pod }} are {{ $labels.health_type }}",
            description="What they read or send may be missing.",
        ),
    )
