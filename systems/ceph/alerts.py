"""When Ceph needs a person."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from model.rule import CONFIRMED, Alert, Severity, Signal
from systems.base import above
from systems.ceph.signals import operations

if TYPE_CHECKING:
    from systems.ceph import Thresholds


def alerts(signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    """Spec 30-rules T10 and T19, and Ceph's own verdict."""
    ceph = partial(above, component="ceph")
    full = "{{ $value | humanizePercentage }} full"
    return (
        ceph(
            "CephHealthError",
            signals["health"],
            1,
            for_=CONFIRMED,
            severity=Severity.CRITICAL,
            summary="Ceph is in HEALTH_ERR",
            description="Ceph says that data cannot be read or written, or may be lost.",
        ),
        ceph(
            "CephHealthWarning",
            signals["health"],
            0,
            for_="15m",
            severity=Severity.WARNING,
            summary="Ceph has been in HEALTH_WARN",
            description="Ceph has not been healthy for 15 minutes. Data can be read and written.",
        ),
        ceph(
            "CephOSDDown",
            signals["osd_down"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            summary="{{ $labels.ceph_daemon }} is down",
            description="The OSD has been down for 5 minutes; after 10 Ceph begins to copy its data elsewhere.",
        ),
        ceph(
            "CephUsageHigh",
            signals["usage"],
            limits.usage,
            for_="15m",
            severity=Severity.MEDIUM,
            summary=f"Ceph is {full}",
            description=f"More than {limits.usage:.0%} of Ceph's raw capacity has been in use for 15 minutes.",
        ),
        ceph(
            "CephOSDNearFull",
            signals["osd_usage"],
            limits.osd_usage,
            for_="15m",
            severity=Severity.HIGH,
            summary=f"{{{{ $labels.ceph_daemon }}}} is {full}",
            description=f"The OSD has been more than {limits.osd_usage:.0%} full for 15 minutes. At 95 % Ceph stops "
            "all writes to its pools.",
        ),
        ceph(
            "CephOSDLatencyHigh",
            signals["osd_latency"],
            limits.latency_seconds,
            for_="10m",
            severity=Severity.MEDIUM,
            summary="Operations of {{ $labels.ceph_daemon }} take {{ $value | humanizeDuration }}",
            description=f"The OSD's reads and writes have taken more than {limits.latency_seconds * 1000:g} ms on "
            "average for 10 minutes.",
            guard=operations() >= limits.minimum_operations,
        ),
    )
