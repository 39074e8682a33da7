"""What a stack's size chooses; a setting that is given wins. docs/sizes.md says what load each size is for.

medium is the production size of the requirements (spec 10-stack 1: Prometheus 2 CPU and 8Gi requested, 4 CPU
and 16Gi at most, 50Gi). Requests of small fit three nodes with 2 CPUs and 7.5 GB (C15), with Loki, its agent and
Tempo as the requirements size them there (200m/512Mi, 100m/128Mi a node, 500m/1Gi). What they leave open is chosen
here: Alertmanager, Grafana and the collector from their measured use (33Mi, 278Mi, 35Mi).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from model.quantity import quantity
from settings import Settings
from settings.part_overrides import given_overrides
from settings.parts import PartName, PartSettings, ResourceSettings, Size


@dataclass(frozen=True)
class Resources:
    """CPU in Kubernetes cores, memory in Kubernetes quantities. Memory is its own limit where no other is given."""

    cpu: str
    memory: str
    cpu_limit: str | None = None
    memory_limit: str | None = None

    @property
    def most_memory(self) -> int:
        """Bytes that the container may take before it is stopped."""
        return int(quantity(self.memory_limit or self.memory))

    def mebibytes(self, parts: int, of: int) -> int:
        """So many parts of that memory in whole MiB, rounded down."""
        return self.most_memory * parts // (of * 2**20)

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


MEMCACHED_EXPORTER = Resources("10m", "32Mi")
"""Beside each memcached, of Loki and of Tempo; measured use is below 20Mi."""


def _fitting(request: str, limit: str | None, asked: str | None, allowed: str | None) -> tuple[str, str | None]:
    request, limit = asked or request, allowed or limit
    if limit is None or quantity(request) <= quantity(limit):
        return request, limit
    return (request, request) if asked else (limit, limit)


@dataclass(frozen=True)
class PartSize:
    """One part. ``storage`` is the volume of each replica; empty where the part keeps nothing."""

    resources: Resources
    replicas: int = 1
    storage: str = ""

    def with_overrides(self, given: PartSettings) -> PartSize:
        return PartSize(
            resources=self.resources.with_overrides(given.requests, given.limits),
            replicas=given.replicas or self.replicas,
            storage=given.storage or self.storage,
        )


Sizing = Mapping[PartName, PartSize]


def _r(cpu: str, memory: str, memory_limit: str | None = None, cpu_limit: str | None = None) -> Resources:
    return Resources(cpu, memory, cpu_limit, memory_limit)


_P = PartName
_SMALL: dict[PartName, PartSize] = {
    _P.PROMETHEUS: PartSize(_r("250m", "1Gi", "2Gi"), 1, "20Gi"),
    _P.ALERTMANAGER: PartSize(_r("10m", "64Mi"), 1, "1Gi"),
    _P.GRAFANA: PartSize(_r("50m", "384Mi"), 1, "2Gi"),
    _P.OPERATOR: PartSize(_r("20m", "128Mi")),
    _P.STATE_METRICS: PartSize(_r("20m", "128Mi")),
    _P.NODE_EXPORTER: PartSize(_r("20m", "64Mi")),
    _P.THANOS_SIDECAR: PartSize(_r("20m", "64Mi", "256Mi")),
    _P.THANOS_QUERY: PartSize(_r("50m", "128Mi", "512Mi")),
    _P.THANOS_QUERY_FRONTEND: PartSize(_r("20m", "64Mi", "256Mi")),
    _P.THANOS_STORE_GATEWAY: PartSize(_r("50m", "256Mi", "512Mi"), 1, "5Gi"),
    _P.THANOS_COMPACTOR: PartSize(_r("50m", "256Mi", "1Gi"), 1, "10Gi"),
    _P.THANOS_RECEIVE_ROUTER: PartSize(_r("50m", "128Mi", "256Mi")),
    _P.THANOS_RECEIVE: PartSize(_r("100m", "512Mi", "1Gi"), 1, "10Gi"),
    _P.THANOS_RULER: PartSize(_r("20m", "64Mi", "256Mi"), 1, "1Gi"),
    _P.LOKI: PartSize(_r("200m", "512Mi", "1Gi"), 1, "10Gi"),
    _P.LOKI_GATEWAY: PartSize(_r("20m", "32Mi", "64Mi")),
    _P.ALLOY: PartSize(_r("100m", "128Mi", "256Mi")),
    _P.TEMPO: PartSize(_r("500m", "1Gi"), 1, "10Gi"),
    # Its memory is its queue: half a minute of everything, while a sampler is replaced.
    _P.COLLECTOR_GATEWAY: PartSize(_r("100m", "128Mi", "512Mi")),
    _P.COLLECTOR_SAMPLER: PartSize(_r("100m", "256Mi", "512Mi"), 1, "2Gi"),
    _P.STATSD_EXPORTER: PartSize(_r("20m", "64Mi", "128Mi")),
    _P.REDIS_EXPORTER: PartSize(_r("10m", "32Mi", "64Mi")),
    _P.BLACKBOX_EXPORTER: PartSize(_r("10m", "32Mi", "64Mi")),
    _P.PUSHGATEWAY: PartSize(_r("10m", "32Mi", "64Mi"), 1, "1Gi"),
    _P.ORACLE_EXPORTER: PartSize(_r("50m", "128Mi", "256Mi")),
    # Measured with 1,000 tables: docs/how-to/own-exporters.md.
    _P.ICEBERG_EXPORTER: PartSize(_r("100m", "256Mi", "512Mi")),
    _P.ISILON_EXPORTER: PartSize(_r("20m", "64Mi", "128Mi")),
    _P.BITBUCKET_EXPORTER: PartSize(_r("20m", "64Mi", "128Mi")),
}
_MEDIUM: dict[PartName, PartSize] = {
    **_SMALL,
    _P.PROMETHEUS: PartSize(_r("2000m", "8Gi", "16Gi", "4000m"), 2, "50Gi"),
    _P.ALERTMANAGER: PartSize(_r("50m", "128Mi"), 2, "5Gi"),
    _P.GRAFANA: PartSize(_r("200m", "512Mi"), 1, "10Gi"),
    _P.OPERATOR: PartSize(_r("100m", "256Mi")),
    _P.STATE_METRICS: PartSize(_r("100m", "512Mi")),
    _P.NODE_EXPORTER: PartSize(_r("50m", "96Mi")),
    _P.THANOS_SIDECAR: PartSize(_r("100m", "256Mi", "512Mi")),
    _P.THANOS_QUERY: PartSize(_r("500m", "512Mi", "2Gi"), 2),
    _P.THANOS_QUERY_FRONTEND: PartSize(_r("100m", "512Mi", "1Gi"), 2),
    _P.THANOS_STORE_GATEWAY: PartSize(_r("200m", "1Gi", "2Gi"), 2, "20Gi"),
    _P.THANOS_COMPACTOR: PartSize(_r("500m", "1Gi", "4Gi"), 1, "100Gi"),
    _P.THANOS_RECEIVE_ROUTER: PartSize(_r("200m", "256Mi", "512Mi"), 2),
    _P.THANOS_RECEIVE: PartSize(_r("1000m", "4Gi", "8Gi"), 3, "50Gi"),
    _P.THANOS_RULER: PartSize(_r("100m", "256Mi", "512Mi"), 2, "5Gi"),
    _P.LOKI: PartSize(_r("1000m", "2Gi", "4Gi"), 3, "50Gi"),
    _P.LOKI_GATEWAY: PartSize(_r("50m", "64Mi", "128Mi"), 2),
    _P.ALLOY: PartSize(_r("100m", "256Mi", "512Mi")),
    _P.TEMPO: PartSize(_r("1000m", "2Gi", "4Gi"), 1, "50Gi"),
    _P.COLLECTOR_GATEWAY: PartSize(_r("300m", "512Mi", "1Gi"), 2),
    _P.COLLECTOR_SAMPLER: PartSize(_r("500m", "1Gi", "2Gi"), 2, "10Gi"),
}
_LARGE: dict[PartName, PartSize] = {
    **_MEDIUM,
    _P.PROMETHEUS: PartSize(_r("4000m", "32Gi", "48Gi", "8000m"), 2, "200Gi"),
    _P.ALERTMANAGER: PartSize(_r("100m", "256Mi"), 3, "10Gi"),
    _P.GRAFANA: PartSize(_r("500m", "1Gi"), 1, "20Gi"),
    _P.OPERATOR: PartSize(_r("200m", "512Mi")),
    _P.STATE_METRICS: PartSize(_r("500m", "2Gi")),
    _P.NODE_EXPORTER: PartSize(_r("100m", "128Mi")),
    _P.THANOS_QUERY: PartSize(_r("2000m", "4Gi", "8Gi"), 3),
    _P.THANOS_QUERY_FRONTEND: PartSize(_r("500m", "2Gi", "4Gi"), 2),
    _P.THANOS_STORE_GATEWAY: PartSize(_r("1000m", "8Gi", "16Gi"), 3, "100Gi"),
    _P.THANOS_COMPACTOR: PartSize(_r("2000m", "4Gi", "16Gi"), 1, "500Gi"),
    _P.THANOS_RECEIVE_ROUTER: PartSize(_r("1000m", "1Gi", "2Gi"), 3),
    _P.THANOS_RECEIVE: PartSize(_r("2000m", "16Gi", "24Gi"), 6, "200Gi"),
    _P.THANOS_RULER: PartSize(_r("500m", "512Mi", "1Gi"), 2, "10Gi"),
    _P.LOKI_DISTRIBUTOR: PartSize(_r("500m", "512Mi", "1Gi"), 3),
    _P.LOKI_INGESTER: PartSize(_r("1000m", "4Gi", "8Gi"), 3, "50Gi"),
    _P.LOKI_QUERIER: PartSize(_r("1000m", "2Gi", "4Gi"), 3),
    _P.LOKI_QUERY_FRONTEND: PartSize(_r("200m", "512Mi", "1Gi"), 2),
    _P.LOKI_QUERY_SCHEDULER: PartSize(_r("100m", "128Mi", "256Mi"), 2),
    _P.LOKI_INDEX_GATEWAY: PartSize(_r("200m", "1Gi", "2Gi"), 2, "50Gi"),
    _P.LOKI_COMPACTOR: PartSize(_r("200m", "1Gi", "2Gi"), 1, "50Gi"),
    _P.LOKI_CHUNKS_CACHE: PartSize(_r("500m", "4Gi"), 2),
    _P.LOKI_RESULTS_CACHE: PartSize(_r("200m", "1Gi"), 1),
    _P.LOKI_GATEWAY: PartSize(_r("200m", "128Mi", "256Mi"), 3),
    _P.ALLOY: PartSize(_r("200m", "512Mi", "1Gi")),
    _P.TEMPO_DISTRIBUTOR: PartSize(_r("500m", "512Mi", "1Gi"), 3),
    # What these two have on disk is in Kafka too; the chart gives them no volume.
    _P.TEMPO_BLOCK_BUILDER: PartSize(_r("500m", "1Gi", "2Gi"), 3),
    _P.TEMPO_LIVE_STORE: PartSize(_r("500m", "2Gi", "4Gi"), 3),
    _P.TEMPO_QUERIER: PartSize(_r("500m", "1Gi", "2Gi"), 3),
    _P.TEMPO_QUERY_FRONTEND: PartSize(_r("200m", "512Mi", "1Gi"), 2),
    _P.TEMPO_BACKEND_SCHEDULER: PartSize(_r("100m", "256Mi", "512Mi")),
    _P.TEMPO_BACKEND_WORKER: PartSize(_r("500m", "1Gi", "2Gi"), 2),
    _P.TEMPO_METRICS_GENERATOR: PartSize(_r("500m", "2Gi", "4Gi"), 3, "10Gi"),
    _P.TEMPO_CACHE: PartSize(_r("200m", "2Gi"), 2),
    _P.COLLECTOR_GATEWAY: PartSize(_r("1000m", "2Gi", "4Gi"), 6),
    _P.COLLECTOR_SAMPLER: PartSize(_r("1000m", "4Gi", "8Gi"), 4, "20Gi"),
}
# Distributed modes may be chosen for any size: their parts then have the numbers of large.
SIZES: Mapping[Size, Sizing] = MappingProxyType(
    {"small": {**_LARGE, **_SMALL}, "medium": {**_LARGE, **_MEDIUM}, "large": _LARGE}
)


def sizing(settings: Settings) -> Sizing:
    """Every part of the stack, with single overrides."""
    given = given_overrides(settings)
    return {part: size.with_overrides(given.get(part, PartSettings())) for part, size in _base(settings).items()}


def _base(settings: Settings) -> Sizing:
    """The size's own numbers. Of kind filesystem everything is on the volumes of Loki and Tempo: then they are as
    large as the settings say of that kind."""
    sizes, storage = SIZES[settings.size], settings.object_storage
    if storage is None or storage.storage is None:
        return sizes
    return {**sizes, **{part: replace(sizes[part], storage=storage.storage) for part in (_P.LOKI, _P.TEMPO)}}
