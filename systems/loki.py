"""Loki: whether lines are taken in, kept as long as they should be, and can be read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from model.dashboard import PanelKind
from model.promql import call, histogram_quantile, matching, max_by, metric, rate, sum_by
from model.rule import Alert, Severity, Signal
from model.scrape import Relabeling
from model.system import RetentionClass, System
from systems.base import Context, SystemSettings, above
from systems.own import growth, part, section, share, silent_jobs

_above = partial(above, component="loki")
# Jobs are the Services' names (grafana-community/loki, deploymentMode monolithic or distributed).
_DISTRIBUTED = (
    "distributor",
    "ingester",
    "querier",
    "query-frontend",
    "query-scheduler",
    "index-gateway",
    "compactor",
)
_JOBS = matching("job", "loki(-.+)?")
# The chart's monitor adds the release's name.
_INSTANCE = Relabeling(target_label="app_instance", replacement="loki")
_NONE_YET = "it has a series from the first one on"
_ENOUGH_REQUESTS = 0.1


class Settings(SystemSettings):
    """Nothing to choose: its parts follow from ``logs.mode``."""

    needs: ClassVar[Mapping[str, str]] = {"logs.enabled": "the stack keeps no logs; leave systems.loki out"}


def system(settings: Settings, context: Context) -> System:
    distributed = context.logs_mode == "distributed"
    jobs = tuple(f"loki-{name}" for name in _DISTRIBUTED) if distributed else ("loki",)
    signals = {s.name: s for s in (*_intake_signals(), *_storage_signals())}
    silent, silent_alert = silent_jobs(
        context,
        jobs,
        title="Loki",
        name="LokiSilent",
        component="loki",
        severity=Severity.HIGH,
        hides="no alert on its faults can fire, and logs may be lost",
    )
    signals[silent.name] = silent
    return System(
        name="loki",
        title="Loki",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=tuple(part(job, "http-metrics", "loki", relabelings=(_INSTANCE,)) for job in jobs),
        signals=tuple(signals.values()),
        alerts=(*_alerts(signals), silent_alert),
        sections=(section("Loki", signals, (*_LAYOUT, (PanelKind.STAT, silent.name))),),
    )


_LAYOUT = (
    (PanelKind.TIMESERIES, "lines"),
    (PanelKind.TIMESERIES, "lines_discarded"),
    (PanelKind.TIMESERIES, "requests"),
    (PanelKind.TIMESERIES, "request_failures"),
    (PanelKind.TIMESERIES, "request_p95"),
    (PanelKind.TIMESERIES, "streams"),
    (PanelKind.TIMESERIES, "flush_failures"),
    (PanelKind.TIMESERIES, "log_disk_full"),
    (PanelKind.STAT, "retention_age"),
    (PanelKind.TIMESERIES, "panics"),
)


def _intake_signals() -> tuple[Signal, ...]:
    requests = metric("loki_request_duration_seconds_count", _JOBS)
    latency = metric("loki_request_duration_seconds_bucket", _JOBS)
    lines = metric("loki_distributor_lines_received_total", may_be_absent=_NONE_YET)
    discarded = metric("loki_discarded_samples_total", may_be_absent=_NONE_YET)
    return (
        Signal(
            name="lines",
            title="Lines taken in",
            description="Lines that Loki receives per second, by format.",
            good="Steady. 0 means that no agent reaches it.",
            unit="cps",
            expr=sum_by(rate(lines, "5m")),
            legend="{{cluster}}",
        ),
        Signal(
            name="lines_discarded",
            title="Lines refused",
            description="Lines per second that Loki refused, by reason: limits of streams, rates, lengths and age.",
            good="0: these lines are lost.",
            unit="cps",
            expr=sum_by(rate(discarded, "5m"), "reason"),
            legend="{{reason}}",
        ),
        Signal(
            name="request_failures",
            title="Failed requests",
            description="Share of the requests to Loki that ended with an error of the server, by route.",
            good="0.",
            unit="percentunit",
            expr=share(rate(requests.where(matching("status_code", "5..")), "5m"), rate(requests, "5m"), "route"),
            legend="{{route}}",
            maximum=1,
        ),
        Signal(
            name="requests",
            title="Requests",
            description="Requests to Loki per second, by route.",
            good="As many as agents write and people ask.",
            unit="reqps",
            expr=sum_by(rate(requests, "5m"), "route"),
            legend="{{route}}",
        ),
        Signal(
            name="request_p95",
            title="Duration of requests (P95)",
            description="95th percentile of the time in which Loki answers, by route.",
            good="Writes below a second, queries a few seconds.",
            unit="s",
            expr=histogram_quantile(0.95, sum_by(rate(latency, "5m"), "route", "le")),
            legend="{{route}}",
        ),
    )


def _storage_signals() -> tuple[Signal, ...]:
    ran = metric("loki_compactor_apply_retention_last_successful_run_timestamp_seconds") > 0
    started = metric("process_start_time_seconds", matching("job", "loki|loki-compactor"))
    return (
        Signal(
            name="streams",
            title="Active streams",
            description="Streams in the memory of an ingester.",
            good="Far below logs.maxStreams; each combination of labels is one.",
            unit="short",
            expr=sum_by(metric("loki_ingester_memory_streams", may_be_absent=_NONE_YET), "pod"),
            legend="{{pod}}",
        ),
        Signal(
            name="flush_failures",
            title="Failed flushes",
            description="Chunks that an ingester could not write to object storage in 5 minutes.",
            good="0.",
            unit="short",
            expr=growth(("loki_ingester_chunks_flush_failures_total",), "5m", "pod"),
            legend="{{pod}}",
        ),
        Signal(
            name="log_disk_full",
            title="Writes without the write-ahead log",
            description="Lines taken in 5 minutes without being logged, because the ingester's volume was full.",
            good="0: a restart would lose them.",
            unit="short",
            expr=growth(("loki_ingester_wal_disk_full_failures_total",), "5m", "pod"),
            legend="{{pod}}",
        ),
        Signal(
            name="retention_age",
            title="Age of the last retention",
            description="Time since the compactor last deleted what is expired, or started.",
            good="Minutes.",
            unit="s",
            # Of several processes one is the compactor.
            expr=call("time") - (max_by(ran) | max_by(started)),
            legend="{{cluster}}",
        ),
        Signal(
            name="panics",
            title="Panics",
            description="Panics in requests to Loki within 5 minutes.",
            good="0.",
            unit="short",
            expr=growth(("loki_panic_total",), "5m", "pod"),
            legend="{{pod}}",
        ),
    )


def _alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    return (
        _above(
            "LokiRequestsFailing",
            signals["request_failures"],
            0.05,
            for_="10m",
            severity=Severity.HIGH,
            summary="{{ $value | humanizePercentage }} of the requests {{ $labels.route }} to Loki fail",
            description="Agents repeat failed writes for a while; then lines are lost.",
            guard=signals["requests"].expr > _ENOUGH_REQUESTS,
        ),
        _above(
            "LokiLinesDiscarded",
            signals["lines_discarded"],
            0,
            for_="15m",
            severity=Severity.HIGH,
            summary="Loki refuses {{ $value | humanize }} lines per second ({{ $labels.reason }})",
            description="They are lost. The reason names the limit.",
        ),
        _above(
            "LokiFlushFailing",
            signals["flush_failures"],
            0,
            for_="15m",
            severity=Severity.HIGH,
            summary="{{ $labels.pod }} cannot write chunks to object storage",
            description="They stay in its memory until that is full.",
        ),
        _above(
            "LokiLogDiskFull",
            signals["log_disk_full"],
            0,
            for_="1m",
            severity=Severity.HIGH,
            summary="The volume of {{ $labels.pod }} is full",
            description="Lines are taken without the write-ahead log: a restart loses them.",
        ),
        _above(
            "LokiRetentionNotRunning",
            signals["retention_age"],
            3 * 3600,
            for_="15m",
            severity=Severity.MEDIUM,
            summary="Loki has deleted nothing for {{ $value | humanizeDuration }}",
            description="The compactor does not finish: the bucket grows, and logs are kept longer than they may be.",
        ),
        _above(
            "LokiPanics",
            signals["panics"],
            0,
            for_="1m",
            severity=Severity.HIGH,
            summary="{{ $labels.pod }} panics",
            description="{{ $value | humanize }} requests in 5 minutes ran into a fault of the program.",
        ),
    )
