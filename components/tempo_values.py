"""Values of Tempo's charts: one process (chart tempo, Tempo 2.10), or many and Kafka (tempo-distributed, Tempo 3.0).

Why two versions, and what each mode is for: docs/how-to/traces.md.
"""

from __future__ import annotations

from typing import Any

import yaml

from components.exporters.monitor import monitor_spec
from components.images import global_image_registry, global_registry
from components.keep_lists import Keep, kept, metric_relabelings
from components.kube_prometheus_values import SCRAPE_INTERVAL
from components.object_storage import Access, access
from components.restricted import RESTRICTED_CONTAINER, restricted_pod
from components.services import Services
from components.sizes import MEMCACHED_EXPORTER, PartSize, Sizing
from components.specs.monitors import ServiceMonitorSpec
from components.tempo_config import DATA, LARGEST_MESSAGE, metrics_generator, overrides, trace_storage
from model.quantity import compressed, go_duration
from settings import Settings
from settings.object_storage import ObjectStorageSettings
from settings.parts import PartName
from settings.telemetry import KAFKA_KEYS, KafkaSettings

Values = dict[str, Any]
_PORT = 3200
_MOST_FOUND = 500
# Users of the images as the charts run them.
_SINGLE_USER, _DISTRIBUTED_USER = 10001, 1000
# /ready says no while the log is replayed after a crash, which takes minutes: a probe of life on it never lets go.
_ALIVE = {"httpGet": {"path": "/status/version", "port": _PORT}, "failureThreshold": 6}
_OTLP = {"grpc": {"endpoint": "0.0.0.0:4317"}, "http": {"endpoint": "0.0.0.0:4318"}}


def _storage(settings: Settings) -> ObjectStorageSettings:
    if settings.object_storage is None:
        raise ValueError("traces are kept in object storage, and there is none")
    return settings.object_storage


def _access(settings: Settings) -> Access:
    """How Tempo gets at its bucket. A file system is a folder on its own volume, which needs nothing."""
    storage = _storage(settings)
    return Access() if storage.kind == "filesystem" else access(storage, claim="")


def _retention(settings: Settings) -> str:
    return go_duration(settings.traces.retention)


def single_config(settings: Settings) -> Values:
    """The configuration file of Tempo 2.10 as one process."""
    return {
        "multitenancy_enabled": False,
        "usage_report": {"reporting_enabled": False},
        "stream_over_http_enabled": True,
        "server": {"http_listen_port": _PORT},
        "distributor": {
            "receivers": {"otlp": {"protocols": _OTLP}},
            # Without it a collector takes "too much at once" for "never", and drops the spans.
            "retry_after_on_resource_exhausted": "5s",
        },
        "compactor": {"compaction": {"block_retention": _retention(settings)}},
        "storage": {"trace": {**trace_storage(_storage(settings)), "wal": {"path": f"{DATA}/wal"}}},
        "querier": {"max_concurrent_queries": 10},
        "query_frontend": {"search": {"concurrent_jobs": 200, "max_result_limit": _MOST_FOUND}},
        "metrics_generator": metrics_generator(settings),
        "overrides": {"defaults": overrides(settings)},
    }


def single_values(settings: Settings, size: Sizing) -> Values:
    """Shape: values.yaml of chart tempo 2.2.4."""
    tempo, reach = size[PartName.TEMPO], _access(settings)
    return {
        **global_registry(settings),
        "replicas": 1,
        # The chart's own text cannot leave Jaeger out: without an endpoint its receiver does not start.
        "config": yaml.safe_dump(single_config(settings), sort_keys=False),
        "tempo": {
            # Its default, 1024, doubles the heap at which Go first collects: above the limit of a small stack.
            "memBallastSizeMbs": 0,
            # The Service's ports follow from these, whatever the configuration says.
            "receivers": {"jaeger": {"protocols": {name: {"endpoint": ""} for name in _JAEGER}}},
            # In the chart: a volume at /tmp, beside a file system that is read-only.
            "metricsGenerator": {"enabled": True},
            "resources": tempo.resources.manifest(),
            "extraEnv": [_go_memory(tempo), *reach.env],
            "extraVolumeMounts": list(reach.mounts),
            "securityContext": RESTRICTED_CONTAINER,
            "livenessProbe": _ALIVE,
        },
        "extraVolumes": list(reach.volumes),
        "securityContext": restricted_pod(_SINGLE_USER),
        "serviceAccount": {"automountServiceAccountToken": False, "annotations": dict(reach.annotations or {})},
        "persistence": {
            "enabled": True,
            "size": tempo.storage,
            "storageClassName": settings.storage_class,
        },
        # Ours (tempo_monitor): that of the chart takes no keep-list.
        "serviceMonitor": {"enabled": False},
    }


def tempo_monitor(settings: Settings, keep: Keep = None) -> ServiceMonitorSpec:
    """Of Tempo as one process. Port and job are as the chart has them: the job is its Service's name."""
    service = Services(settings).tempo
    return monitor_spec(settings, service, port="tempo-prom-metrics", job=service.name, keep=kept(keep, "tempo"))


_JAEGER = ("grpc", "thrift_binary", "thrift_compact", "thrift_http")


def _go_memory(size: PartSize) -> Values:
    """Go's own limit at 80 % of the container's: it collects harder before the kernel kills. The chart sets none."""
    return {"name": "GOMEMLIMIT", "value": f"{size.resources.mebibytes(4, 5)}MiB"}


# --- distributed


def distributed_values(settings: Settings, size: Sizing, keep: Keep = None) -> Values:
    """Shape: values.yaml of chart tempo-distributed 3.3.0."""
    reach, kafka = _access(settings), settings.traces.kafka
    if kafka is None:
        raise ValueError("distributed Tempo takes spans in through Kafka, and there is none")
    partitions = kafka.partitions
    return {
        "global": {"clusterDomain": settings.cluster.dns_domain, **global_image_registry(settings).get("global", {})},
        "reportingEnabled": False,
        "streamOverHTTPEnabled": True,
        "multitenancyEnabled": False,
        "traces": {"otlp": {"grpc": {"enabled": True}, "http": {"enabled": True}}},
        "ingest": {
            "kafka": {
                "address": kafka.address,
                "topic": kafka.topic,
                # To make the topic, Tempo changes num.partitions of the whole Kafka cluster.
                "auto_create_topic_enabled": False,
            }
        },
        "storage": {"trace": trace_storage(_storage(settings))},
        "overrides": {"defaults": overrides(settings)},
        "server": {f"grpc_server_max_{way}_msg_size": LARGEST_MESSAGE for way in ("recv", "send")},
        "tempo": {
            "structuredConfig": _login(kafka),
            "podSecurityContext": restricted_pod(_DISTRIBUTED_USER),
            "securityContext": RESTRICTED_CONTAINER,
            "livenessProbe": _ALIVE,
        },
        "defaults": {
            "extraArgs": ["-config.expand-env=true"] if kafka.username else [],
            "extraEnv": [*reach.env, *_password(kafka)],
            "extraVolumes": list(reach.volumes),
            "extraVolumeMounts": list(reach.mounts),
        },
        "serviceAccount": {"annotations": dict(reach.annotations or {})},
        "metaMonitoring": {"serviceMonitor": _monitor(settings, keep)},
        "distributor": _sized(size[PartName.TEMPO_DISTRIBUTOR]),
        "blockBuilder": {**_sized(size[PartName.TEMPO_BLOCK_BUILDER]), "replicas": partitions},
        "liveStore": {**_sized(size[PartName.TEMPO_LIVE_STORE]), "replicas": partitions},
        "querier": _sized(size[PartName.TEMPO_QUERIER]),
        "queryFrontend": {
            **_sized(size[PartName.TEMPO_QUERY_FRONTEND]),
            "config": {"search": {"max_result_limit": _MOST_FOUND}},
        },
        "backendScheduler": {
            "resources": size[PartName.TEMPO_BACKEND_SCHEDULER].resources.manifest(),
            "config": {"provider": {"compaction": {"compaction": {"block_retention": _retention(settings)}}}},
        },
        # The chart reads this key and has no default for it; without it nothing renders.
        "backendWorker": {
            **_sized(size[PartName.TEMPO_BACKEND_WORKER]),
            "podDisruptionBudget": {"enabled": True},
            "maxUnavailable": 1,
        },
        "metricsGenerator": _generator(settings, size[PartName.TEMPO_METRICS_GENERATOR]),
        "memcached": _cache(size[PartName.TEMPO_CACHE]),
        # Its Service has a port for the exporter, whether there is one or not.
        "memcachedExporter": {"enabled": True, "resources": MEMCACHED_EXPORTER.manifest()},
    }


def _monitor(settings: Settings, keep: Keep) -> Values:
    interval = compressed(SCRAPE_INTERVAL, settings.time_compression)
    return {"enabled": True, "interval": interval, **metric_relabelings(keep, "tempo")}


KAFKA_SECRET = "tempo-kafka"
"""Of ours, where the password is a Pulumi secret."""
_PASSWORD = "KAFKA_PASSWORD"


def _login(kafka: KafkaSettings) -> Values:
    """Of Tempo's configuration. The chart has no keys for it; the password is in the environment, not in the file."""
    if not kafka.username:
        return {}
    return {"ingest": {"kafka": {"sasl_username": kafka.username, "sasl_password": f"${{{_PASSWORD}}}"}}}


def _password(kafka: KafkaSettings) -> list[Values]:
    if not kafka.username:
        return []
    reference = {"name": kafka.existing_secret or KAFKA_SECRET, "key": KAFKA_KEYS[0]}
    return [{"name": _PASSWORD, "valueFrom": {"secretKeyRef": reference}}]


def _sized(size: PartSize) -> Values:
    return {"replicas": size.replicas, "resources": size.resources.manifest()}


def _generator(settings: Settings, size: PartSize) -> Values:
    return {
        **_sized(size),
        "enabled": True,
        # The name of the pod is a label of every series: those of a Deployment's pods would be new after each restart.
        "kind": "StatefulSet",
        "persistence": {"enabled": True, "size": size.storage, "storageClass": settings.storage_class},
        "config": metrics_generator(settings),
    }


def _cache(size: PartSize) -> Values:
    """memcached: 80 % of its memory for items, which are pages of Parquet files and larger than its usual 1 MiB."""
    return {
        **_sized(size),
        "enabled": True,
        # By its whole name, under which a mirror has it.
        "image": {"repository": "library/memcached"},
        "extraArgs": ["-m", str(size.resources.mebibytes(4, 5)), "-I", "5m", "-c", "4096"],
    }
