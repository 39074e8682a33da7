"""When Trino needs a person."""

from __future__ import annotations

from model.rule import Alert, Severity, Signal
from systems.base import above, enough


def alerts(signals: dict[str, Signal], minimum_queries: int) -> tuple[Alert, ...]:
    """Spec 30-rules N08 and T14 (C68), A08, A16 and N14 (C37: three conditions), and T14's workers."""
    ended = signals["queries_ended_15m"]
    return (
        above(
            "TrinoQueryFailuresHigh",
            signals["query_failure_ratio_15m"],
            0.05,
            for_="5m",
            severity=Severity.HIGH,
            component="trino",
            summary="{{ $value | humanizePercentage }} of the queries of Trino {{ $labels.cluster_name }} fail",
            description="More than 5 % of the queries of the last 15 minutes failed, mistakes of users left out.",
            guard=enough(ended, minimum_queries, signals["query_failure_ratio_15m"]),
        ),
        above(
            "TrinoQueryTimeHigh",
            signals["query_wall_time_p95"],
            600,
            for_="15m",
            severity=Severity.MEDIUM,
            component="trino",
            summary="Queries of Trino {{ $labels.cluster_name }} take {{ $value | humanizeDuration }} (P95)",
            description="One query in twenty has taken over 10 minutes, for 15 minutes.",
            guard=ended.query >= minimum_queries,
        ),
        above(
            "TrinoSlowQueriesHigh",
            signals["long_running_queries"],
            5,
            for_="10m",
            severity=Severity.MEDIUM,
            component="trino",
            summary="{{ $value | humanize }} queries of Trino {{ $labels.cluster_name }} run for over 10 minutes",
            description="More than 5 queries at a time have been running for over 10 minutes, 10 minutes long.",
        ),
        above(
            "TrinoSlowQueriesFrequent",
            signals["slow_queries_1h"],
            10,
            for_="5m",
            severity=Severity.WARNING,
            component="trino",
            summary="{{ $value | humanize }} slow queries in an hour on Trino {{ $labels.cluster_name }}",
            description="More than 10 queries of the last hour took longer than a query should.",
        ),
        *(_workers(signal) for name, signal in signals.items() if name == "worker_availability"),
    )


def _workers(availability: Signal) -> Alert:
    return Alert(
        name="TrinoWorkersMissing",
        signal=availability,
        op="<",
        threshold=0.8,
        for_="5m",
        severity=Severity.HIGH,
        component="trino",
        summary="Trino in {{ $labels.namespace }} has {{ $value | humanizePercentage }} of its workers",
        description="Less than 80 % of the workers that their Deployments ask for have been active, for 5 minutes.",
    )
