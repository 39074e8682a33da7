"""MinIO's four nodes: each tells of all, so everything about the cluster is there four times."""

from __future__ import annotations

import math

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.minio import LABELS, NODES, PORT
from obs.simulate.series import Labels, Rows, Table
from obs.simulate.values import Events, Fixed, Growth, Since, Value, Wave

SERVERS = tuple(f"minio-{number}.minio-svc.minio.svc.cluster.local:9000" for number in range(NODES))
BUCKETS = ("dataops-lake", "dataops-logs", "dataops-metrics")
USABLE = 40 * 2**40
REQUESTS_PER_MINUTE = 60.0
"""Of each API at each node."""
_DRIVES = 4
# Upper bounds of cmd/metrics-v2.go; the counts are cumulative. A read takes 20 ms on average.
BOUNDS = ("0.050", "0.100", "0.250", "0.500", "1.000", "2.500", "5.000", "10.000", "+Inf")
_MEAN = 0.02


def _first_byte(labels: Labels) -> Value:
    bound = float(labels["le"])
    return Events(REQUESTS_PER_MINUTE, 1.0 if math.isinf(bound) else round(1 - math.exp(-bound / _MEAN), 4))


def _table(_cluster: Cluster, target: Target) -> Table:
    here = Rows.of("server", SERVERS[int(target.name.rpartition("-")[2])])
    everywhere = Rows.of("server", *SERVERS, only="minio_(s3|bucket_requests|inter_node)_.+")
    return Table(
        rows=(
            everywhere,
            here,
            Rows.of("bucket", *BUCKETS),
            Rows.of("drive", *(f"/export-{number}" for number in range(_DRIVES))),
            Rows.of("api", "storage.ReadXL", "storage.RenameData", only="minio_node_drive_latency_us"),
            Rows.of("api", "getobject", "headobject", "putobject", "listobjectsv2"),
            Rows.of("le", *BOUNDS),
            Rows.of("range", "LESS_THAN_1024_B", "BETWEEN_1_MB_AND_10_MB", only=".*size_distribution"),
        ),
        defaults={"range": "SINGLE_VERSION", "version": "2025-10-15T17:29:55Z"},
        values=(
            ("minio_(s3|bucket)_requests_ttfb_seconds_distribution", _first_byte),
            ("minio_(s3|bucket)_requests_total", Events(REQUESTS_PER_MINUTE)),
            # Each has failed once, long ago: a counter that a fault would bring loses its first step.
            ("minio_(s3|bucket)_requests_(4xx_errors|5xx_errors|errors|canceled)_total", Fixed(1)),
            (".*_(waiting|inflight|incoming)_total|.*_offline_total|.*_healing_drives|.*_errors_.*", Fixed(0)),
            ("minio_cluster_health.*_status", Fixed(1)),
            ("minio_cluster_(drive|drive_online)_total", Fixed(NODES * _DRIVES)),
            ("minio_cluster_nodes_online_total", Fixed(NODES)),
            (".*_quorum", Fixed(9)),
            ("minio_cluster_capacity_(usable|raw)_total_bytes", Fixed(USABLE)),
            ("minio_cluster_capacity_(usable|raw)_free_bytes", Wave(0.45 * USABLE, 0.01)),
            ("minio_cluster_usage_total_bytes", Wave(0.5 * USABLE, 0.01)),
            ("minio_bucket_quota_total_bytes", Fixed(0)),
            ("minio_bucket_usage_total_bytes", Growth(5e3)),
            ("minio_node_drive_latency_us", Wave(4000)),
            ("minio_node_drive_total_bytes", Fixed(2**42)),
            (".*_starttime_seconds", Since()),
        ),
    )


EXPORTERS = tuple(
    Exporter(
        name="minio",
        system="minio",
        port=PORT,
        path=f"/minio/v2/metrics/{what}",
        pods=LABELS,
        contract="minio",
        component=f"v2-{what}",
        table=_table,
    )
    for what in ("cluster", "bucket", "node", "resource")
)
