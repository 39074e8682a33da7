"""What the cluster and its OSDs mean."""

from __future__ import annotations

from model.expr import Expr
from model.promql import binary, max_by, metric, rate, sum_by
from model.rule import Signal

USAGE = "dataops:ceph:usage_ratio"
_POOL, _OSD = "pool_id", "ceph_daemon"


def cluster_signals() -> tuple[Signal, ...]:
    used = max_by(metric("ceph_cluster_total_used_raw_bytes"))
    unclean = sum_by(max_by(metric("ceph_pg_total"), _POOL)) - sum_by(max_by(metric("ceph_pg_clean"), _POOL))
    named = max_by(metric("ceph_pool_metadata"), _POOL, "name")
    return (
        Signal(
            name="health",
            title="Health of Ceph",
            description="Ceph's own verdict: 0 is HEALTH_OK, 1 HEALTH_WARN, 2 HEALTH_ERR.",
            good="0.",
            unit="short",
            expr=max_by(metric("ceph_health_status")),
            legend="{{cluster}}",
        ),
        Signal(
            name="health_checks",
            title="Raised health checks",
            description="1 for each of Ceph's health checks that is raised.",
            good="Nothing is shown.",
            unit="short",
            expr=max_by(
                metric("ceph_health_detail", may_be_absent="a check has a series once it was raised"),
                "name",
                "severity",
            )
            > 0,
            legend="{{name}} {{severity}}",
        ),
        Signal(
            name="usage",
            title="Raw capacity in use",
            description="Share of the raw capacity of all OSDs in use.",
            good="Below 80 %: after the loss of a node the rest must take its data.",
            unit="percentunit",
            expr=used / (max_by(metric("ceph_cluster_total_bytes")) > 0),
            legend="{{cluster}}",
            record=USAGE,
            maximum=1,
        ),
        Signal(
            name="unclean_pgs",
            title="Placement groups that are not clean",
            description="Placement groups with fewer copies than wanted, or copies in the wrong place.",
            good="0; it falls steadily after a fault.",
            unit="short",
            expr=unclean,
            legend="{{cluster}}",
        ),
        Signal(
            name="pool_usage",
            title="Fullest pools",
            description="Share of a pool's capacity in use, as its replication and fullest OSD leave it.",
            good="Below 80 %.",
            unit="percentunit",
            expr=binary("*", max_by(metric("ceph_pool_percent_used"), _POOL), named, on=(_POOL,), group_left=("name",)),
            legend="{{name}}",
            maximum=1,
        ),
        _client("reads", "Operations of clients", "ceph_pool_rd", "ops", "read"),
        _client("writes", "Writes of clients", "ceph_pool_wr", "ops", "written"),
        _client("bytes_read", "Traffic of clients", "ceph_pool_rd_bytes", "Bps", "read"),
        _client("bytes_written", "Bytes written by clients", "ceph_pool_wr_bytes", "Bps", "written"),
    )


def _client(name: str, title: str, counter: str, unit: str, word: str) -> Signal:
    return Signal(
        name=name,
        title=title,
        description=f"{'Bytes' if unit == 'Bps' else 'Operations'} a second that clients have {word}, over 5 minutes.",
        good="Follows the load.",
        unit=unit,
        expr=sum_by(max_by(rate(metric(counter), "5m"), _POOL)),
        legend="{{cluster}} " + word,
    )


def operations() -> Expr:
    """Reads and writes a second of each OSD."""
    return _per_osd("ceph_osd_op_r_latency_count") + _per_osd("ceph_osd_op_w_latency_count")


def _per_osd(counter: str) -> Expr:
    # While an OSD moves to another node, the exporters of both tell of it.
    return max_by(rate(metric(counter), "5m"), _OSD)


def osd_signals() -> tuple[Signal, ...]:
    waited = _per_osd("ceph_osd_op_r_latency_sum") + _per_osd("ceph_osd_op_w_latency_sum")
    return (
        Signal(
            name="osd_down",
            title="OSDs that are down",
            description="1 for each OSD that the monitors do not see up.",
            good="Nothing is shown.",
            unit="short",
            expr=(1 - max_by(metric("ceph_osd_up"), _OSD)) > 0,
            legend="{{ceph_daemon}}",
        ),
        Signal(
            name="osd_usage",
            title="Fullest OSDs",
            description="Share of an OSD's capacity in use: the fullest decides when a pool is full.",
            good="Below 85 %, where Ceph warns of nearfull.",
            unit="percentunit",
            expr=max_by(metric("ceph_osd_stat_bytes_used"), _OSD) / (max_by(metric("ceph_osd_stat_bytes"), _OSD) > 0),
            legend="{{ceph_daemon}}",
            record="dataops:ceph_osd:usage_ratio",
            maximum=1,
        ),
        Signal(
            name="osd_latency",
            title="Time of an OSD's operations",
            description="Mean time of the reads and writes of an OSD, over 5 minutes.",
            good="Below 10 ms.",
            unit="s",
            expr=waited / (operations() > 0),
            legend="{{ceph_daemon}}",
            record="dataops:ceph_osd:operation_seconds_mean",
        ),
    )
