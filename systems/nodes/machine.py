"""What stops a node though its CPUs and memory are well: file systems, inodes, disks, the clock, connections."""

from __future__ import annotations

from model.expr import Expr, Matcher
from model.promql import binary, eq, max_by, metric
from model.rule import Alert, Severity, Signal
from systems.base import above
from systems.nodes.details import REAL_FILESYSTEM

_MOUNT = ("node", "mountpoint")
_LOST = 16
"""Seconds: the error that the kernel assumes of a clock that nothing has set for hours; it does not count further."""
_GONE = "6h"


def _of_mounts(name: str) -> Expr:
    return max_by(metric(name, REAL_FILESYSTEM), *_MOUNT)


def machine_signals() -> tuple[Signal, ...]:
    return (_inodes(), _read_only(), _raid(), _clock(), _conntrack())


def _inodes() -> Signal:
    return Signal(
        name="node_inodes",
        title="Inodes of file systems",
        description="Share of each file system's inodes in use: without one no file can be made.",
        good="Below 80 %.",
        unit="percentunit",
        # File systems that make inodes as they need them tell 0 of both.
        expr=1 - _of_mounts("node_filesystem_files_free") / (_of_mounts("node_filesystem_files") > 0),
        legend="{{node}} {{mountpoint}}",
        maximum=1,
    )


def _read_only() -> Signal:
    now = metric("node_filesystem_readonly", REAL_FILESYSTEM)
    earlier = max_by(now.ago(_GONE), *_MOUNT)
    return Signal(
        name="node_read_only",
        title="File systems gone read-only",
        description="1 for each file system that cannot be written any more, and could be 6 hours ago.",
        good="Nothing is shown.",
        unit="short",
        # What is mounted to be read alone always was.
        expr=binary("and", max_by(now, *_MOUNT) > 0, binary("==", earlier, 0)),
        legend="{{node}} {{mountpoint}}",
    )


def _raid() -> Signal:
    def disks(name: str, *matchers: Matcher) -> Expr:
        return max_by(metric(name, *matchers, may_be_absent="a node may have no RAID"), "node", "device")

    return Signal(
        name="raid_disks_missing",
        title="Disks missing in RAIDs",
        description="How many disks a node's RAID needs and does not have, spares counted.",
        good="Nothing is shown.",
        unit="short",
        expr=disks("node_md_disks_required") - disks("node_md_disks", eq("state", "active")) > 0,
        legend="{{node}} {{device}}",
    )


def _clock() -> Signal:
    return Signal(
        name="node_clock_error",
        title="Error of clocks",
        description="By how much a node's clock may be wrong at most, as its kernel reckons since it was last set.",
        good="Below a second.",
        unit="s",
        expr=max_by(metric("node_timex_maxerror_seconds"), "node"),
        legend="{{node}}",
    )


def _conntrack() -> Signal:
    def entries(name: str) -> Expr:
        return max_by(metric(name, may_be_absent="a node may not track connections"), "node")

    return Signal(
        name="node_conntrack",
        title="Tracked connections",
        description="Share of the connections that a node's kernel can track; when it is full, packets are dropped.",
        good="Below 75 %.",
        unit="percentunit",
        expr=entries("node_nf_conntrack_entries") / (entries("node_nf_conntrack_entries_limit") > 0),
        legend="{{node}}",
        maximum=1,
    )


def machine_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    return (*_filesystem_alerts(signals), *_other_alerts(signals))


def _filesystem_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    """From 85 % on the kubelet clears images, from 90 % on it evicts pods: above either it has not helped."""
    where = "{{ $labels.mountpoint }} of node {{ $labels.node }}"
    # What is mounted to be read alone is always full.
    writable = binary("==", _of_mounts("node_filesystem_readonly"), 0)
    return (
        above(
            "NodeFilesystemFull",
            signals["node_mounts"],
            0.95,
            for_="5m",
            severity=Severity.HIGH,
            component="infrastructure",
            summary=f"{where} is {{{{ $value | humanizePercentage }}}} full",
            description="The file system has been more than 95 % full for 5 minutes, though pods are evicted from 90 % "
            "on: soon nothing on the node can write.",
            guard=writable,
        ),
        above(
            "NodeFilesystemFilling",
            signals["node_mounts"],
            0.90,
            for_="15m",
            severity=Severity.MEDIUM,
            component="infrastructure",
            summary=f"{where} is {{{{ $value | humanizePercentage }}}} full",
            description="The file system has been more than 90 % full for 15 minutes: the kubelet found too few images "
            "to clear and evicts pods.",
            guard=writable,
        ),
        above(
            "NodeInodesLow",
            signals["node_inodes"],
            0.90,
            for_="15m",
            severity=Severity.MEDIUM,
            component="infrastructure",
            summary=f"{where} uses {{{{ $value | humanizePercentage }}}} of its inodes",
            description="The file system has used more than 90 % of its inodes for 15 minutes. Without one left no "
            "file can be made, however much space there is.",
            guard=writable,
        ),
        above(
            "NodeFilesystemReadOnly",
            signals["node_read_only"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            component="infrastructure",
            summary=f"{where} cannot be written any more",
            description="It could be written 6 hours ago and cannot now: the kernel met errors on the disk.",
        ),
    )


def _other_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    node = "Node {{ $labels.node }}"
    clock = signals["node_clock_error"]
    return (
        above(
            "NodeRaidDegraded",
            signals["raid_disks_missing"],
            0,
            for_="15m",
            severity=Severity.HIGH,
            component="infrastructure",
            summary="RAID {{ $labels.device }} of node {{ $labels.node }} lacks {{ $value }} disks",
            description="A disk of the RAID failed and no spare has taken its place: the next one may cost the data.",
        ),
        Alert(
            name="NodeClockNotSynchronised",
            signal=clock,
            op=">=",
            threshold=_LOST,
            for_="10m",
            severity=Severity.MEDIUM,
            component="infrastructure",
            summary=f"{node} has a clock that nothing sets",
            description="Nothing has set the clock of the node for hours: tickets and tokens will be refused, and "
            "times in logs and metrics are wrong.",
            guard=binary("==", max_by(metric("node_timex_sync_status"), "node"), 0),
        ),
        above(
            "NodeConntrackFull",
            signals["node_conntrack"],
            0.75,
            for_="10m",
            severity=Severity.MEDIUM,
            component="infrastructure",
            summary=f"{node} tracks {{{{ $value | humanizePercentage }}}} of the connections that it can",
            description="The table of connections has been more than 75 % full for 10 minutes. When it is full, new "
            "connections fail at random.",
        ),
    )
