"""When Kafka needs a person. The specification has no limits for it."""

from __future__ import annotations

from model.rule import Alert, Severity, Signal
from systems.base import above


def alerts(signals: dict[str, Signal], maximum_lag: int) -> tuple[Alert, ...]:
    return (
        above(
            "KafkaPartitionsOffline",
            signals["offline_partitions"],
            0,
            for_="2m",
            severity=Severity.HIGH,
            component="kafka",
            summary="{{ $value | humanize }} partitions of Kafka {{ $labels.cluster_name }} have no leader",
            description="Nobody has been able to read or write these partitions for 2 minutes.",
        ),
        above(
            "KafkaUnderReplicated",
            signals["under_replicated"],
            0,
            for_="10m",
            severity=Severity.MEDIUM,
            component="kafka",
            summary="{{ $labels.pod }} leads {{ $value | humanize }} under-replicated partitions",
            description="Replicas have not been in step for 10 minutes: with one more broker lost, data is.",
        ),
        above(
            "KafkaConsumerLagHigh",
            signals["group_lag"],
            maximum_lag,
            for_="15m",
            severity=Severity.WARNING,
            component="kafka",
            summary="Consumer group {{ $labels.consumergroup }} is {{ $value | humanize }} messages behind",
            description="The group has been further behind than it may be for 15 minutes.",
        ),
    )
