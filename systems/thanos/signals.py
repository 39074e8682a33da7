"""How metrics get into the bucket, and what is done with them there."""

from __future__ import annotations

from model.promql import call, eq, increase, matching, max_by, metric, rate, sum_by
from model.rule import Signal
from systems.own import KUBE_PROMETHEUS, growth, refused, share

RULER_JOB = f"{KUBE_PROMETHEUS}-thanos-ruler"
_RULER = (eq("job", RULER_JOB),)
NO_RULE_YET = "it has a series from the first rule on that looks back further than Prometheus keeps"
_COMPACTORS = matching("job", "thanos-.+-compact")


def compactor_signals() -> tuple[Signal, ...]:
    failures = ("thanos_compact_group_compactions_failures_total", "thanos_compact_downsample_failures_total")
    return (
        Signal(
            name="compactor_halted",
            title="Compactor halted",
            description="1 where a compactor found blocks that it must not touch, and waits for a person.",
            good="0.",
            unit="short",
            expr=max_by(metric("thanos_compact_halted"), "job"),
            legend="{{job}}",
        ),
        Signal(
            name="compaction_failures",
            title="Failed compactions",
            description="Compactions and downsamplings that failed within an hour.",
            good="0.",
            unit="short",
            expr=growth(failures, "1h", "job", may_be_absent="a compactor has them once the bucket has blocks"),
            legend="{{job}}",
            record="dataops:thanos:compaction_failures_1h",
        ),
        Signal(
            name="compactor_rounds",
            title="Rounds of the compactor",
            description="Rounds of compaction, downsampling and deletion that were finished within 12 hours.",
            good="Many; a round of a large bucket takes hours.",
            unit="short",
            expr=sum_by(increase(metric("thanos_compact_iterations_total"), "12h"), "job"),
            legend="{{job}}",
            record="dataops:thanos:compactor_rounds_12h",
        ),
    )


def ruler_signals() -> tuple[Signal, ...]:
    dropped = ("thanos_alert_queue_alerts_dropped_total", "thanos_alert_sender_alerts_dropped_total")
    evaluations, failures = (
        metric(f"prometheus_rule_evaluation{kind}_total", *_RULER, may_be_absent=NO_RULE_YET)
        for kind in ("s", "_failures")
    )
    return (
        Signal(
            name="ruler_failures",
            title="Failed evaluations of the Ruler",
            description="Evaluations of rules that failed in 5 minutes, by group.",
            good="0: objectives and their alerts come from here.",
            unit="short",
            expr=sum_by(increase(failures, "5m"), "pod", "rule_group"),
            legend="{{pod}} {{rule_group}}",
        ),
        Signal(
            name="ruler_evaluations",
            title="Evaluations of the Ruler",
            description="Rules that the Ruler evaluates per second, over 5 minutes.",
            good="Steady; 0 means that it evaluates nothing.",
            unit="ops",
            expr=sum_by(rate(evaluations, "5m"), "pod"),
            legend="{{pod}}",
        ),
        Signal(
            name="ruler_alerts_dropped",
            title="Alerts that the Ruler lost",
            description="Alerts of the Ruler that no Alertmanager took in 5 minutes.",
            good="0: otherwise alerts are lost.",
            unit="short",
            expr=growth(dropped, "5m", "pod"),
            legend="{{pod}}",
        ),
    )


def upload_signals(*, sidecars: bool) -> tuple[Signal, ...]:
    """Blocks are written by the side cars of Prometheus, or by the ingestors of Receive."""
    writers = matching("job", ".+-thanos-discovery" if sidecars else "thanos-receive-ingestor")
    uploaded = metric("thanos_objstore_bucket_last_successful_upload_time", writers) > 0
    started = metric("process_start_time_seconds", writers)
    stale = Signal(
        name="upload_age",
        title="Age of the last upload",
        description="Time since a writer of blocks last uploaded one, or started.",
        good="Up to 3 hours: a block is cut every 2 hours.",
        unit="s",
        expr=call("time") - (max_by(uploaded, "job", "pod") | max_by(started, "job", "pod")),
        legend="{{pod}}",
    )
    if not sidecars:
        return (stale,)
    return (
        stale,
        Signal(
            name="sidecar_disconnected",
            title="Side car without Prometheus",
            description="1 where a side car does not reach the Prometheus beside it.",
            good="0.",
            unit="short",
            expr=refused("thanos_sidecar_prometheus_up", "pod"),
            legend="{{pod}}",
        ),
    )


def receive_signals() -> tuple[Signal, ...]:
    requests = metric("http_requests_total", eq("job", "thanos-receive-router"), eq("handler", "receive"))
    forwards = metric("thanos_receive_forward_requests_total")
    return (
        Signal(
            name="receive_failures",
            title="Failed writes",
            description="Share of the writes to Receive that it could not store in time, over 5 minutes.",
            good="0. Prometheus repeats them for about 2 hours.",
            unit="percentunit",
            expr=share(rate(requests.where(matching("code", "5..")), "5m"), rate(requests, "5m")),
            legend="{{cluster}}",
            maximum=1,
        ),
        Signal(
            name="forward_failures",
            title="Failed forwards",
            description="Share of the requests from a router to the ingestors that failed, over 5 minutes.",
            good="0.",
            unit="percentunit",
            expr=share(rate(forwards.where(eq("result", "error")), "5m"), rate(forwards, "5m"), "pod"),
            legend="{{pod}}",
            maximum=1,
        ),
        Signal(
            name="hashring_rejected",
            title="Hashring rejected",
            description="1 where Receive could not load its newest hashring.",
            good="0.",
            unit="short",
            expr=refused("thanos_receive_config_last_reload_successful", "pod"),
            legend="{{pod}}",
        ),
    )
