"""When an Isilon cluster needs a person."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from model.rule import Alert, Severity, Signal
from systems.base import above
from systems.isilon.signals import operations

if TYPE_CHECKING:
    from systems.isilon import Thresholds

_OF = "Isilon {{ $labels.isilon }}"
_FULL = "{{ $value | humanizePercentage }} full"


def alerts(signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    """Spec 30-rules T10 and T19, OneFS' own verdict, and what the exporter cannot see.

    Values change with each scan, every 5 minutes: a shorter ``for`` than 10 minutes would trust a single one.
    """
    isilon = partial(above, component="isilon")
    return (
        isilon(
            "IsilonUnhealthy",
            signals["health"],
            0,
            for_="10m",
            severity=Severity.HIGH,
            summary=f"{_OF} is not well",
            description="OneFS has not called the cluster healthy for 10 minutes: a node, or a drive, needs somebody.",
        ),
        isilon(
            "IsilonUsageHigh",
            signals["usage"],
            limits.usage,
            for_="15m",
            severity=Severity.MEDIUM,
            summary=f"{_OF} is {_FULL}",
            description=f"More than {limits.usage:.0%} of the file system has been in use for 15 minutes.",
        ),
        isilon(
            "IsilonQuotaUsageHigh",
            signals["quota_usage"],
            limits.quota_usage,
            for_="15m",
            severity=Severity.HIGH,
            summary=f"The quota on {{{{ $labels.path }}}} of {_OF} is {_FULL}",
            description=f"More than {limits.quota_usage:.0%} of the quota has been in use for 15 minutes. "
            "At its limit writes fail.",
        ),
        isilon(
            "IsilonLatencyHigh",
            signals["latency"],
            limits.latency_seconds,
            for_="15m",
            severity=Severity.MEDIUM,
            summary=f"{{{{ $labels.protocol }}}} of {_OF} takes {{{{ $value | humanizeDuration }}}} an operation",
            description=f"Operations of clients have taken more than {limits.latency_seconds * 1000:g} ms on average "
            "for 15 minutes.",
            guard=operations() >= limits.minimum_operations,
        ),
        *_blind(signals),
    )


def _blind(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    return (
        above(
            "IsilonUnreadable",
            signals["unreadable"],
            0,
            for_="15m",
            severity=Severity.HIGH,
            component="isilon",
            summary=f"{_OF} cannot be asked",
            description="The exporter has not been able to ask the cluster for 15 minutes: it is down or not watched.",
        ),
        above(
            "IsilonReadIncomplete",
            signals["parts_failed"],
            0,
            for_="30m",
            severity=Severity.WARNING,
            component="isilon",
            summary=f"{{{{ $value }}}} parts of {_OF} are not read",
            description="Parts of the cluster have not been read for 30 minutes: alerts on them cannot fire.",
        ),
    )
