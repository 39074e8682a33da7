"""When MinIO needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.rule import CONFIRMED, Alert, Severity, Signal
from systems.base import above
from systems.minio.signals import reads_per_second

if TYPE_CHECKING:
    from systems.minio import Thresholds

_SLOW_READS = 0.05
"""That much above a bound means that the 95th percentile is above it."""


def alerts(signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    """Spec 30-rules N11 and T17, T10 as C33 splits it, and that the store is there at all."""
    return (
        above(
            "MinIOQuorumLost",
            signals["quorum_lost"],
            0,
            for_=CONFIRMED,
            severity=Severity.CRITICAL,
            component="minio",
            summary="MinIO cannot write",
            description="No node of MinIO has its write quorum: jobs, logs, traces and metrics cannot store anything.",
        ),
        above(
            "MinIODriveOffline",
            signals["drives_offline"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            component="minio",
            summary="{{ $value }} drives of MinIO are offline",
            description="MinIO has not been able to use {{ $value }} drives for 5 minutes. Parity makes up for some.",
        ),
        *_fullness(signals["usage"], limits),
        above(
            "MinIOErrorRateHigh",
            signals["error_ratio"],
            limits.error_ratio,
            for_="5m",
            severity=Severity.MEDIUM,
            component="minio",
            summary="{{ $value | humanizePercentage }} of requests to MinIO fail",
            description="MinIO has answered more requests with an error of its own than it should, for 5 minutes.",
            guard=signals["requests"].query >= limits.minimum_requests,
        ),
        above(
            "MinIOLatencyHigh",
            signals["slow_reads"],
            _SLOW_READS,
            for_="10m",
            severity=Severity.MEDIUM,
            component="minio",
            summary="{{ $value | humanizePercentage }} of MinIO's {{ $labels.api }} are slow",
            description=f"More than {_SLOW_READS:.0%} of {{{{ $labels.api }}}} have waited more than "
            f"{limits.slow_read_milliseconds} ms for their first byte, for 10 minutes.",
            guard=reads_per_second() >= limits.minimum_requests,
        ),
    )


def _fullness(usage: Signal, limits: Thresholds) -> tuple[Alert, ...]:
    tiers = (
        ("MinIOUsageHigh", limits.usage_warning, Severity.WARNING),
        ("MinIOCapacityLow", limits.usage_high, Severity.HIGH),
    )
    return tuple(
        above(
            name,
            usage,
            limit,
            for_="15m",
            severity=severity,
            component="minio",
            summary="MinIO is {{ $value | humanizePercentage }} full",
            description=f"More than {limit:.0%} of MinIO's usable capacity has been in use for 15 minutes.",
        )
        for name, limit, severity in tiers
    )
