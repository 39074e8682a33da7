"""When an Iceberg table or its catalog needs a person."""

from __future__ import annotations

from model.rule import CONFIRMED, Alert, Severity, Signal
from systems.base import above

_TABLE = "{{ $labels.database }}.{{ $labels.table }}"


def alerts(signals: dict[str, Signal], minimum_files: int) -> tuple[Alert, ...]:
    """Spec 30-rules A04, A15 and T15 (C38)."""
    return (
        above(
            "IcebergDataLoss",
            signals["lost_files_share"],
            0.5,
            for_=CONFIRMED,
            severity=Severity.CRITICAL,
            component="iceberg",
            summary=f"{{{{ $value | humanizePercentage }}}} of the data files of {_TABLE} were deleted",
            description="Deletes of the last day removed more than half of the data files, and nobody announced it.",
        ),
        above(
            "IcebergSmallFilesHigh",
            signals["small_files_ratio"],
            0.5,
            for_="1h",
            severity=Severity.HIGH,
            component="iceberg",
            summary=f"{{{{ $value | humanizePercentage }}}} of the data files of {_TABLE} are small",
            description="More than half of the table's data files have been small for an hour: it needs compaction.",
            guard=signals["files"].query >= minimum_files,
        ),
        above(
            "IcebergFilesHigh",
            signals["files"],
            10_000,
            for_="15m",
            severity=Severity.MEDIUM,
            component="iceberg",
            summary=f"{_TABLE} has {{{{ $value | humanize }}}} data files",
            description="The table has had more than 10000 data files for 15 minutes: planning of queries is slow.",
        ),
        above(
            "IcebergSnapshotsHigh",
            signals["snapshots"],
            100,
            for_="15m",
            severity=Severity.MEDIUM,
            component="iceberg",
            summary=f"{_TABLE} keeps {{{{ $value | humanize }}}} snapshots",
            description="The table has kept more than 100 snapshots for 15 minutes: their files are never freed.",
        ),
        above(
            "IcebergCatalogUnreadable",
            signals["unreadable_catalogs"],
            0,
            for_="15m",
            severity=Severity.HIGH,
            component="iceberg",
            summary="Catalog {{ $labels.catalog }} cannot be read",
            description="The exporter has not been able to ask the catalog for 15 minutes: its tables are not watched.",
        ),
    )
