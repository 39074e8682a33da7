"""When Spark needs a person."""

from __future__ import annotations

from model.rule import CONFIRMED, Alert, Severity, Signal
from systems.base import above, enough


def alerts(signals: dict[str, Signal], minimum_applications: int) -> tuple[Alert, ...]:
    """Spec 30-rules A11, N08 (C30: tiers), N10 and T12 (C35: tiers)."""
    enough_to_page = signals["applications_ended_10m"].query >= minimum_applications
    enough_in_an_hour = enough(signals["applications_ended_1h"], 4 * minimum_applications, signals["failure_ratio_1h"])
    executor = "{{ $labels.namespace }}/{{ $labels.application_name }} executor {{ $labels.executor_id }}"
    failures = "{{ $value | humanizePercentage }} of Spark applications fail"
    in_gc = f"{executor} spends {{{{ $value | humanizePercentage }}}} of its time in GC"
    return (
        above(
            "SparkJobFailureSpike",
            signals["failure_ratio_10m"],
            0.20,
            for_=CONFIRMED,
            severity=Severity.CRITICAL,
            component="spark",
            summary=failures,
            description="More than 20 % of the applications that ended in the last 10 minutes failed.",
            guard=enough_to_page,
            condition="application_failures",
        ),
        above(
            "SparkJobFailureHigh",
            signals["failure_ratio_1h"],
            0.05,
            for_="5m",
            severity=Severity.HIGH,
            component="spark",
            summary=failures,
            description="More than 5 % of the applications that ended in the last hour failed.",
            guard=enough_in_an_hour,
            condition="application_failures",
        ),
        above(
            "SparkGCTimeHigh",
            signals["gc_time_ratio"],
            0.20,
            for_="5m",
            severity=Severity.HIGH,
            component="spark",
            summary=in_gc,
            description="The executor has spent more than 20 % of its task time in garbage collection for 5 minutes.",
        ),
        above(
            "SparkGCTimeElevated",
            signals["gc_time_ratio"],
            0.10,
            for_="10m",
            severity=Severity.WARNING,
            component="spark",
            summary=in_gc,
            description="The executor has spent more than 10 % of its task time in garbage collection for 10 minutes.",
        ),
        above(
            "SparkExecutorMemoryHigh",
            signals["executor_memory_usage"],
            0.90,
            for_="5m",
            severity=Severity.HIGH,
            component="spark",
            summary=f"{executor} uses {{{{ $value | humanizePercentage }}}} of its storage memory",
            description="The executor has used over 90 % of its storage memory for 5 minutes: it evicts cached data.",
        ),
    )
