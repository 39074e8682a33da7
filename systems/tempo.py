"""Tempo: whether spans are taken in, written, and can be read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from model.dashboard import PanelKind
from model.promql import eq, histogram_quantile, matching, metric, rate, sum_by
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint, Relabeling, Scrape, ScrapeKind
from model.system import RetentionClass, System
from systems.base import Context, SystemSettings, above
from systems.own import growth, part, section, share, silent_jobs

_above = partial(above, component="tempo")
_DISTRIBUTED = (
    "distributor",
    "block-builder",
    "live-store",
    "querier",
    "query-frontend",
    "backend-scheduler",
    "backend-worker",
    "metrics-generator",
)
_NONE_YET = "it has a series from the first one on"
_ENOUGH_REQUESTS = 0.1
# Tempo 2 (one process) has ingesters, Tempo 3 (distributed) reads from Kafka into block builders and live stores.
_WRITES = {
    False: ("tempo_ingester_failed_flushes_total",),
    True: ("tempo_live_store_failed_completions_total",),
}


class Settings(SystemSettings):
    """Nothing to choose: its parts follow from ``traces.mode``."""

    needs: ClassVar[Mapping[str, str]] = {"traces.enabled": "the stack keeps no traces; leave systems.tempo out"}


def system(settings: Settings, context: Context) -> System:
    distributed = context.traces_mode == "distributed"
    scrapes = tuple(_scrapes(context)) if distributed else (part("tempo", "tempo-prom-metrics", "tempo"),)
    signals = {s.name: s for s in (*_intake_signals(), *_storage_signals(distributed=distributed), _span_latency())}
    silent, silent_alert = silent_jobs(
        context,
        tuple(scrape.job for scrape in scrapes),
        title="Tempo",
        name="TempoSilent",
        component="tempo",
        severity=Severity.HIGH,
        hides="no alert on its faults can fire, and traces may be lost",
    )
    signals[silent.name] = silent
    return System(
        name="tempo",
        title="Tempo",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=(*scrapes, _SPANS),
        signals=tuple(signals.values()),
        alerts=(*_alerts(signals), silent_alert),
        sections=(section("Tempo", signals, (*_LAYOUT, (PanelKind.STAT, silent.name))),),
    )


def _scrapes(context: Context) -> tuple[Scrape, ...]:
    """The chart's monitors call jobs <namespace>/<component>."""
    return tuple(
        part(
            job := f"{context.namespace}/{name}",
            "http-metrics",
            "tempo",
            relabelings=(Relabeling(source_labels=("job",), target_label="job", replacement=job),),
        )
        for name in _DISTRIBUTED
    )


_SPANS = Scrape(
    name="spans",
    kind=ScrapeKind.PART,
    job="spans",
    endpoints=(Endpoint(contract="tempo-metrics-generator", honor_labels=True),),
    may_be_absent="the metrics generator writes its series to Prometheus itself; nothing is scraped",
    stores_all="the metrics generator writes what its processors make, and nothing drops a part of it",
)


def _span_latency() -> Signal:
    """Of what enters a service. The generator sends its buckets with exemplars (components/tempo_config.py)."""
    entering = metric(
        "traces_spanmetrics_latency_bucket",
        eq("span_kind", "SPAN_KIND_SERVER"),
        may_be_absent="it is there from the first span of a service on",
    )
    return Signal(
        name="span_latency_p95",
        title="Latency by service (P95)",
        description="Time within which a service answers 95 % of the requests of 5 minutes, as its traces tell it. "
        "A point beside the line is one request: a click opens its trace.",
        good="As usual for the service.",
        unit="s",
        expr=histogram_quantile(0.95, sum_by(rate(entering, "5m"), "service", "le")),
        legend="{{service}}",
    )


_LAYOUT = (
    (PanelKind.TIMESERIES, "spans"),
    (PanelKind.TIMESERIES, "spans_refused"),
    (PanelKind.TIMESERIES, "spans_discarded"),
    (PanelKind.TIMESERIES, "write_failures"),
    (PanelKind.TIMESERIES, "compaction_failures"),
    (PanelKind.TIMESERIES, "blocklist_failures"),
    (PanelKind.TIMESERIES, "requests"),
    (PanelKind.TIMESERIES, "request_failures"),
    (PanelKind.TIMESERIES, "request_p95"),
)


def _intake_signals() -> tuple[Signal, ...]:
    received = metric("tempo_distributor_spans_received_total", may_be_absent=_NONE_YET)
    refused = metric("tempo_receiver_refused_spans", may_be_absent=_NONE_YET)
    discarded = metric("tempo_discarded_spans_total", may_be_absent=_NONE_YET)
    return (
        Signal(
            name="spans",
            title="Spans taken in",
            description="Spans that Tempo receives per second.",
            good="Steady. 0 means that the collector reaches it no more, or that nobody sends.",
            unit="cps",
            expr=sum_by(rate(received, "5m")),
            legend="{{cluster}}",
        ),
        Signal(
            name="spans_refused",
            title="Spans refused",
            description="Spans per second that Tempo's receivers refused; the collector sends them again.",
            good="0.",
            unit="cps",
            expr=sum_by(rate(refused, "5m"), "receiver"),
            legend="{{receiver}}",
        ),
        Signal(
            name="spans_discarded",
            title="Spans thrown away",
            description="Spans per second above a limit of Tempo, by reason.",
            good="0: they are lost.",
            unit="cps",
            expr=sum_by(rate(discarded, "5m"), "reason"),
            legend="{{reason}}",
        ),
    )


def _storage_signals(*, distributed: bool) -> tuple[Signal, ...]:
    requests = metric("tempo_request_duration_seconds_count", may_be_absent=_NONE_YET)
    latency = metric("tempo_request_duration_seconds_bucket", may_be_absent=_NONE_YET)
    polls = metric("tempodb_blocklist_poll_errors_total", may_be_absent=_NONE_YET)
    return (
        Signal(
            name="write_failures",
            title="Failed writes of blocks",
            description="Blocks that could not be written in 5 minutes.",
            good="0.",
            unit="short",
            expr=growth(_WRITES[distributed], "5m", "pod"),
            legend="{{pod}}",
        ),
        Signal(
            name="compaction_failures",
            title="Failed compactions",
            description="Compactions and deletions of expired blocks that failed within an hour.",
            good="0.",
            unit="short",
            expr=growth(("tempodb_compaction_errors_total", "tempodb_retention_errors_total"), "1h", "pod"),
            legend="{{pod}}",
            record="dataops:tempo:compaction_failures_1h",
        ),
        Signal(
            name="blocklist_failures",
            title="Failed looks into the bucket",
            description="Polls of the list of blocks that failed, per second.",
            good="0: otherwise queries miss newer blocks.",
            unit="ops",
            expr=sum_by(rate(polls, "5m"), "pod"),
            legend="{{pod}}",
        ),
        Signal(
            name="request_failures",
            title="Failed requests",
            description="Share of the requests to Tempo that ended with an error of the server, by route.",
            good="0.",
            unit="percentunit",
            expr=share(rate(requests.where(matching("status_code", "5..")), "5m"), rate(requests, "5m"), "route"),
            legend="{{route}}",
            maximum=1,
        ),
        Signal(
            name="requests",
            title="Requests",
            description="Requests to Tempo per second, by route.",
            good="As many as the collector writes and people ask.",
            unit="reqps",
            expr=sum_by(rate(requests, "5m"), "route"),
            legend="{{route}}",
        ),
        Signal(
            name="request_p95",
            title="Duration of queries (P95)",
            description="95th percentile of the time in which Tempo answers, by route.",
            good="A few seconds.",
            unit="s",
            expr=histogram_quantile(0.95, sum_by(rate(latency.where(eq("method", "GET")), "5m"), "route", "le")),
            legend="{{route}}",
        ),
    )


def _alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    return (
        _above(
            "TempoSpansRefused",
            signals["spans_refused"],
            0,
            for_="10m",
            severity=Severity.MEDIUM,
            summary="Tempo refuses {{ $value | humanize }} spans per second ({{ $labels.receiver }})",
            description="The collector keeps and repeats them until its queue is full.",
        ),
        _above(
            "TempoSpansDiscarded",
            signals["spans_discarded"],
            0,
            for_="10m",
            severity=Severity.HIGH,
            summary="Tempo throws away {{ $value | humanize }} spans per second ({{ $labels.reason }})",
            description="They are lost. The reason names the limit.",
        ),
        _above(
            "TempoWritesFailing",
            signals["write_failures"],
            0,
            for_="15m",
            severity=Severity.HIGH,
            summary="{{ $labels.pod }} cannot write blocks of traces",
            description="They stay on its volume until that is full.",
        ),
        _above(
            "TempoCompactionFailing",
            signals["compaction_failures"],
            2,
            for_="15m",
            severity=Severity.MEDIUM,
            summary="Compaction of traces fails in {{ $labels.pod }}",
            description="{{ $value | humanize }} compactions or deletions failed in an hour: queries slow down.",
        ),
        _above(
            "TempoBlocklistFailing",
            signals["blocklist_failures"],
            0,
            for_="15m",
            severity=Severity.HIGH,
            summary="{{ $labels.pod }} cannot list the blocks of traces",
            description="Queries do not find newer traces.",
        ),
        _above(
            "TempoRequestsFailing",
            signals["request_failures"],
            0.05,
            for_="10m",
            severity=Severity.MEDIUM,
            summary="{{ $value | humanizePercentage }} of the requests {{ $labels.route }} to Tempo fail",
            description="Traces cannot be read, or written.",
            guard=signals["requests"].expr > _ENOUGH_REQUESTS,
        ),
    )
