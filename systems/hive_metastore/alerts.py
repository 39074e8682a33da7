"""When the Hive Metastore needs a person."""

from __future__ import annotations

from model.rule import Alert, Severity, Signal
from systems.base import above


def alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    """Spec 30-rules N12 and T16 (C39: tiers)."""
    slow = "Function {{ $labels.api }} of the Hive Metastore takes {{ $value | humanizeDuration }} (P95)"
    return (
        above(
            "HiveMetastoreSlow",
            signals["response_p95"],
            3,
            for_="5m",
            severity=Severity.HIGH,
            component="hive-metastore",
            summary=slow,
            description="One call in twenty has taken more than 3 seconds, for 5 minutes: planning of queries hangs.",
        ),
        above(
            "HiveMetastoreSlowElevated",
            signals["response_p95"],
            1,
            for_="10m",
            severity=Severity.WARNING,
            component="hive-metastore",
            summary=slow,
            description="One call in twenty has taken more than a second, for 10 minutes.",
        ),
        above(
            "HiveMetastorePoolHigh",
            signals["pool_usage"],
            0.8,
            for_="5m",
            severity=Severity.HIGH,
            component="hive-metastore",
            summary="{{ $labels.pod }} uses {{ $value | humanizePercentage }} of pool {{ $labels.pool }}",
            description="The pool of connections to the metastore's database has been over 80 % in use for 5 minutes.",
        ),
    )
