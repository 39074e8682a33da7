"""When somebody must look at Thanos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from model.promql import call, length, matching, max_by, metric, sum_by
from model.rule import CONFIRMED, Alert, Severity, Signal
from systems.base import above
from systems.thanos.signals import NO_RULE_YET

_above = partial(above, component="thanos")
# A failed request of a person who asks alone is no fault of the server.
_ENOUGH_QUERIES = 0.1


def alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield from _compactor_alerts(signals)
    yield from _ruler_alerts(signals)
    yield from _reading_alerts(signals)
    yield from _upload_alerts(signals)
    if "receive_failures" in signals:
        yield from _receive_alerts(signals)


def _compactor_alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield _above(
        "ThanosCompactHalted",
        signals["compactor_halted"],
        0,
        for_="5m",
        severity=Severity.HIGH,
        summary="{{ $labels.job }} has halted",
        description="It found overlapping or damaged blocks. Nothing is compacted, downsampled or deleted until a "
        "person has looked.",
    )
    yield _above(
        "ThanosCompactFailing",
        signals["compaction_failures"],
        2,
        for_="15m",
        severity=Severity.MEDIUM,
        summary="{{ $labels.job }} fails",
        description="{{ $value | humanize }} compactions or downsamplings failed in an hour.",
    )
    started = max_by(metric("process_start_time_seconds", matching("job", "thanos-.+-compact")), "job")
    yield Alert(
        name="ThanosCompactNotRunning",
        signal=signals["compactor_rounds"],
        op="<",
        threshold=1,
        for_="30m",
        severity=Severity.MEDIUM,
        component="thanos",
        summary="{{ $labels.job }} has finished no round in 12 hours",
        description="It runs, but blocks are not compacted and what is expired is not deleted.",
        guard=(call("time") - started) > length("12h"),
    )


def _ruler_alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield _above(
        "ThanosRuleFailing",
        signals["ruler_failures"],
        0,
        for_="10m",
        severity=Severity.HIGH,
        summary="{{ $labels.pod }} fails to evaluate rules of {{ $labels.rule_group }}",
        description="Rules of this group have failed again and again for 10 minutes: their alerts cannot fire.",
    )
    yield Alert(
        name="ThanosRuleNotEvaluating",
        signal=signals["ruler_evaluations"],
        op="<=",
        threshold=0,
        for_="5m",
        severity=Severity.HIGH,
        component="thanos",
        summary="{{ $labels.pod }} evaluates no rules",
        description="It has rules loaded. Objectives and alerts over long ranges are dead.",
        guard=sum_by(metric("thanos_rule_loaded_rules", may_be_absent=NO_RULE_YET), "pod") > 0,
    )
    yield _above(
        "ThanosRuleAlertsDropped",
        signals["ruler_alerts_dropped"],
        0,
        for_=CONFIRMED,
        severity=Severity.CRITICAL,
        summary="Alerts of {{ $labels.pod }} are lost: no Alertmanager takes them",
        description="{{ $value | humanize }} alerts of the Ruler were thrown away in 5 minutes.",
    )


def _reading_alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield _above(
        "ThanosQueryFailing",
        signals["query_failures"],
        0.05,
        for_="10m",
        severity=Severity.HIGH,
        summary="{{ $value | humanizePercentage }} of the requests to {{ $labels.job }} fail",
        description="Dashboards and the rules of the Ruler read through it.",
        guard=signals["queries"].expr > _ENOUGH_QUERIES,
    )
    yield _above(
        "ThanosQuerySlow",
        signals["query_p95"],
        30,
        for_="15m",
        severity=Severity.MEDIUM,
        summary="Queries take {{ $value | humanizeDuration }} (P95)",
        description="Dashboards run into their time limits.",
    )
    yield _above(
        "ThanosStoreFailing",
        signals["store_failures"],
        0.05,
        for_="10m",
        severity=Severity.HIGH,
        summary="{{ $labels.job }} fails {{ $value | humanizePercentage }} of the querier's requests",
        description="Answers miss what this store has, or fail.",
    )
    yield _above(
        "ThanosBucketFailing",
        signals["bucket_failures"],
        0.05,
        for_="15m",
        severity=Severity.HIGH,
        summary="{{ $value | humanizePercentage }} of the operations {{ $labels.operation }} of {{ $labels.job }} fail",
        description="Object storage refuses or does not answer.",
    )


def _upload_alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield _above(
        "ThanosUploadStale",
        signals["upload_age"],
        6 * 3600,
        for_="15m",
        severity=Severity.HIGH,
        summary="{{ $labels.pod }} has uploaded nothing for {{ $value | humanizeDuration }}",
        description="A block is due every 2 hours. What is not uploaded is on its volume alone.",
    )
    if "sidecar_disconnected" in signals:
        yield _above(
            "ThanosSidecarDisconnected",
            signals["sidecar_disconnected"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            summary="The side car of {{ $labels.pod }} does not reach Prometheus",
            description="The newest samples of this replica cannot be read through Thanos.",
        )


def _receive_alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield _above(
        "ThanosReceiveFailing",
        signals["receive_failures"],
        0.05,
        for_="5m",
        severity=Severity.HIGH,
        summary="Receive fails {{ $value | humanizePercentage }} of the writes",
        description="Too few ingestors answer. Prometheus repeats for about 2 hours, then samples are lost.",
    )
    yield _above(
        "ThanosReceiveForwardFailing",
        signals["forward_failures"],
        0.2,
        for_="10m",
        severity=Severity.MEDIUM,
        summary="{{ $value | humanizePercentage }} of the forwards of {{ $labels.pod }} fail",
        description="One copy of some series is missing; the next fault may stop writes.",
    )
    yield _above(
        "ThanosHashringRejected",
        signals["hashring_rejected"],
        0,
        for_="5m",
        severity=Severity.HIGH,
        summary="{{ $labels.pod }} rejects its hashring",
        description="It shares out series by the one before.",
    )
