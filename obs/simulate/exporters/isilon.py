"""The stack's Isilon exporter on a cluster of three nodes."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.series import Rows, Table
from obs.simulate.values import Clock, Events, Fixed, Since, Wave

SIZE = 3 * 120 * 10**12
QUOTA_LIMIT = 40 * 10**12
PATHS = ("/ifs/archive", "/ifs/backup")
_NODES = ("1", "2", "3")
_PARTS = 7
_QUOTAS = (
    {"path": PATHS[0], "type": "directory"},  # of nobody: an empty label is none
    {"path": PATHS[1], "type": "user", "owner": "backup"},
)
_LIMITS = {"hard": 1.0, "advisory": 0.75}
_TABLE = Table(
    rows=(
        Rows.of("node", *_NODES),
        Rows(_QUOTAS, "isilon_quota_.+"),
        Rows.of("limit", *_LIMITS),
        Rows.of("protocol", "nfs", "smb2"),
        Rows.of("direction", "in", "out"),
        Rows.of("severity", "critical", "warning", "information", "emergency"),
        Rows.of("state", "healthy", "l3", only="isilon_drives"),
        Rows.of("state", "shown", "over_cap", only="isilon_quotas"),
        Rows.of("state", "read", "failed", "over_cap", only="isilon_exporter_parts"),
        Rows.of("result", "ok", "partial", "failed"),
    ),
    defaults={
        "isilon": "archive",
        "name": "isilon-archive",
        "release": "v9.5.0.0",
        "version": "1.0.0",
        "reason": "timeout",
        "status": "200",
    },
    values=(
        ("isilon_(cluster|node)_health", Fixed(0)),
        ("isilon_cluster_size_bytes", Fixed(SIZE)),
        ("isilon_cluster_used_bytes", Wave(0.6 * SIZE, 0.005)),
        ("isilon_cluster_available_bytes", Wave(0.38 * SIZE, 0.005)),
        ("isilon_node_size_bytes", Fixed(SIZE / len(_NODES))),
        ("isilon_node_used_bytes", Wave(0.6 * SIZE / len(_NODES), 0.005)),
        ("isilon_drives", lambda labels: Fixed(18 if labels["state"] == "healthy" else 2)),
        ("isilon_events", lambda labels: Fixed(3 if labels["severity"] == "information" else 0)),
        ("isilon_latency_seconds", Wave(0.003)),
        ("isilon_(disk_)?operations_per_second", Wave(400)),
        ("isilon_(disk_)?throughput_bytes_per_second", Wave(60e6)),
        ("isilon_quotas", lambda labels: Fixed(len(PATHS) if labels["state"] == "shown" else 0)),
        ("isilon_quota_used_bytes", Wave(0.5 * QUOTA_LIMIT, 0.01)),
        ("isilon_quota_limit_bytes", lambda labels: Fixed(_LIMITS[labels["limit"]] * QUOTA_LIMIT)),
        ("isilon_quota_exceeded", Fixed(0)),
        ("isilon_exporter_parts", lambda labels: Fixed(_PARTS if labels["state"] == "read" else 0)),
        ("isilon_exporter_up", Fixed(1)),
        ("isilon_exporter_scans_total", lambda labels: Events(0.2) if labels["result"] == "ok" else Fixed(0)),
        ("isilon_.+_timestamp_seconds", Clock(60)),
        ("process_start_time_seconds", Since()),
    ),
)


def _table(_cluster: Cluster, _target: Target) -> Table:
    return _TABLE


EXPORTER = Exporter(
    name="isilon-exporter",
    system="isilon",
    port=8000,
    pods={"app.kubernetes.io/name": "isilon-exporter"},
    contract="isilon",
    table=_table,
)
