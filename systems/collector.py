"""The OpenTelemetry Collector's two tiers: whether what applications send gets through."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial, reduce
from operator import or_
from typing import ClassVar

from model.dashboard import PanelKind
from model.expr import Expr
from model.promql import call, eq, max_by, metric, rate, sum_by
from model.rule import Alert, Severity, Signal
from model.system import RetentionClass, System
from systems.base import Context, SystemSettings, above
from systems.own import part, section, silent_jobs

JOBS = ("otel-gateway", "otel-sampler")
_above = partial(above, component="collector")
KINDS = {"spans": "spans", "logs": "log_records", "metrics": "metric_points"}
"""What is called ``signal`` in the collector -> the word in the names of its metrics."""
REFUSED, GIVEN_UP, NO_ROOM = (
    f"otelcol_{counter}_{{}}_total"
    for counter in ("receiver_refused", "exporter_send_failed", "exporter_enqueue_failed")
)
QUEUE, ROOM = "otelcol_exporter_queue_size", "otelcol_exporter_queue_capacity"
VERIFIED = (*(name.format(kind) for name in (REFUSED, GIVEN_UP, NO_ROOM) for kind in KINDS.values()), QUEUE, ROOM)
"""What `obs verify` asks of any collector, whether this system is on or not."""
_NONE_YET = "it has a series from the first one of its kind on"


class Settings(SystemSettings):
    """Nothing to choose: its tiers follow from ``collector``, ``logs`` and ``traces``."""

    needs: ClassVar[Mapping[str, str]] = {
        "collector.enabled": "the stack has no collector; leave systems.collector out"
    }


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*_receiving_signals(), *_sending_signals())}
    if context.traces_mode:
        signals["traces_dropped"] = _traces_dropped()
    silent, silent_alert = silent_jobs(
        context,
        JOBS,
        title="Collector",
        name="CollectorSilent",
        component="collector",
        severity=Severity.HIGH,
        hides="no alert on its faults can fire, and what applications send may be lost",
    )
    signals[silent.name] = silent
    layout = [(PanelKind.STAT if name == silent.name else PanelKind.TIMESERIES, name) for name in signals]
    return System(
        name="collector",
        title="OpenTelemetry Collector",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=tuple(part(job, "metrics", "collector") for job in JOBS),
        signals=tuple(signals.values()),
        alerts=(*_alerts(signals), silent_alert),
        sections=(section("OpenTelemetry Collector", signals, layout),),
    )


def _by_kind(name: str, *labels: str) -> Expr:
    """Rates of the counters of one name for each kind of telemetry, told apart by the label ``kind``."""
    return reduce(or_, (_of_kind(name.format(word), kind, *labels) for kind, word in KINDS.items()))


def _of_kind(name: str, kind: str, *labels: str) -> Expr:
    grown = sum_by(rate(metric(name, may_be_absent=_NONE_YET), "5m"), *labels)
    return call("label_replace", grown, "kind", kind, "", "")


def _receiving_signals() -> tuple[Signal, ...]:
    return (
        Signal(
            name="received",
            title="Taken in",
            description="Spans, log records and points that a tier accepts per second.",
            good="Steady.",
            unit="cps",
            expr=_by_kind("otelcol_receiver_accepted_{}_total", "job"),
            legend="{{job}} {{kind}}",
        ),
        Signal(
            name="refused",
            title="Refused",
            description="Spans, log records and points per second that a tier refused: its senders must repeat them.",
            good="0.",
            unit="cps",
            expr=_by_kind(REFUSED, "job"),
            legend="{{job}} {{kind}}",
        ),
        Signal(
            name="memory_limited",
            title="Refused for memory",
            description="What the memory limiter refused per second.",
            good="0.",
            unit="cps",
            expr=_by_kind("otelcol_processor_memory_limiter_refused_{}_total", "job"),
            legend="{{job}} {{kind}}",
        ),
    )


def _sending_signals() -> tuple[Signal, ...]:
    queue = max_by(metric(QUEUE), "pod", "exporter", "data_type")
    room = max_by(metric(ROOM), "pod", "exporter", "data_type")
    return (
        Signal(
            name="sent",
            title="Handed on",
            description="Spans, log records and points that a tier hands on per second.",
            good="As much as comes in, less what sampling leaves out.",
            unit="cps",
            expr=_by_kind("otelcol_exporter_sent_{}_total", "job"),
            legend="{{job}} {{kind}}",
        ),
        Signal(
            name="send_failures",
            title="Lost on the way",
            description="What an exporter gave up per second after all its tries.",
            good="0: it is lost.",
            unit="cps",
            expr=_by_kind(GIVEN_UP, "job", "exporter"),
            legend="{{job}} {{exporter}} {{kind}}",
        ),
        Signal(
            name="queue_overflow",
            title="Lost at a full queue",
            description="What an exporter could not put into its queue, per second.",
            good="0: it is lost, unless its sender repeats it.",
            unit="cps",
            expr=_by_kind(NO_ROOM, "job", "exporter"),
            legend="{{job}} {{exporter}} {{kind}}",
        ),
        Signal(
            name="queue_usage",
            title="Use of queues",
            description="Share of an exporter's queue that is filled.",
            good="Below 10 %; it fills while what is behind does not answer.",
            unit="percentunit",
            expr=queue / room,
            legend="{{pod}} {{exporter}} {{data_type}}",
            maximum=1,
        ),
    )


def _traces_dropped() -> Signal:
    dropped = metric("otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total", eq("job", JOBS[1]))
    return Signal(
        name="traces_dropped",
        title="Traces dropped before their decision",
        description="Traces per second that a sampler threw away because it has room for fewer than arrive.",
        good="0: they are lost, those with errors too.",
        unit="cps",
        expr=sum_by(rate(dropped, "5m"), "pod"),
        legend="{{pod}}",
    )


def _alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    found = (*_receiving_alerts(signals), *_sending_alerts(signals))
    if "traces_dropped" not in signals:
        return found
    dropped = _above(
        "CollectorTracesDropped",
        signals["traces_dropped"],
        0,
        for_="10m",
        severity=Severity.HIGH,
        summary="{{ $labels.pod }} drops {{ $value | humanize }} traces per second before it decides on them",
        description="More traces arrive than it has room for; traces with errors are among them.",
    )
    return (*found, dropped)


def _receiving_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    return (
        _above(
            "CollectorRefusing",
            signals["refused"],
            0,
            for_="10m",
            severity=Severity.HIGH,
            summary="{{ $labels.job }} refuses {{ $value | humanize }} {{ $labels.kind }} per second",
            description="Applications repeat them for a while; then they are lost.",
        ),
        _above(
            "CollectorMemoryLimited",
            signals["memory_limited"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            summary="{{ $labels.job }} is out of memory and refuses {{ $labels.kind }}",
            description="{{ $value | humanize }} per second were refused by the memory limiter for 5 minutes.",
        ),
    )


def _sending_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    of_exporter = "{{ $labels.exporter }} of {{ $labels.job }}"
    return (
        _above(
            "CollectorExportFailing",
            signals["send_failures"],
            0,
            for_="10m",
            severity=Severity.HIGH,
            summary=f"{of_exporter} loses {{{{ $value | humanize }}}} {{{{ $labels.kind }}}} per second",
            description="What is behind it refuses them, or has not answered for too long.",
        ),
        _above(
            "CollectorQueueOverflowing",
            signals["queue_overflow"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            summary=f"The queue of {of_exporter} is full",
            description="{{ $value | humanize }} {{ $labels.kind }} per second find no room in it.",
        ),
        _above(
            "CollectorQueueFilling",
            signals["queue_usage"],
            0.8,
            for_="10m",
            severity=Severity.MEDIUM,
            summary="{{ $labels.exporter }} of {{ $labels.pod }} has a queue {{ $value | humanizePercentage }} full",
            description="What is behind it does not take {{ $labels.data_type }} as fast as they come.",
        ),
    )
