"""Tempo's own configuration, in the spelling that 2.10 and 3.0 share.

What belongs to one of them only is in components/tempo_values.py. Keys: grafana/tempo v2.10.8 and v3.0.3, the
``yaml`` tags of modules/generator, modules/overrides, modules/frontend and tempodb/backend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from components.datasources import TRACE_ID
from components.kube_prometheus_values import SCRAPE_INTERVAL
from components.sampling import SAMPLING_RATIO
from components.services import Services
from components.sizes import sizing
from model.quantity import compressed, go_duration
from settings import Settings
from settings.object_storage import ObjectStorageSettings
from settings.parts import PartName, Size

DATA = "/var/tempo"
PROCESSORS = ("service-graphs", "span-metrics")
# Objectives of the web applications are 0.3 and 0.5 s (spec 40-slo O14, O17), slow traces start at 2 s: a quantile
# or a share is exact only at a bucket.
LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)
# Spans wait in the collector until their trace is decided on, and in its queue while Tempo is away. Older ones are
# stored and not counted; Tempo's own 30 s would leave out whatever was sampled.
_SLACK = "300s"
_EDGES = "SPAN_KIND_(SERVER|CLIENT|PRODUCER|CONSUMER)"
_LARGEST_TRACE = 5_000_000
"""Bytes of one trace, which goes from process to process as one message."""
LARGEST_MESSAGE = 16 * 2**20
"""Bytes; Tempo's own limit, of which the chart tempo-distributed makes 4 MiB: less than a trace may have."""
Config = dict[str, Any]


@dataclass(frozen=True)
class _Limits:
    """For each instance: bytes a second and at once, traces in memory, series of the metrics generator."""

    rate: int
    burst: int
    traces: int
    series: int


_LIMITS: Mapping[Size, _Limits] = MappingProxyType(
    {
        "small": _Limits(rate=5_000_000, burst=10_000_000, traces=10_000, series=20_000),
        "medium": _Limits(rate=15_000_000, burst=20_000_000, traces=50_000, series=60_000),
        "large": _Limits(rate=30_000_000, burst=40_000_000, traces=100_000, series=200_000),
    }
)


def trace_storage(storage: ObjectStorageSettings) -> Config:
    """``storage.trace`` without the write-ahead log. Credentials come from the environment, not from here."""
    if storage.buckets is None:
        return {"backend": "local", "local": {"path": f"{DATA}/traces"}}
    if storage.kind == "gcs":
        return {"backend": "gcs", "gcs": {"bucket_name": storage.buckets.traces}}
    fields = {
        "bucket": storage.buckets.traces,
        "endpoint": storage.endpoint,
        "region": storage.region,
        "insecure": storage.insecure,
        "forcepathstyle": storage.path_style,
    }
    return {"backend": "s3", "s3": {key: value for key, value in fields.items() if value is not None}}


def overrides(settings: Settings) -> Config:
    """``overrides.defaults``: what one stack may send and ask. Too much is refused and sent again by the collector."""
    limits = _LIMITS[settings.size]
    return {
        "ingestion": {
            "rate_limit_bytes": limits.rate,
            "burst_size_bytes": limits.burst,
            "max_traces_per_user": limits.traces,
        },
        "global": {"max_bytes_per_trace": _LARGEST_TRACE},
        "read": {"max_search_duration": settings.traces.retention},
        # Without this the generator runs and makes nothing.
        "metrics_generator": {
            "processors": list(PROCESSORS),
            "max_active_series": limits.series,
            "trace_id_label_name": TRACE_ID,
        },
    }


def metrics_generator(settings: Settings) -> Config:
    """The metrics of spans, made as often as Prometheus scrapes, with the label that scraping adds."""
    return {
        "processor": _processors(),
        "registry": {
            "collection_interval": go_duration(compressed(SCRAPE_INTERVAL, settings.time_compression)),
            "external_labels": {"cluster": settings.cluster.name},
        },
        "storage": {
            "path": f"{DATA}/generator",
            "remote_write_add_org_id_header": False,
            "remote_write": _targets(settings),
        },
        "metrics_ingestion_time_range_slack": _SLACK,
    }


def _processors() -> Config:
    """No dimension beside service, name, kind and status of a span.

    Only what enters or leaves a service is counted: names of inner spans have no bound.
    """
    edges = {"match_type": "regex", "attributes": [{"key": "kind", "value": _EDGES}]}
    return {
        "service_graphs": {**_counted(), "wait": "10s", "max_items": 10_000},
        "span_metrics": {**_counted(), "enable_target_info": False, "filter_policies": [{"include": edges}]},
    }


def _counted() -> Config:
    return {"histogram_buckets": list(LATENCY_BUCKETS), "dimensions": [], "span_multiplier_key": SAMPLING_RATIO}


def _targets(settings: Settings) -> list[Config]:
    """Where they go: to every replica of Prometheus, with their exemplars, and on from there like what it scrapes."""
    replicas = sizing(settings)[PartName.PROMETHEUS].replicas
    return [{"url": url, "send_exemplars": True} for url in Services(settings).prometheus_write_urls(replicas)]
