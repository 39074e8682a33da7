"""When the control plane needs a person."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from model.rule import CONFIRMED, Alert, Severity, Signal
from systems.base import above
from systems.control_plane.sources import API_SERVER, COREDNS, ETCD, Source

if TYPE_CHECKING:
    from systems.control_plane import Thresholds

COMPONENT = "control_plane"
_above = partial(above, component=COMPONENT)
_CERTIFICATE_LIFE = 7 * 86400
"""Kubeadm's certificates live a year and are renewed by an upgrade; a week leaves time for one."""


def alerts(source: Source, signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    """Those of one source, its silence aside. The spec has none for the control plane (seed 145: the chart's)."""
    found = {API_SERVER: _api_server, ETCD: _etcd, COREDNS: _coredns}.get(source)
    return found(signals, limits) if found else ()


def _api_server(signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    busy = signals["api_requests"].query >= limits.minimum_requests
    return (
        _above(
            "ApiServerErrorsHigh",
            signals["api_error_ratio"],
            limits.api_error_ratio,
            for_="10m",
            severity=Severity.HIGH,
            summary="{{ $value | humanizePercentage }} of API requests fail",
            description=f"The API server has failed more than {limits.api_error_ratio:.1%} of its requests, "
            "for 10 minutes.",
            guard=busy,
        ),
        _above(
            "ApiServerSlow",
            signals["api_slow_ratio"],
            limits.api_slow_ratio,
            for_="10m",
            severity=Severity.MEDIUM,
            summary="{{ $value | humanizePercentage }} of API requests take more than a second",
            description=f"More than {limits.api_slow_ratio:.1%} of the requests for one object have taken more than "
            "a second, for 10 minutes.",
            guard=busy,
        ),
        Alert(
            name="ClientCertificateExpiresSoon",
            signal=signals["client_certificate_life"],
            op="<",
            threshold=_CERTIFICATE_LIFE,
            for_="15m",
            severity=Severity.HIGH,
            component=COMPONENT,
            summary="A client's certificate expires in {{ $value | humanizeDuration }}",
            description="Clients of the API server show certificates that expire within 7 days. Then it refuses them.",
        ),
    )


def _etcd(signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    return (
        _above(
            "EtcdNoLeader",
            signals["etcd_without_leader"],
            0,
            for_=CONFIRMED,
            severity=Severity.CRITICAL,
            summary="etcd has no leader",
            description="No member of etcd knows a leader: nothing in the cluster can be changed.",
        ),
        _above(
            "EtcdDiskSlow",
            signals["etcd_fsync_p99"],
            limits.etcd_fsync_seconds,
            for_="10m",
            severity=Severity.HIGH,
            summary="etcd on {{ $labels.instance }} waits {{ $value | humanizeDuration }} for its disk",
            description=f"The slowest hundredth of the writes has taken more than {limits.etcd_fsync_seconds:g} s, "
            "for 10 minutes.",
        ),
        _above(
            "EtcdDatabaseFull",
            signals["etcd_database_usage"],
            limits.etcd_database_usage,
            for_="10m",
            severity=Severity.HIGH,
            summary="etcd's database on {{ $labels.instance }} has {{ $value | humanizePercentage }} of its quota",
            description=f"More than {limits.etcd_database_usage:.0%} of the quota has been in use for 10 minutes. "
            "At 100 % the cluster takes no writes.",
        ),
    )


def _coredns(signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    return (
        _above(
            "CoreDNSErrorsHigh",
            signals["dns_error_ratio"],
            limits.dns_error_ratio,
            for_="10m",
            severity=Severity.HIGH,
            summary="{{ $value | humanizePercentage }} of DNS answers are errors",
            description=f"More than {limits.dns_error_ratio:.1%} of CoreDNS' answers have been SERVFAIL, "
            "for 10 minutes.",
            guard=signals["dns_answers"].query >= limits.minimum_requests,
        ),
    )
