"""What an Isilon cluster, its quotas and its exporter mean."""

from __future__ import annotations

from model.expr import Expr
from model.promql import eq, matching, max_by, metric, min_by, not_matching, sum_by
from model.rule import Signal

JOB = "isilon-exporter"
_NAME = "isilon"
USAGE = "dataops:isilon:usage_ratio"
_QUOTA = (_NAME, "path", "type", "owner")
_UNUSED = "OneFS has no rates of a protocol that nobody uses"
_NO_QUOTA = "a cluster may be without quotas"


def _each(name: str, *labels: str, why: str | None = None) -> Expr:
    # Two pods of an exporter, during a rollout, ask the same cluster.
    return max_by(metric(name, may_be_absent=why), _NAME, *labels)


def capacity_signals() -> tuple[Signal, ...]:
    # An advisory limit refuses nothing; a soft one does once its grace period is over.
    refusing = metric("isilon_quota_limit_bytes", matching("limit", "hard|soft"), may_be_absent=_NO_QUOTA)
    nearest = min_by(refusing, *_QUOTA)
    return (
        Signal(
            name="usage",
            title="Isilon capacity in use",
            description="Share of the cluster's file system in use.",
            good="Below 80 %: a node that fails leaves its data to the others.",
            unit="percentunit",
            expr=_each("isilon_cluster_used_bytes") / (_each("isilon_cluster_size_bytes") > 0),
            legend="{{isilon}}",
            record=USAGE,
            maximum=1,
        ),
        Signal(
            name="quota_usage",
            title="Isilon quotas in use",
            description="Share in use of a quota's nearest limit that refuses writes: hard, or soft after its grace.",
            good="Below 80 %.",
            unit="percentunit",
            expr=_each("isilon_quota_used_bytes", *_QUOTA[1:], why=_NO_QUOTA) / (nearest > 0),
            legend="{{isilon}} {{path}} {{type}} {{owner}}",
            record="dataops:isilon:quota_usage_ratio",
            maximum=1,
        ),
        Signal(
            name="quotas_exceeded",
            title="Isilon quotas that are exceeded",
            description="1 for each limit of a quota that is exceeded.",
            good="Nothing is shown.",
            unit="short",
            expr=_each("isilon_quota_exceeded", *_QUOTA[1:], "limit", why=_NO_QUOTA) > 0,
            legend="{{isilon}} {{path}} {{type}} {{owner}} {{limit}}",
        ),
    )


def health_signals() -> tuple[Signal, ...]:
    # ui_state of OneFS, in small letters; an SSD of the read cache is in state L3.
    ill = metric(
        "isilon_drives", not_matching("state", "healthy|l3"), may_be_absent="a state that no drive is in has no series"
    )
    return (
        Signal(
            name="health",
            title="Health of Isilon",
            description="The cluster's health as OneFS counts it: 0 is well, more is worse.",
            good="0.",
            unit="short",
            expr=_each("isilon_cluster_health"),
            legend="{{isilon}}",
        ),
        Signal(
            name="nodes_ill",
            title="Isilon nodes that are not well",
            description="Health of each node that is not well, as OneFS counts it: more is worse.",
            good="Nothing is shown.",
            unit="short",
            expr=_each("isilon_node_health", "node") > 0,
            legend="{{isilon}} node {{node}}",
        ),
        Signal(
            name="drives_ill",
            title="Isilon drives that are not healthy",
            description="Drives by the state that OneFS shows, without healthy ones and those of the read cache.",
            good="Nothing is shown.",
            unit="short",
            expr=max_by(ill, _NAME, "node", "state") > 0,
            legend="{{isilon}} node {{node}} {{state}}",
        ),
        Signal(
            name="events",
            title="Open events of Isilon",
            description="Event groups that nobody has resolved, by severity.",
            good="None that are critical or of an emergency.",
            unit="short",
            expr=_each("isilon_events", "severity"),
            legend="{{isilon}} {{severity}}",
        ),
    )


def operations() -> Expr:
    """Operations of clients a second, by cluster and protocol."""
    return _each("isilon_operations_per_second", "protocol", why=_UNUSED)


def traffic_signals() -> tuple[Signal, ...]:
    """OneFS computes these rates and means itself, at each scan."""
    return (
        Signal(
            name="latency",
            title="Time of Isilon's operations",
            description="Mean time of an operation of a client, by protocol.",
            good="Below 10 ms.",
            unit="s",
            expr=_each("isilon_latency_seconds", "protocol", why=_UNUSED),
            legend="{{isilon}} {{protocol}}",
            record="dataops:isilon:operation_seconds_mean",
        ),
        Signal(
            name="operations",
            title="Operations of Isilon's clients",
            description="Operations a second, by protocol.",
            good="Follows the load.",
            unit="ops",
            expr=operations(),
            legend="{{isilon}} {{protocol}}",
        ),
        Signal(
            name="throughput",
            title="Traffic of Isilon's clients",
            description="Bytes a second that clients send (in) and get (out), by protocol.",
            good="Follows the load.",
            unit="Bps",
            expr=_each("isilon_throughput_bytes_per_second", "protocol", "direction", why=_UNUSED),
            legend="{{isilon}} {{protocol}} {{direction}}",
        ),
        Signal(
            name="disk_throughput",
            title="Traffic of Isilon's drives",
            description="Bytes a second to (in) and from (out) all drives of a cluster.",
            good="Some times the clients' traffic: protection is written too, and jobs read.",
            unit="Bps",
            expr=sum_by(_each("isilon_disk_throughput_bytes_per_second", "node", "direction"), _NAME, "direction"),
            legend="{{isilon}} {{direction}}",
        ),
    )


def exporter_signals() -> tuple[Signal, ...]:
    return (
        Signal(
            name="unreadable",
            title="Isilon clusters that cannot be asked",
            description="1 for each cluster that the exporter could not ask in its last scan.",
            good="0.",
            unit="short",
            expr=1 - _each("isilon_exporter_up"),
            legend="{{isilon}}",
        ),
        Signal(
            name="parts_failed",
            title="Parts of Isilon that were not read",
            description="Parts of a cluster (nodes, drives, quotas, events …) that failed in the last scan.",
            good="0: each part is read.",
            unit="short",
            expr=max_by(metric("isilon_exporter_parts", eq("state", "failed")), _NAME),
            legend="{{isilon}}",
        ),
    )
