"""What a stack's size chooses; a setting that is given wins.

medium is the production size of the requirements (spec 10-stack 1: Prometheus 2 CPU and 8Gi requested, 4 CPU
and 16Gi at most, 50Gi). Requests of small fit a node with 2 CPUs and 7.5 GB (C15). What the requirements
leave open is chosen here: Alertmanager and Grafana from their measured use (33Mi and 278Mi).
"""

from __future__ import annotations

from dataclasses import dataclass

from model.quantity import quantity
from settings import ResourceSettings, Settings, Size


@dataclass(frozen=True)
class Resources:
    """CPU in Kubernetes cores, memory in Kubernetes quantities. Memory is its own limit where no other is given."""

    cpu: str
    memory: str
    cpu_limit: str | None = None
    memory_limit: str | None = None

    def manifest(self) -> dict[str, dict[str, str]]:
        limits = {"memory": self.memory_limit or self.memory}
        if self.cpu_limit:
            limits["cpu"] = self.cpu_limit
        return {"requests": {"cpu": self.cpu, "memory": self.memory}, "limits": limits}

    def with_overrides(self, requests: ResourceSettings, limits: ResourceSettings) -> Resources:
        """What is given wins; what is not given gives way, so that no request is above its limit.

        (Both given and the wrong way round is an error of the settings.)
        """
        cpu, cpu_limit = _fitting(self.cpu, self.cpu_limit, requests.cpu, limits.cpu)
        memory, memory_limit = _fitting(self.memory, self.memory_limit, requests.memory, limits.memory)
        return Resources(cpu, memory, cpu_limit, memory_limit)


def _fitting(request: str, limit: str | None, asked: str | None, allowed: str | None) -> tuple[str, str | None]:
    request, limit = asked or request, allowed or limit
    if limit is None or quantity(request) <= quantity(limit):
        return request, limit
    return (request, request) if asked else (limit, limit)


@dataclass(frozen=True)
class Sizing:
    """Replicas, storage (Kubernetes quantities) and resources of the metrics part."""

    prometheus_replicas: int
    prometheus_storage: str
    prometheus: Resources
    alertmanager_replicas: int
    alertmanager_storage: str
    alertmanager: Resources
    grafana_storage: str
    grafana: Resources
    operator: Resources
    state_metrics: Resources
    node_exporter: Resources


_SMALL = Sizing(
    prometheus_replicas=1,
    prometheus_storage="20Gi",
    prometheus=Resources("250m", "1Gi", memory_limit="2Gi"),
    alertmanager_replicas=1,
    alertmanager_storage="1Gi",
    alertmanager=Resources("10m", "64Mi"),
    grafana_storage="2Gi",
    grafana=Resources("50m", "384Mi"),
    operator=Resources("20m", "128Mi"),
    state_metrics=Resources("20m", "128Mi"),
    node_exporter=Resources("20m", "64Mi"),
)
_MEDIUM = Sizing(
    prometheus_replicas=2,
    prometheus_storage="50Gi",
    prometheus=Resources("2000m", "8Gi", "4000m", "16Gi"),
    alertmanager_replicas=2,
    alertmanager_storage="5Gi",
    alertmanager=Resources("50m", "128Mi"),
    grafana_storage="10Gi",
    grafana=Resources("200m", "512Mi"),
    operator=Resources("100m", "256Mi"),
    state_metrics=Resources("100m", "512Mi"),
    node_exporter=Resources("50m", "96Mi"),
)
_LARGE = Sizing(
    prometheus_replicas=2,
    prometheus_storage="200Gi",
    prometheus=Resources("4000m", "32Gi", "8000m", "48Gi"),
    alertmanager_replicas=3,
    alertmanager_storage="10Gi",
    alertmanager=Resources("100m", "256Mi"),
    grafana_storage="20Gi",
    grafana=Resources("500m", "1Gi"),
    operator=Resources("200m", "512Mi"),
    state_metrics=Resources("500m", "2Gi"),
    node_exporter=Resources("100m", "128Mi"),
)
SIZES: dict[Size, Sizing] = {"small": _SMALL, "medium": _MEDIUM, "large": _LARGE}


def sizing(settings: Settings) -> Sizing:
    """The stack's size with its single overrides."""
    base = SIZES[settings.size]
    prometheus = settings.prometheus
    return Sizing(
        prometheus_replicas=prometheus.replicas or base.prometheus_replicas,
        prometheus_storage=prometheus.storage or base.prometheus_storage,
        prometheus=base.prometheus.with_overrides(prometheus.requests, prometheus.limits),
        alertmanager_replicas=settings.alertmanager.replicas or base.alertmanager_replicas,
        alertmanager_storage=settings.alertmanager.storage or base.alertmanager_storage,
        alertmanager=base.alertmanager,
        grafana_storage=settings.grafana.storage or base.grafana_storage,
        grafana=base.grafana,
        operator=base.operator,
        state_metrics=base.state_metrics,
        node_exporter=base.node_exporter,
    )
