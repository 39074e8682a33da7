"""The stack's Iceberg exporter on a catalog with two tables."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.series import Rows, Table
from obs.simulate.values import Events, Fixed, Since, Wave

TABLES = tuple({"catalog": "lake", "database": "sales", "table": name} for name in ("orders", "customers"))
FILES = {"small": 120, "regular": 880}
_TABLE = Table(
    rows=(
        Rows(TABLES, "iceberg_table_.+"),
        Rows.of("size_category", *FILES),
        Rows.of("content", "position", "equality", only="iceberg_table_delete_files"),
        Rows.of("content", "data", "deletes", only="iceberg_table_manifests"),
        Rows.of("part", "table_metadata", "manifest_list", "manifests"),
        Rows.of("operation", "delete", "overwrite", "replace"),
        Rows.of("reason", "small_files", "delete_files", "manifests", only="iceberg_table_compaction_due"),
        Rows.of("state", "read", "failed", "over_cap"),
        Rows.of("result", "ok", "partial", "failed"),
    ),
    defaults={"catalog": "lake", "version": "1.0.0", "reason": "timeout"},
    values=(
        ("iceberg_table_files", lambda labels: Fixed(FILES[labels["size_category"]])),
        ("iceberg_table_small_files_ratio", Fixed(FILES["small"] / sum(FILES.values()))),
        ("iceberg_table_snapshots", Fixed(40)),
        # Compaction removes many files, and loses none.
        ("iceberg_table_removed_files", lambda labels: Fixed(900 if labels["operation"] == "replace" else 10)),
        ("iceberg_table_compaction_due|iceberg_table_delete_files", Fixed(0)),
        ("iceberg_table_commit_lag_seconds", Wave(900)),
        ("iceberg_exporter_tables", lambda labels: Fixed(len(TABLES) if labels["state"] == "read" else 0)),
        ("iceberg_exporter_up", Fixed(1)),
        ("iceberg_exporter_scans_total", lambda labels: Events(0.2) if labels["result"] == "ok" else Fixed(0)),
        ("iceberg_.+_timestamp_seconds", Since()),
    ),
)


def _table(_cluster: Cluster, _target: Target) -> Table:
    return _TABLE


EXPORTER = Exporter(
    name="iceberg-exporter",
    system="iceberg",
    port=8000,
    pods={"app.kubernetes.io/name": "iceberg-exporter"},
    contract="iceberg",
    table=_table,
)
