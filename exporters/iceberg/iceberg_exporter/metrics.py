"""The one place with the names of the metrics. contracts/iceberg.yaml is compared with what they become."""

from __future__ import annotations

from scanning import Family, family_table

_TABLE = ("database", "table")

METRICS = family_table(
    Family("iceberg_table_size_bytes", "gauge", "Bytes of the data files of the current snapshot", _TABLE),
    Family(
        "iceberg_table_files",
        "gauge",
        "Data files of the current snapshot: small ones, and regular ones",
        (*_TABLE, "size_category"),
    ),
    Family(
        "iceberg_table_small_files_ratio", "gauge", "Share of the data files that is small, 0 without files", _TABLE
    ),
    Family(
        "iceberg_table_records",
        "gauge",
        "Records in the data files of the current snapshot, those that delete files hide as well",
        _TABLE,
    ),
    Family(
        "iceberg_table_delete_files",
        "gauge",
        "Delete files of the current snapshot: position (deletion vectors too), equality",
        (*_TABLE, "content"),
    ),
    Family("iceberg_table_snapshots", "gauge", "Snapshots that are kept", _TABLE),
    Family(
        "iceberg_table_oldest_snapshot_timestamp_seconds",
        "gauge",
        "When the oldest kept snapshot was committed",
        _TABLE,
    ),
    Family(
        "iceberg_table_last_update_timestamp_seconds",
        "gauge",
        "When the current snapshot was committed, whatever it did",
        _TABLE,
    ),
    Family(
        "iceberg_table_commit_lag_seconds",
        "gauge",
        "At the last scan: time since the last commit that changed data; compaction (replace) changes none",
        _TABLE,
    ),
    Family("iceberg_table_manifests", "gauge", "Manifests of the current snapshot", (*_TABLE, "content")),
    Family(
        "iceberg_table_metadata_size_bytes",
        "gauge",
        "Bytes of the metadata that a reader of the current snapshot needs",
        (*_TABLE, "part"),
    ),
    Family("iceberg_table_metadata_log_entries", "gauge", "Older metadata files that the table remembers", _TABLE),
    Family(
        "iceberg_table_compaction_due",
        "gauge",
        "1 where the table should be compacted, for this reason",
        (*_TABLE, "reason"),
    ),
    Family(
        "iceberg_table_removed_files",
        "gauge",
        "Data files removed by snapshots of the last day, by operation; replace is compaction, which loses no rows",
        (*_TABLE, "operation"),
    ),
)
