"""What goes wrong with an Isilon cluster."""

from __future__ import annotations

from obs.simulate.exporters.isilon import PATHS, QUOTA_LIMIT, SIZE
from obs.simulate.scenario import Change, Down, Scenario, Set


def _scenario(
    name: str, title: str, description: str, changes: tuple[Change | Down, ...], told: tuple[str, str]
) -> Scenario:
    alert, within = told
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="isilon",
        changes=changes,
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "isilon-node",
        "A node of the Isilon wants attention",
        "A drive failed, and OneFS rebuilds its data elsewhere.",
        (
            Change("isilon_cluster_health", Set(1)),
            Change("isilon_node_health", Set(1), {"node": "2"}),
            Change("isilon_events", Set(1), {"severity": "critical"}),
        ),
        ("IsilonUnhealthy", "14m"),
    ),
    _scenario(
        "isilon-usage",
        "The Isilon is nearly full",
        "Backups are never removed: 86 % of the file system are in use.",
        (
            Change("isilon_cluster_used_bytes", Set(0.86 * SIZE)),
            Change("isilon_cluster_available_bytes", Set(0.12 * SIZE)),
        ),
        ("IsilonUsageHigh", "19m"),
    ),
    _scenario(
        "isilon-quota",
        "A quota is nearly used up",
        "A job writes its intermediate data into the archive.",
        (
            Change("isilon_quota_used_bytes", Set(0.93 * QUOTA_LIMIT), {"path": PATHS[0]}),
            Change("isilon_quota_exceeded", Set(1), {"path": PATHS[0], "limit": "advisory"}),
        ),
        ("IsilonQuotaUsageHigh", "19m"),
    ),
    _scenario(
        "isilon-slow",
        "NFS is slow",
        "A rebuild and a backup run while jobs read.",
        (Change("isilon_latency_seconds", Set(0.045), {"protocol": "nfs"}),),
        ("IsilonLatencyHigh", "19m"),
    ),
    _scenario(
        "isilon-away",
        "The Isilon cannot be asked",
        "The password of the user for monitoring has expired.",
        (Change("isilon_exporter_up", Set(0)),),
        ("IsilonUnreadable", "19m"),
    ),
    _scenario(
        "isilon-privilege",
        "A privilege is missing",
        "After an upgrade of OneFS the role may not read quotas any more.",
        (
            Change("isilon_exporter_parts", Set(1), {"state": "failed"}),
            Change("isilon_exporter_parts", Set(6), {"state": "read"}),
        ),
        ("IsilonReadIncomplete", "34m"),
    ),
    _scenario(
        "isilon-exporter-down",
        "The Isilon exporter does not answer",
        "Nothing is known of any Isilon.",
        (Down("isilon-exporter"),),
        ("IsilonExporterSilent", "8m"),
    ),
)
