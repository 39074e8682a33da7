"""Loki's own configuration, as the chart wants it under ``loki``: what is indexed, kept, refused, and where it lies.

Keys are those of Loki 3.7 (docs/sources/shared/configuration.md of its module) and of the chart's values.
"""

from __future__ import annotations

from typing import Any, Final

from model.quantity import duration, seconds
from settings import Settings
from settings.object_storage import ObjectStorageSettings
from settings.parts import Size

Values = dict[str, Any]

INDEX_LABELS: Final = ("namespace", "pod", "container", "app")
"""The labels of every stream, by whatever road its lines came (spec 10-stack 5); all else is structured metadata.

The agent sets them on what it tails. Over OTLP they must be resource attributes of exactly these names: Loki makes
k8s.namespace.name into k8s_namespace_name and cannot rename, so whoever sends has to.
"""
SCHEMA_FROM: Final = "2024-04-01"
"""A day before the first line of any stack. Never edited: Loki reads old data by the entry that wrote it, and an
entry whose date moves makes everything between the dates unreadable. A new schema is a new entry with a day to come."""
_WEEK = 7 * 86_400
_MONTH = 721 * 3600  # Loki's own limit of a query's length: 30 days and an hour
# Lines a second in MB: of everybody, of everybody for a moment, of one stream, of one stream for a moment. One stream
# may use most of a small Loki, since a container that starts writes its history at once.
_RATES: dict[Size, tuple[int, int, str, str]] = {
    "small": (8, 16, "4MB", "12MB"),
    "medium": (24, 48, "6MB", "20MB"),
    "large": (100, 200, "10MB", "30MB"),
}

# A container of a pod is one, for half an hour after its last line. An ingester takes about 25 KB of memory for each:
# with three copies, 100,000 are 2.5 GB of the 8Gi that each of large may use.
_STREAMS: dict[Size, int] = {"small": 10_000, "medium": 20_000, "large": 100_000}


def loki_config(settings: Settings, storage: ObjectStorageSettings, replicas: int) -> Values:
    """The chart's ``loki``. ``replicas`` are those of what takes lines in; ``storage`` the settings' objectStorage."""
    kind = storage.kind
    return {
        # One tenant: whoever reaches Loki is let in by network policies, and Grafana by its own log-in.
        "auth_enabled": False,
        "analytics": {"reporting_enabled": False},
        # Two copies would be no safer than one: a write needs the majority, which is both.
        "commonConfig": {"replication_factor": 3 if replicas >= 3 else 1},
        "schemaConfig": {
            "configs": [
                {
                    "from": SCHEMA_FROM,
                    "store": "tsdb",
                    "object_store": kind,
                    "schema": "v13",
                    "index": {"prefix": "loki_index_", "period": "24h"},
                }
            ]
        },
        "storage": _storage(storage),
        "ingester": {
            "chunk_encoding": "gzip",
            "wal": {"flush_on_shutdown": True},
        },
        "limits_config": _limits(settings),
        # Without retention_enabled nothing is ever deleted; delete requests need a store of their own beside the index.
        "compactor": {"retention_enabled": True, "delete_request_store": kind},
    }


def _storage(storage: ObjectStorageSettings) -> Values:
    """No keys here: the S3 client takes them from the environment, Google's from a file or from the pod's identity."""
    if storage.buckets is None:
        return {"type": storage.kind}
    found: Values = {"type": storage.kind, "bucketNames": {"chunks": storage.buckets.logs}}
    if storage.kind == "s3":
        found["s3"] = {
            "endpoint": storage.endpoint,
            # Left out, Loki signs for a region called "dummy", which strict servers refuse.
            "region": storage.region or "us-east-1",
            "insecure": bool(storage.insecure),
            "s3ForcePathStyle": path_style(storage),
        }
    return found


def path_style(storage: ObjectStorageSettings) -> bool:
    """As the clients of Thanos and Tempo choose by themselves: a bucket is a host name only at Amazon."""
    if storage.path_style is not None:
        return storage.path_style
    return not str(storage.endpoint).partition(":")[0].endswith(".amazonaws.com")


def _limits(settings: Settings) -> Values:
    rate, burst, stream_rate, stream_burst = _RATES[settings.size]
    kept = seconds(settings.logs.retention)
    return {
        "retention_period": settings.logs.retention,
        # Retention deletes; nobody else may, and by Loki's own default whoever reaches it could.
        "deletion_mode": "disabled",
        # Loki's own; the chart's 15m makes 2,880 queries of one over a month.
        "split_queries_by_interval": "1h",
        "max_query_length": duration(max(_MONTH, kept + 3600)),
        # What is older than a week is somebody's mistake; without this it would be stored and deleted at once.
        "reject_old_samples": True,
        "reject_old_samples_max_age": duration(min(_WEEK, kept)),
        "max_global_streams_per_user": settings.logs.max_streams or _STREAMS[settings.size],
        # A fifth label is refused, whoever sends it, before it multiplies the streams.
        "max_label_names_per_series": len(INDEX_LABELS),
        # The longest name that Kubernetes allows.
        "max_label_value_length": 253,
        "ingestion_rate_mb": rate,
        "ingestion_burst_size_mb": burst,
        "per_stream_rate_limit": stream_rate,
        "per_stream_rate_limit_burst": stream_burst,
        # The beginning of a line that is too long says more than its absence.
        "max_line_size_truncate": True,
        # Loki's own way to a fifth label, service_name; the attribute service.name becomes structured metadata instead.
        "discover_service_name": [],
        "otlp_config": {
            "resource_attributes": {
                "ignore_defaults": True,
                "attributes_config": [{"action": "index_label", "attributes": list(INDEX_LABELS)}],
            }
        },
    }
