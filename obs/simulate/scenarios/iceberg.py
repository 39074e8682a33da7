"""What goes wrong with Iceberg tables."""

from __future__ import annotations

from obs.simulate.exporters.iceberg import TABLES
from obs.simulate.scenario import SPENT, Change, Down, Scenario, Set

_ONE = TABLES[0]

SCENARIOS = (
    Scenario(
        name="iceberg-data-loss",
        title="Most of a table is deleted",
        description="A DELETE without its WHERE removed nine tenths of the files of a table.",
        system="iceberg",
        changes=(
            Change("iceberg_table_removed_files", Set(9_000), {**_ONE, "operation": "delete"}),
            Change("iceberg_table_files", Set(500), {**_ONE, "size_category": "regular"}),
        ),
        alerts=("IcebergDataLoss",),
        within="5m",
    ),
    Scenario(
        name="iceberg-small-files",
        title="A table is full of small files",
        description="A stream commits every few seconds and nobody compacts: nine of ten files are small.",
        system="iceberg",
        changes=(
            Change("iceberg_table_files", Set(12_000), {**_ONE, "size_category": "small"}),
            Change("iceberg_table_small_files_ratio", Set(0.93), _ONE),
        ),
        alerts=("IcebergFilesHigh", "IcebergSmallFilesHigh"),
        within="70m",
    ),
    Scenario(
        name="iceberg-snapshots",
        title="A table keeps every snapshot",
        description="Nobody expires snapshots: a table has 400.",
        system="iceberg",
        changes=(Change("iceberg_table_snapshots", Set(400), _ONE),),
        alerts=("IcebergSnapshotsHigh",),
        within="20m",
    ),
    Scenario(
        name="iceberg-tables-old",
        title="No table is filled any more",
        description="What fills the tables stands still: their newest data is four hours old.",
        system="iceberg",
        changes=(Change("iceberg_table_commit_lag_seconds", Set(4 * 3600)),),
        alerts=SPENT,
        within="3h",
    ),
    Scenario(
        name="iceberg-catalog-away",
        title="The catalog cannot be read",
        description="The exporter's password for the catalog has expired.",
        system="iceberg",
        changes=(Change("iceberg_exporter_up", Set(0)),),
        alerts=("IcebergCatalogUnreadable",),
        within="20m",
    ),
    Scenario(
        name="iceberg-exporter-down",
        title="The Iceberg exporter does not answer",
        description="Nothing is known of tables.",
        system="iceberg",
        changes=(Down("iceberg-exporter"),),
        alerts=("IcebergExporterSilent",),
        within="8m",
    ),
)
