"""What stops nodes though their CPUs and memory are well."""

from __future__ import annotations

from obs.simulate.exporters.node_exporter import CONNECTIONS, DISKS, FILESYSTEM, INODES
from obs.simulate.scenario import Change, Scenario, Set

_ROOT = {"mountpoint": "/"}


def _left(share: float) -> tuple[Change, ...]:
    """This share of the root file system is left."""
    return tuple(Change(f"node_filesystem_{what}_bytes", Set(share * FILESYSTEM), _ROOT) for what in ("avail", "free"))


def _scenario(name: str, title: str, description: str, changes: tuple[Change, ...], *alerts: str) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="nodes",
        changes=changes,
        alerts=alerts,
        within="19m",
    )


SCENARIOS = (
    _scenario(
        "full-node-filesystem",
        "Root file systems are full",
        "A log without rotation: 3 % of the space is left.",
        _left(0.03),
        "NodeFilesystemFilling",
        "NodeFilesystemFull",
    ),
    _scenario(
        "filling-node-filesystem",
        "Root file systems fill up",
        "Images and logs: 8 % of the space is left.",
        _left(0.08),
        "NodeFilesystemFilling",
    ),
    _scenario(
        "node-inodes",
        "Root file systems run out of inodes",
        "Layers of images with millions of small files: 4 % of the inodes are left.",
        (Change("node_filesystem_files_free", Set(0.04 * INODES), _ROOT),),
        "NodeInodesLow",
    ),
    _scenario(
        "read-only-filesystem",
        "File systems have gone read-only",
        "The kernel met errors on the disk and writes nothing more.",
        (Change("node_filesystem_readonly", Set(1), _ROOT),),
        "NodeFilesystemReadOnly",
    ),
    _scenario(
        "raid-degraded",
        "A disk of a RAID failed",
        "One disk of the mirror failed, and there is no spare.",
        (
            Change("node_md_disks", Set(DISKS - 1), {"state": "active"}),
            Change("node_md_disks", Set(1), {"state": "failed"}),
        ),
        "NodeRaidDegraded",
    ),
    _scenario(
        "clock-not-synchronised",
        "Nothing sets the clocks",
        "The time servers cannot be reached: the kernel takes its clock as not synchronised.",
        (Change("node_timex_sync_status", Set(0)), Change("node_timex_maxerror_seconds", Set(16))),
        "NodeClockNotSynchronised",
    ),
    _scenario(
        "conntrack-full",
        "Nodes track nearly all connections that they can",
        "A client opens a connection for every request and never closes one.",
        (Change("node_nf_conntrack_entries", Set(0.9 * CONNECTIONS)),),
        "NodeConntrackFull",
    ),
)
