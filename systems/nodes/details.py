"""What is asked of one node: load, disks, file systems."""

from __future__ import annotations

from model.promql import count_by, eq, max_by, metric, not_matching, rate, sum_by
from model.rule import Signal

_DISKS = not_matching("device", "loop.+|ram.+|sr.+|dm-.+|zram.+")
REAL_FILESYSTEM = not_matching("fstype", "tmpfs|overlay|squashfs|ramfs")


def detail_signals() -> tuple[Signal, ...]:
    cores = count_by(max_by(metric("node_cpu_seconds_total", eq("mode", "idle")), "node", "cpu"), "node")
    return (
        Signal(
            name="node_load",
            title="Load by core",
            description="Processes of a node that run or wait, mean of 5 minutes, for each of its cores.",
            good="Below 1: above it processes wait for a core.",
            unit="none",
            expr=max_by(metric("node_load5"), "node") / cores,
            legend="{{node}}",
        ),
        Signal(
            name="node_disk_read",
            title="Disk traffic by node",
            description="Bytes that a node's disks read per second.",
            good="Below what the disks can do.",
            unit="Bps",
            expr=sum_by(rate(metric("node_disk_read_bytes_total", _DISKS), "5m"), "node"),
            legend="{{node}} read",
        ),
        Signal(
            name="node_disk_written",
            title="Disk writes by node",
            description="Bytes that a node's disks write per second.",
            good="Below what the disks can do.",
            unit="Bps",
            expr=sum_by(rate(metric("node_disk_written_bytes_total", _DISKS), "5m"), "node"),
            legend="{{node}} written",
        ),
        Signal(
            name="node_disk_busy",
            title="Time that disks are busy",
            description="Share of the time in which a node's busiest disk had something to do.",
            good="Below 80 %; more is normal for flash that works on many requests at once.",
            unit="percentunit",
            expr=max_by(rate(metric("node_disk_io_time_seconds_total", _DISKS), "5m"), "node"),
            legend="{{node}}",
            maximum=1,
        ),
        Signal(
            name="node_mounts",
            title="File systems",
            description="Share of each file system that is not available to ordinary processes.",
            good="Below 80 %.",
            unit="percentunit",
            expr=1
            - max_by(metric("node_filesystem_avail_bytes", REAL_FILESYSTEM), "node", "mountpoint")
            / max_by(metric("node_filesystem_size_bytes", REAL_FILESYSTEM), "node", "mountpoint"),
            legend="{{node}} {{mountpoint}}",
            maximum=1,
        ),
        Signal(
            name="node_memory_free",
            title="Memory available by node",
            description="Bytes that new processes of a node can get without swapping.",
            good="More than a tenth of the node's memory.",
            unit="bytes",
            expr=max_by(metric("node_memory_MemAvailable_bytes"), "node"),
            legend="{{node}}",
        ),
    )
