"""What goes wrong with MinIO."""

from __future__ import annotations

from obs.simulate.exporters.minio import BOUNDS, REQUESTS_PER_MINUTE, USABLE
from obs.simulate.scenario import Change, Down, Scenario, Set, Step

_FREE = "minio_cluster_capacity_usable_free_bytes"
_DRIVES = "minio_cluster_drive_offline_total"
_FIRST_BYTE = "minio_s3_requests_ttfb_seconds_distribution"


def _scenario(
    name: str, title: str, description: str, changes: tuple[Change | Down, ...], *alerts: str, within: str
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="minio",
        changes=changes,
        alerts=alerts,
        within=within,
    )


SCENARIOS = (
    _scenario(
        "minio-quorum-lost",
        "MinIO cannot write",
        "Two of four nodes lost their drives: half are left, which is too few to write.",
        (Change("minio_cluster_health_status", Set(0)), Change(_DRIVES, Set(8))),
        "MinIODriveOffline",
        "MinIOQuorumLost",
        within="8m",
    ),
    _scenario(
        "minio-drive-offline",
        "A drive of MinIO fails",
        "One drive gives errors and was taken out; parity makes up for it.",
        (Change(_DRIVES, Set(1)),),
        "MinIODriveOffline",
        within="8m",
    ),
    _scenario(
        "minio-full",
        "MinIO is nearly full",
        "Nobody expires old table snapshots: 92 % of the capacity is used.",
        (Change(_FREE, Set(0.08 * USABLE)),),
        "MinIOCapacityLow",
        "MinIOUsageHigh",
        within="20m",
    ),
    _scenario(
        "minio-filling",
        "MinIO fills up",
        "83 % of the capacity is used.",
        (Change(_FREE, Set(0.17 * USABLE)),),
        "MinIOUsageHigh",
        within="20m",
    ),
    _scenario(
        "minio-errors",
        "MinIO fails requests",
        "One node answers every tenth upload with 503.",
        (
            Change(
                "minio_s3_requests_5xx_errors_total", Step(REQUESTS_PER_MINUTE / 10, every="1m"), {"api": "putobject"}
            ),
        ),
        "MinIOErrorRateHigh",
        within="15m",
    ),
    _scenario(
        "minio-slow",
        "Reads from MinIO are slow",
        "A drive retries: every read waits 300 ms for its first byte.",
        tuple(Change(_FIRST_BYTE, Set(0), {"api": "getobject", "le": bound}) for bound in BOUNDS[:3]),
        "MinIOLatencyHigh",
        within="25m",
    ),
    _scenario(
        "minio-down",
        "MinIO does not answer",
        "No node of MinIO can be reached.",
        (Down("minio"),),
        "MinIOSilent",
        within="6m",
    ),
)
