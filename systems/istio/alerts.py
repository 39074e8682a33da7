"""When the mesh needs a person."""

from __future__ import annotations

from pydantic import Field

from model.config import Part
from model.promql import metric
from model.rule import Alert, Severity, Signal
from systems.base import above
from systems.istio.signals import REQUESTS

_DAY = 86_400


class Thresholds(Part):
    """Share of a workload's requests; requests a second below which a share says nothing; seconds; days."""

    errors: float = Field(default=0.05, gt=0, lt=1)
    minimum_requests: float = Field(default=0.2, ge=0)
    convergence: float = Field(default=10, gt=0)
    root_days: int = Field(default=30, gt=0)


def alerts(signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    """No seed has thresholds for a mesh; these are where users begin to notice."""
    return (
        above(
            "MeshErrorsHigh",
            signals["error_ratio"],
            limits.errors,
            for_="5m",
            severity=Severity.MEDIUM,
            component="istio",
            summary=(
                "{{ $value | humanizePercentage }} of the requests to "
                "{{ $labels.destination_workload_namespace }}/{{ $labels.destination_workload }} fail"
            ),
            description=f"More than {limits.errors:.0%} of the workload's answers have been 5xx for 5 minutes.",
            guard=metric(REQUESTS) >= limits.minimum_requests,
        ),
        above(
            "IstioConfigRejected",
            signals["rejects"],
            0,
            for_="10m",
            severity=Severity.MEDIUM,
            component="istio",
            summary="Proxies reject configuration of type {{ $labels.type }}",
            description="Proxies have refused what istiod sends for 10 minutes: they go on with what they had.",
        ),
        above(
            "IstioConvergenceSlow",
            signals["convergence"],
            limits.convergence,
            for_="10m",
            severity=Severity.WARNING,
            component="istio",
            summary="Proxies follow changes only after {{ $value | humanizeDuration }}",
            description="Meanwhile they send requests to pods that are gone. It has been so for 10 minutes.",
        ),
        Alert(
            name="IstioRootCertificateExpires",
            signal=signals["root_expires_in"],
            op="<",
            threshold=limits.root_days * _DAY,
            for_="1h",
            severity=Severity.HIGH,
            component="istio",
            summary="The mesh's root certificate expires in {{ $value | humanizeDuration }}",
            description="When it has expired no workload of the mesh accepts another's certificate.",
        ),
    )
