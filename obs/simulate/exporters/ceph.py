"""Ceph's active manager, and the exporter that tells of the OSDs of one node."""

from __future__ import annotations

from zlib import crc32

from obs.simulate.cluster import Cluster, Pod
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.ceph import EXPORTER_LABELS, EXPORTER_PORT, MANAGER_LABELS, MANAGER_PORT
from obs.simulate.series import Rows, Table
from obs.simulate.values import Fixed, Growth, Wave

OSDS = tuple(f"osd.{number}" for number in range(6))
OSD_BYTES = 4 * 2**40
OPERATIONS = 200.0
"""A second, reads and as many writes of an OSD; each takes two milliseconds."""
_POOLS = ({"pool_id": "1", "name": ".mgr"}, {"pool_id": "2", "name": "replicapool"})


def _manager(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        rows=(
            Rows(_POOLS, "ceph_(pool|pg)_.+"),
            Rows.of("ceph_daemon", *OSDS, only="ceph_(osd|disk)_.+"),
            Rows.of("ceph_daemon", "mon.a", "mon.b", "mon.c", only="ceph_mon_.+"),
            Rows.of("ceph_daemon", "mgr.a", only="ceph_mgr_.+"),
            Rows.of("poolid", "2"),
        ),
        defaults={"severity": "HEALTH_WARN", "name": "OSD_NEARFULL", "ceph_version": "ceph version 19.2.3 squid"},
        values=(
            ("ceph_health_(status|detail)|ceph_healthcheck_.+|ceph_daemon_health_metrics", Fixed(0)),
            ("ceph_osd_(up|in|weight)", Fixed(1)),
            ("ceph_osd_flag_.+|ceph_num_objects_.+|ceph_pool_(recovering|quota|num).+", Fixed(0)),
            ("ceph_pg_(total|active|clean)", Fixed(64)),
            ("ceph_pg_.+", Fixed(0)),
            ("ceph_cluster_total_bytes", Fixed(len(OSDS) * OSD_BYTES)),
            ("ceph_cluster_total_used(_raw)?_bytes", Wave(0.55 * len(OSDS) * OSD_BYTES, 0.01)),
            ("ceph_pool_percent_used", Wave(0.5, 0.01)),
            ("ceph_pool_(rd|wr)", Growth(OPERATIONS * len(OSDS) / 4)),
            ("ceph_pool_(rd|wr)_bytes", Growth(2e7)),
        ),
    )


def _exporter(cluster: Cluster, target: Target) -> Table:
    assert isinstance(target, Pod)
    beside = sorted(pod.name for pod in cluster.pods if target.labels["app"] == pod.labels.get("app"))
    # Each OSD is told of by the exporter of its node.
    own = beside.index(target.name) if target.name in beside else crc32(target.name.encode())
    return Table(
        rows=(Rows.of("ceph_daemon", *OSDS[own % len(beside or OSDS) :: len(beside) or 1]),),
        values=(
            ("ceph_osd_stat_bytes", Fixed(OSD_BYTES)),
            ("ceph_osd_stat_bytes_used", Wave(0.55 * OSD_BYTES, 0.01)),
            ("ceph_osd_op_[rw](_latency_count)?", Growth(OPERATIONS)),
            ("ceph_osd_op_[rw]_latency_sum", Growth(0.002 * OPERATIONS)),
            ("ceph_osd_numpg", Fixed(32)),
        ),
    )


EXPORTERS = (
    Exporter(
        name="ceph-mgr",
        system="ceph",
        port=MANAGER_PORT,
        pods=MANAGER_LABELS,
        contract="ceph",
        component="mgr",
        table=_manager,
    ),
    Exporter(
        name="ceph-exporter",
        system="ceph",
        port=EXPORTER_PORT,
        pods=EXPORTER_LABELS,
        contract="ceph",
        component="perf-counters",
        table=_exporter,
    ),
)
