"""Overrides of what a stack's size chooses, part by part."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from model.config import Duration, Part, Quantity
from model.quantity import quantity

Size = Literal["small", "medium", "large"]
Replicas = Annotated[int, Field(strict=True, ge=1, le=50)]


def _within(least: str, most: str, what: str) -> AfterValidator:
    """Refuses an amount that is a slip of its unit: 10 bytes, half a byte (500m), 8Gi of CPU."""

    def check(text: str) -> str:
        if not quantity(least) <= quantity(text) <= quantity(most):
            raise ValueError(f"must be {least} to {most}: {what}")
        return text

    return AfterValidator(check)


Cpu = Annotated[Quantity, _within("1m", "1000", "cores, such as 500m or 2")]
Memory = Annotated[Quantity, _within("16Mi", "16Ti", "bytes with their unit, such as 512Mi or 8Gi")]
Storage = Annotated[Quantity, _within("100Mi", "1Pi", "bytes with their unit, such as 50Gi")]


class PartName(StrEnum):
    """Everything that runs, by the key under which settings and sizes speak of it."""

    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    OPERATOR = "prometheusOperator"
    STATE_METRICS = "kubeStateMetrics"
    NODE_EXPORTER = "nodeExporter"
    THANOS_SIDECAR = "thanosSidecar"
    THANOS_QUERY = "thanosQuery"
    THANOS_QUERY_FRONTEND = "thanosQueryFrontend"
    THANOS_STORE_GATEWAY = "thanosStoreGateway"
    THANOS_COMPACTOR = "thanosCompactor"
    THANOS_RECEIVE_ROUTER = "thanosReceiveRouter"
    THANOS_RECEIVE = "thanosReceive"
    THANOS_RULER = "thanosRuler"
    LOKI = "loki"
    LOKI_GATEWAY = "lokiGateway"
    LOKI_DISTRIBUTOR = "lokiDistributor"
    LOKI_INGESTER = "lokiIngester"
    LOKI_QUERIER = "lokiQuerier"
    LOKI_QUERY_FRONTEND = "lokiQueryFrontend"
    LOKI_QUERY_SCHEDULER = "lokiQueryScheduler"
    LOKI_INDEX_GATEWAY = "lokiIndexGateway"
    LOKI_COMPACTOR = "lokiCompactor"
    LOKI_CHUNKS_CACHE = "lokiChunksCache"
    LOKI_RESULTS_CACHE = "lokiResultsCache"
    ALLOY = "alloy"
    TEMPO = "tempo"
    TEMPO_DISTRIBUTOR = "tempoDistributor"
    TEMPO_BLOCK_BUILDER = "tempoBlockBuilder"
    TEMPO_LIVE_STORE = "tempoLiveStore"
    TEMPO_QUERIER = "tempoQuerier"
    TEMPO_QUERY_FRONTEND = "tempoQueryFrontend"
    TEMPO_BACKEND_SCHEDULER = "tempoBackendScheduler"
    TEMPO_BACKEND_WORKER = "tempoBackendWorker"
    TEMPO_METRICS_GENERATOR = "tempoMetricsGenerator"
    TEMPO_CACHE = "tempoCache"
    COLLECTOR_GATEWAY = "collectorGateway"
    COLLECTOR_SAMPLER = "collectorSampler"
    STATSD_EXPORTER = "statsdExporter"
    REDIS_EXPORTER = "redisExporter"
    BLACKBOX_EXPORTER = "blackboxExporter"
    PUSHGATEWAY = "pushgateway"
    ORACLE_EXPORTER = "oracleExporter"
    ICEBERG_EXPORTER = "icebergExporter"
    ISILON_EXPORTER = "isilonExporter"
    BITBUCKET_EXPORTER = "bitbucketExporter"


OWN_KEY = (PartName.PROMETHEUS, PartName.ALERTMANAGER)
"""Parts whose overrides have a key of their own; those of all others are below ``parts``."""


class ResourceSettings(Part):
    cpu: Cpu | None = None
    memory: Memory | None = None


class PartSettings(Part):
    """What wins over the size: replicas, storage of each replica, requests and limits."""

    replicas: Replicas | None = None
    storage: Storage | None = None
    requests: ResourceSettings = ResourceSettings()
    limits: ResourceSettings = ResourceSettings()

    @model_validator(mode="after")
    def _requests_fit(self) -> PartSettings:
        for name in ("cpu", "memory"):
            asked, allowed = getattr(self.requests, name), getattr(self.limits, name)
            if asked and allowed and quantity(asked) > quantity(allowed):
                raise ValueError(f"requests.{name} must not be above limits.{name}")
        return self


class PrometheusSettings(PartSettings):
    """``retention`` is the time kept locally. ``shards`` splits the targets among so many Prometheus."""

    retention: Duration = "15d"
    shards: Replicas | None = None


class AlertmanagerSettings(PartSettings):
    pass


class PlatformObjectives(Part):
    """What is promised of the platform as a whole; null promises nothing."""

    availability: Annotated[float, Field(gt=0, lt=1)] | None = 0.999
    success: Annotated[float, Field(gt=0, lt=1)] | None = 0.98
