"""Below data pipeline health: one Iceberg table, and all storage side by side."""

from __future__ import annotations

from dashboards.shelf import Group, Page, show
from model.dashboard import PanelKind, Variable

_PARENT = "dataops-data"
_TABLES = "dataops:iceberg:files"

ICEBERG_TABLE = Page(
    uid="dataops-iceberg-table",
    title="Iceberg table",
    description="Files, snapshots and metadata of one table, and what maintenance it waits for.",
    parent=_PARENT,
    systems=("iceberg",),
    keys=("database", "table"),
    related=("iceberg",),
    variables=(
        ("iceberg", Variable(name="database", label="database", metric=_TABLES)),
        ("iceberg", Variable(name="table", label="table", metric=_TABLES)),
    ),
    rows=(
        Group(
            title="Files",
            panels=(
                show(PanelKind.TIMESERIES, "iceberg.files"),
                show(PanelKind.TIMESERIES, "iceberg.small_files_ratio"),
                show(PanelKind.TIMESERIES, "iceberg.size"),
                show(PanelKind.TABLE, "iceberg.compaction_due"),
                show(PanelKind.TIMESERIES, "iceberg.lost_files_share"),
            ),
        ),
        Group(
            title="Snapshots and metadata",
            panels=(
                show(PanelKind.TIMESERIES, "iceberg.snapshots"),
                show(PanelKind.TIMESERIES, "iceberg.commit_lag"),
                show(PanelKind.BARGAUGE, "iceberg.metadata_size"),
            ),
        ),
    ),
)

STORAGE = Page(
    uid="dataops-storage",
    title="Storage and databases",
    description="How full, how fast and how faulty each store is, one beside the other.",
    parent=_PARENT,
    systems=("minio", "ceph", "isilon", "oracle"),
    keys=("bucket",),
    related=("minio", "ceph", "isilon", "oracle"),
    rows=(
        Group(
            title="Capacity",
            panels=(
                show(PanelKind.GAUGE, "minio.usage", title="Object storage in use"),
                show(PanelKind.GAUGE, "ceph.usage", title="Ceph capacity in use"),
                show(PanelKind.GAUGE, "isilon.usage"),
                show(PanelKind.BARGAUGE, "oracle.tablespace_usage"),
                show(PanelKind.BARGAUGE, "minio.bucket_quota_usage"),
                show(PanelKind.BARGAUGE, "isilon.quota_usage"),
            ),
        ),
        Group(
            title="Health",
            panels=(
                show(PanelKind.STAT, "minio.quorum_lost"),
                show(PanelKind.STAT, "minio.drives_offline", "minio.nodes_offline"),
                show(PanelKind.STAT, "ceph.health"),
                show(PanelKind.TABLE, "ceph.osd_down"),
                show(PanelKind.STAT, "isilon.health"),
                show(PanelKind.STAT, "oracle.down"),
            ),
        ),
        Group(
            title="Speed",
            panels=(
                show(PanelKind.TIMESERIES, "minio.slow_reads"),
                show(PanelKind.TIMESERIES, "minio.error_ratio", "minio.client_error_ratio"),
                show(PanelKind.TIMESERIES, "ceph.osd_latency"),
                show(PanelKind.TIMESERIES, "isilon.latency"),
                show(PanelKind.TIMESERIES, "oracle.statement_time"),
                show(PanelKind.TIMESERIES, "oracle.lock_wait"),
            ),
        ),
        Group(
            title="Work",
            panels=(
                show(PanelKind.TIMESERIES, "minio.requests"),
                show(PanelKind.TIMESERIES, "minio.requests_waiting"),
                show(PanelKind.TIMESERIES, "ceph.reads", "ceph.writes"),
                show(PanelKind.TIMESERIES, "ceph.bytes_read", "ceph.bytes_written"),
                show(PanelKind.TIMESERIES, "isilon.operations"),
                show(PanelKind.TIMESERIES, "isilon.throughput"),
                show(PanelKind.TIMESERIES, "minio.bucket_usage"),
            ),
        ),
    ),
)
PAGES = (ICEBERG_TABLE, STORAGE)
