"""The one place with the names of the metrics. contracts/isilon.yaml is compared with what they become."""

from __future__ import annotations

from scanning import Family, family_table

_QUOTA = ("path", "type", "owner")

METRICS = family_table(
    Family("isilon_cluster_info", "gauge", "The cluster's own name and its release of OneFS", ("name", "release")),
    Family("isilon_cluster_health", "gauge", "cluster.health as OneFS counts it: 0 is well, more is worse"),
    Family("isilon_cluster_size_bytes", "gauge", "Size of the file system"),
    Family("isilon_cluster_used_bytes", "gauge", "Bytes in use"),
    Family("isilon_cluster_available_bytes", "gauge", "Bytes that can still be written; less than what is free"),
    Family("isilon_node_size_bytes", "gauge", "Size of the node's part of the file system", ("node",)),
    Family("isilon_node_used_bytes", "gauge", "Bytes in use on the node", ("node",)),
    Family("isilon_node_health", "gauge", "node.health as OneFS counts it: 0 is well, more is worse", ("node",)),
    Family("isilon_drives", "gauge", "Drives that are there, by the state that OneFS shows", ("node", "state")),
    Family("isilon_operations_per_second", "gauge", "Operations of clients", ("protocol",)),
    Family(
        "isilon_throughput_bytes_per_second",
        "gauge",
        "Bytes that clients send (in) and get (out)",
        ("protocol", "direction"),
    ),
    Family("isilon_latency_seconds", "gauge", "Average time of an operation", ("protocol",)),
    Family(
        "isilon_disk_operations_per_second",
        "gauge",
        "Transfers to (in) and from (out) the node's drives",
        ("node", "direction"),
    ),
    Family(
        "isilon_disk_throughput_bytes_per_second",
        "gauge",
        "Bytes to (in) and from (out) the node's drives",
        ("node", "direction"),
    ),
    Family("isilon_quotas", "gauge", "Quotas of the wanted types: shown, or over the cap", ("state",)),
    Family("isilon_quota_used_bytes", "gauge", "Logical bytes that count against the quota", _QUOTA),
    Family("isilon_quota_limit_bytes", "gauge", "Its hard, soft and advisory limits, where set", (*_QUOTA, "limit")),
    Family("isilon_quota_exceeded", "gauge", "1 where that limit is exceeded", (*_QUOTA, "limit")),
    Family("isilon_events", "gauge", "Event groups that are not resolved", ("severity",)),
)
