"""What Prometheus says of its own work."""

from __future__ import annotations

from model.expr import Selector
from model.promql import count_by, eq, increase, max_by, metric, min_by, rate, sum_by
from model.rule import Signal
from systems.own import KUBE_PROMETHEUS, equal, growth, rates, refused

JOB = f"{KUBE_PROMETHEUS}-prometheus"
"""Servers, and the reloaders beside them."""
_JOB = (eq("job", JOB),)
_NO_ALERT_YET = "Prometheus exposes it for an Alertmanager that it knows"


def _of(name: str) -> Selector:
    # The Thanos Ruler and others have some of these names too.
    return metric(name, *_JOB)


def work_signals() -> tuple[Signal, ...]:
    """Rules, and the way of their alerts to Alertmanager."""
    errors = metric("prometheus_notifications_errors_total", *_JOB, may_be_absent=_NO_ALERT_YET)
    sent = metric("prometheus_notifications_sent_total", *_JOB, may_be_absent=_NO_ALERT_YET)
    dropped = metric("prometheus_notifications_dropped_total", *_JOB, may_be_absent=_NO_ALERT_YET)
    to = ("pod", "alertmanager")
    return (
        Signal(
            name="rule_failures",
            title="Failed rule evaluations",
            description="Evaluations of rules that failed in 5 minutes, by replica and group.",
            good="0: a rule that fails alerts nobody and records nothing.",
            unit="short",
            expr=sum_by(increase(_of("prometheus_rule_evaluation_failures_total"), "5m"), "pod", "rule_group"),
            legend="{{pod}} {{rule_group}}",
        ),
        Signal(
            name="rule_iterations_missed",
            title="Missed rounds of rules",
            description="Rounds of a rule group that were left out in 5 minutes because the one before took too long.",
            good="0.",
            unit="short",
            expr=sum_by(increase(_of("prometheus_rule_group_iterations_missed_total"), "5m"), "pod", "rule_group"),
            legend="{{pod}} {{rule_group}}",
        ),
        Signal(
            name="rule_group_duration",
            title="Duration of rule groups",
            description="How long the last round of the slowest rule group of a replica took.",
            good="Far below the group's interval, which is 30 s for most.",
            unit="s",
            expr=max_by(_of("prometheus_rule_group_last_duration_seconds"), "pod"),
            legend="{{pod}}",
        ),
        Signal(
            name="alerts_refused",
            title="Alerts that an Alertmanager did not take",
            description="Share of the alerts sent to one Alertmanager that failed, over 5 minutes.",
            good="0.",
            unit="percentunit",
            # `sent` counts what arrived; where nothing does, it stands still.
            expr=sum_by(rate(errors, "5m"), *to)
            / ((sum_by(rate(errors, "5m"), *to) + sum_by(rate(sent, "5m"), *to)) > 0),
            legend="{{pod}} to {{alertmanager}}",
            maximum=1,
        ),
        Signal(
            name="alerts_dropped",
            title="Alerts that no Alertmanager took",
            description="Alerts that were thrown away in 5 minutes for each Alertmanager: the least of them.",
            good="0: otherwise alerts are lost.",
            unit="short",
            expr=min_by(sum_by(increase(dropped, "5m"), *to), "pod"),
            legend="{{pod}}",
        ),
        Signal(
            name="alertmanagers",
            title="Alertmanagers known",
            description="Alertmanagers that a replica of Prometheus has found.",
            good="As many as run; 0 means that no alert leaves Prometheus.",
            unit="short",
            expr=max_by(_of("prometheus_notifications_alertmanagers_discovered"), "pod"),
            legend="{{pod}}",
        ),
    )


_STORAGE = (
    "prometheus_tsdb_compactions_failed_total",
    "prometheus_tsdb_reloads_failures_total",
    "prometheus_tsdb_head_truncations_failed_total",
    "prometheus_tsdb_wal_truncations_failed_total",
    "prometheus_tsdb_wal_writes_failed_total",
    "prometheus_tsdb_checkpoint_creations_failed_total",
)


def storage_signals(capacity: int) -> tuple[Signal, ...]:
    """``capacity``: active series that one Prometheus has room for."""
    return (
        Signal(
            name="series",
            title="Active series of capacity",
            description=f"Series in memory, as a share of the {capacity} for which each Prometheus has room.",
            good="Below 100 %.",
            unit="percentunit",
            expr=max_by(_of("prometheus_tsdb_head_series"), "pod") / capacity,
            legend="{{pod}}",
        ),
        Signal(
            name="samples",
            title="Samples taken in",
            description="Samples that a replica appends per second, over 5 minutes.",
            good="Steady. 0 means that nothing is stored.",
            unit="cps",
            expr=sum_by(rate(_of("prometheus_tsdb_head_samples_appended_total"), "5m"), "pod"),
            legend="{{pod}}",
        ),
        Signal(
            name="storage_failures",
            title="Failures of the storage",
            description="Compactions, reloads, truncations, checkpoints and writes of the log that failed in an hour.",
            good="0.",
            unit="short",
            expr=growth(_STORAGE, "1h", "pod", of=_JOB),
            legend="{{pod}}",
            record="dataops:prometheus:storage_failures_1h",
        ),
        Signal(
            name="configuration_rejected",
            title="Configuration rejected",
            description="1 where Prometheus could not load its newest configuration and goes on with the one before.",
            good="0.",
            unit="short",
            expr=refused("prometheus_config_last_reload_successful", "pod", of=_JOB),
            legend="{{pod}}",
        ),
        Signal(
            name="reloader_failing",
            title="Reloader failing",
            description="1 where the reloader beside Prometheus or Alertmanager could not hand over what is new.",
            good="0.",
            unit="short",
            expr=refused("reloader_last_reload_successful", "pod"),
            legend="{{pod}}",
        ),
    )


def target_signals() -> tuple[Signal, ...]:
    """Whether targets answer, and what becomes of what they say."""
    up = metric("up")
    rejected = (
        "prometheus_target_scrapes_exceeded_sample_limit_total",
        "prometheus_target_scrapes_exceeded_body_size_limit_total",
        "prometheus_target_scrape_pool_exceeded_target_limit_total",
        "prometheus_target_scrape_pool_exceeded_label_limits_total",
    )
    unusable = (
        "prometheus_target_scrapes_sample_duplicate_timestamp_total",
        "prometheus_target_scrapes_sample_out_of_order_total",
        "prometheus_target_scrapes_sample_out_of_bounds_total",
    )
    discovery = ("prometheus_sd_kubernetes_failures_total", "prometheus_target_sync_failed_total")
    return (
        Signal(
            name="targets_down",
            title="Targets that do not answer",
            description="Share of the targets of a job in one namespace that could not be scraped.",
            good="Nothing is shown.",
            unit="percentunit",
            expr=count_by(equal(up, 0), "job", "namespace") / count_by(up, "job", "namespace"),
            legend="{{job}} in {{namespace}}",
            maximum=1,
        ),
        Signal(
            name="scrapes_rejected",
            title="Scrapes above a limit",
            description="Scrapes and targets rejected in 5 minutes for too many samples, bytes, labels or targets.",
            good="0: a rejected scrape is lost as a whole.",
            unit="short",
            expr=growth(rejected, "5m", "pod", of=_JOB),
            legend="{{pod}}",
        ),
        Signal(
            name="samples_unusable",
            title="Samples that could not be stored",
            description="Scraped samples that were doubled, out of order or out of time, per second over 5 minutes.",
            good="0.",
            unit="cps",
            expr=rates(unusable, "pod", of=_JOB),
            legend="{{pod}}",
        ),
        Signal(
            name="discovery_failures",
            title="Failures of service discovery",
            description="Watches of the Kubernetes API and target groups that failed in 5 minutes.",
            good="0: otherwise targets are missing or long gone.",
            unit="short",
            expr=growth(discovery, "5m", "pod", of=_JOB),
            legend="{{pod}}",
        ),
    )


def write_signals() -> tuple[Signal, ...]:
    """Remote write: to Thanos Receive, or to a store elsewhere."""
    to = ("pod", "remote_name")
    behind = _of("prometheus_remote_storage_queue_highest_timestamp_seconds") - _of(
        "prometheus_remote_storage_queue_highest_sent_timestamp_seconds"
    )
    failed = sum_by(rate(_of("prometheus_remote_storage_samples_failed_total"), "5m"), *to)
    return (
        Signal(
            name="remote_write_delay",
            title="Delay of remote write",
            description="How far the newest sample that was sent is behind the newest that was scraped.",
            good="Seconds.",
            unit="s",
            expr=max_by(behind, *to),
            legend="{{pod}} to {{remote_name}}",
        ),
        Signal(
            name="remote_write_lost",
            title="Samples lost on remote write",
            description="Share of the samples sent that the store refused for good, over 5 minutes.",
            good="0: these samples are not sent again.",
            unit="percentunit",
            expr=failed / (sum_by(rate(_of("prometheus_remote_storage_samples_total"), "5m"), *to) > 0),
            legend="{{pod}} to {{remote_name}}",
            maximum=1,
        ),
    )
