"""node_exporter: one machine."""

from __future__ import annotations

from obs.simulate.cluster import Cluster, Pod
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.cluster import CORES, MEMORY_GIB
from obs.simulate.series import Labels, Rows, Table, ValueOf, part
from obs.simulate.values import Clock, Events, Fixed, Growth, Since, Value, Wave

_GIB = 2**30
_TOTAL = MEMORY_GIB * _GIB
_CPUS = tuple(str(number) for number in range(CORES))
MODES = {"idle": 0.62, "user": 0.25, "system": 0.08, "iowait": 0.03, "softirq": 0.01, "irq": 0.0, "nice": 0.005,
         "steal": 0.005}  # fmt: skip
"""Share of a CPU's time; together 1."""
FILESYSTEM, INODES = 200 * _GIB, 1.3e7
DISKS = 2
"""In the node's RAID."""
CONNECTIONS = 262_144
"""That its kernel can track."""
_FILESYSTEMS = (
    {"device": "/dev/nvme0n1p1", "mountpoint": "/", "fstype": "ext4"},
    {"device": "tmpfs", "mountpoint": "/run", "fstype": "tmpfs"},
)
_DEFAULTS = {
    "node": "0",
    "core": "0",
    "package": "0",
    "major": "259",
    "minor": "0",
    "device_error": "none",
    "version": "1.12.1",
    "protocol": "tcp",
    "proto": "4",
    "method": "Read",
    "operstate": "up",
    "duplex": "full",
    "adminstate": "up",
    "sysname": "Linux",
    "id": "debian",
    "version_id": "12",
    "pretty_name": "Debian GNU/Linux 12 (bookworm)",
    "vendor": "GenuineIntel",
    "governor": "performance",
    "clocksource": "tsc",
    "state": "live",
    "goos": "linux",
    "goarch": "amd64",
    "machine": "x86_64",
    "release": "6.1.0",
}


def _table(_cluster: Cluster, target: Target) -> Table:
    assert isinstance(target, Pod)
    return Table(
        rows=(
            Rows(_FILESYSTEMS, "node_filesystem_.+"),
            Rows.of("device", "eth0", "lo", only="node_network_.+"),
            Rows.of("device", "md0", only="node_md_.+"),
            Rows.of("state", "active", "failed", "spare", only="node_md_disks"),
            Rows.of("device", "eth0", only="node_arp_.+"),
            Rows.of("device", "0", only="node_time_.+"),
            Rows.of("device", "nvme0n1"),
            Rows.of("mode", "user", "nice", only="node_cpu_guest_seconds_total"),
            Rows.of("mode", *MODES),
            Rows.of("cpu", *_CPUS),
            Rows.of("collector", "cpu", "diskstats", "filesystem", "meminfo", "netdev"),
        ),
        defaults={"nodename": target.node, **_DEFAULTS},
        values=_VALUES,
    )


def _cpu(labels: Labels) -> Growth:
    return Growth(MODES[labels["mode"]])


def _traffic(labels: Labels) -> Growth:
    return Growth(round(1e6 * (0.5 + part("traffic", labels))))


def _disks(labels: Labels) -> float:
    return DISKS if labels["state"] == "active" else 0


_VALUES: tuple[tuple[str, ValueOf | Value | float], ...] = (
    ("node_cpu_seconds_total", _cpu),
    ("node_memory_MemTotal_bytes|node_memory_numa_MemTotal", Fixed(_TOTAL)),
    ("node_memory_MemAvailable_bytes", Wave(0.55 * _TOTAL, 0.02)),
    ("node_memory_(MemFree_bytes|numa_MemFree)", Wave(0.2 * _TOTAL, 0.02)),
    ("node_memory_(Swap.*|HugePages.*|HardwareCorrupted.*|Bounce.*|NFS_.*|numa_HugePages.*)", Fixed(0)),
    ("node_filesystem_size_bytes", Fixed(FILESYSTEM)),
    ("node_filesystem_(avail|free)_bytes", Wave(130 * _GIB, 0.01)),
    ("node_filesystem_files", Fixed(INODES)),
    ("node_filesystem_files_free", Fixed(1.2e7)),
    ("node_filesystem_(readonly|device_error)|node_textfile_scrape_error", Fixed(0)),
    ("node_network_(receive|transmit)_bytes_total", _traffic),
    ("node_network_speed_bytes", Fixed(1.25e9)),
    ("node_network_(receive|transmit)_packets_total", Growth(900)),
    ("node_disk_(read|written)_bytes_total", Growth(4e5)),
    ("node_disk_.*time.*_total", Growth(0.03)),
    ("node_load(1|5|15)", Wave(1.4, 0.2)),
    ("node_time_seconds", Clock()),
    ("node_boot_time_seconds", Since()),
    ("node_time_zone_offset_seconds|node_timex_(offset|tai).*", Fixed(0)),
    ("node_scrape_collector_success|node_timex_sync_status", Fixed(1)),
    ("node_filefd_maximum", Fixed(9e5)),
    ("node_filefd_allocated", Wave(4000)),
    ("node_timex_maxerror_seconds", Wave(0.3)),
    ("node_nf_conntrack_entries_limit", Fixed(CONNECTIONS)),
    ("node_nf_conntrack_entries", Wave(3000)),
    ("node_context_switches_total", Growth(5000)),
    ("node_md_(degraded|.*failed.*)", Fixed(0)),
    ("node_md_disks", _disks),
    ("node_md_(disks_required|raid_disks)", Fixed(DISKS)),
    ("node_hwmon_temp_.*|node_thermal_zone_temp", Wave(48)),
    ("node_entropy_.*", Fixed(256)),
    ("node_vmstat_oom_kill", Fixed(0)),
    ("node_netstat_.*(In|Out).*|node_vmstat_.*|node_netstat_.*Opens", Events(600)),
)
EXPORTER = Exporter(
    name="node-exporter",
    system="nodes",
    port=9100,
    pods={"app.kubernetes.io/name": "prometheus-node-exporter"},
    contract="node-exporter",
    table=_table,
)
