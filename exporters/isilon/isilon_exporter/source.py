"""A cluster as a source: it is read in parts, each of which may fail alone (a privilege that the user lacks)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from pydantic import ValidationError

from isilon_exporter.metrics import METRICS
from isilon_exporter.onefs import OneFS, ProtocolTotal, Quota, Stat
from isilon_exporter.session import Session
from isilon_exporter.settings import IsilonSettings
from scanning import Deadline, Failure, Listing, Reason, Sample
from scanning.http import Api

# Metric -> key of the statistics API.
_CLUSTER = {
    "isilon_cluster_health": "cluster.health",
    "isilon_cluster_size_bytes": "ifs.bytes.total",
    "isilon_cluster_used_bytes": "ifs.bytes.used",
    "isilon_cluster_available_bytes": "ifs.bytes.avail",
}
_NODES = {
    "isilon_node_size_bytes": "node.ifs.bytes.total",
    "isilon_node_used_bytes": "node.ifs.bytes.used",
    "isilon_node_health": "node.health",
}
_DISKS = {
    ("isilon_disk_operations_per_second", "in"): "node.disk.xfers.in.rate.sum",
    ("isilon_disk_operations_per_second", "out"): "node.disk.xfers.out.rate.sum",
    ("isilon_disk_throughput_bytes_per_second", "in"): "node.disk.bytes.in.rate.sum",
    ("isilon_disk_throughput_bytes_per_second", "out"): "node.disk.bytes.out.rate.sum",
}
_LIMITS = ("hard", "soft", "advisory")
_MICROSECOND = 1e-6
_STAT_TIMEOUTS = (5, 6)
"""error_code of a statistic that a node did not give in time."""


class ClusterSource:
    families = METRICS

    def __init__(self, settings: IsilonSettings, requested: Callable[[str], None], stopping: threading.Event) -> None:
        self._settings = settings
        api = Api(settings, requested, stopping, auth=Session(settings))
        self._onefs = OneFS(api)
        self._parts: dict[str, Callable[[Deadline], Iterator[Sample]]] = {
            "cluster": self._cluster,
            "nodes": self._nodes,
            "drives": self._drives,
            "disks": self._disks,
            "protocols": self._protocols,
            "quotas": self._quotas,
            "events": self._events,
        }
        self._info: list[Sample] = []

    def listing(self, deadline: Deadline) -> Listing:
        """One request that logs in: a password that is refused is tried once a scan, or the account would be locked."""
        config = self._onefs.config(deadline)
        self._info = [Sample("isilon_cluster_info", 1, (config.name, config.onefs_version.release))]
        return Listing(list(self._parts))

    def read(self, key: str, deadline: Deadline) -> list[Sample]:
        return list(self._parts[key](deadline))

    def _cluster(self, deadline: Deadline) -> Iterator[Sample]:
        yield from self._info
        # Each node answers for the cluster, all with the same.
        values = {stat.key: stat.number for stat in self._stats(_CLUSTER.values(), deadline)}
        for name, key in _CLUSTER.items():
            if (value := values.get(key)) is not None:
                yield Sample(name, value)

    def _nodes(self, deadline: Deadline) -> Iterator[Sample]:
        names = {key: name for name, key in _NODES.items()}
        for stat, node, value in _by_node(self._stats(names, deadline)):
            yield Sample(names[stat.key], value, (node,))

    def _disks(self, deadline: Deadline) -> Iterator[Sample]:
        names = {key: name for name, key in _DISKS.items()}
        for stat, node, value in _by_node(self._stats(names, deadline)):
            name, direction = names[stat.key]
            yield Sample(name, value, (node, direction))

    def _drives(self, deadline: Deadline) -> Iterator[Sample]:
        for node in self._onefs.nodes(deadline):
            states = Counter(drive.ui_state.lower() for drive in node.drives if drive.present)
            yield from (
                Sample("isilon_drives", count, (str(node.lnn), state)) for state, count in sorted(states.items())
            )

    def _protocols(self, deadline: Deadline) -> Iterator[Sample]:
        keys = {f"cluster.protostats.{name}.total": name for name in self._settings.protocols}
        totals = {keys[stat.key]: total for stat in self._stats(keys, deadline) if (total := _total(stat))}
        for protocol, total in totals.items():
            yield Sample("isilon_operations_per_second", total.op_rate, (protocol,))
            yield Sample("isilon_throughput_bytes_per_second", total.in_rate, (protocol, "in"))
            yield Sample("isilon_throughput_bytes_per_second", total.out_rate, (protocol, "out"))
            yield Sample("isilon_latency_seconds", total.time_avg * _MICROSECOND, (protocol,))

    def _quotas(self, deadline: Deadline) -> Iterator[Sample]:
        found = {
            # The same path may have a second quota that counts snapshots: shown is the one that does not.
            (quota.path, quota.type, quota.owner): quota
            for kind in self._settings.quota_types
            for quota in sorted(self._onefs.quotas(kind, deadline), key=lambda one: not one.include_snapshots)
        }
        shown = list(islice(sorted(found), self._settings.max_quotas))
        yield Sample("isilon_quotas", len(shown), ("shown",))
        yield Sample("isilon_quotas", len(found) - len(shown), ("over_cap",))
        for labels in shown:
            yield from _of_quota(labels, found[labels])

    def _events(self, deadline: Deadline) -> Iterator[Sample]:
        severities = Counter(dict.fromkeys(("critical", "warning", "information", "emergency"), 0))
        severities.update(one.severity.lower() for one in self._onefs.events(deadline) if not one.resolved)
        yield from (Sample("isilon_events", count, (severity,)) for severity, count in sorted(severities.items()))

    def _stats(self, keys: Iterable[str], deadline: Deadline) -> list[Stat]:
        """Raises Failure where a node did not answer in time and so nothing is there."""
        stats = self._onefs.stats(keys, deadline)
        if stats and all(stat.error_code in _STAT_TIMEOUTS for stat in stats):
            raise Failure(Reason.TIMEOUT, f"{stats[0].key}: no node answered in time")
        return stats


def _by_node(stats: list[Stat]) -> Iterator[tuple[Stat, str, float]]:
    """With the node's logical number; a statistic of a node that is down is left out."""
    for stat in stats:
        if (value := stat.number) is not None:
            yield stat, str(stat.node or stat.devid), value


def _total(stat: Stat) -> ProtocolTotal | None:
    """None where the cluster does not speak the protocol, or nobody used it."""
    if not isinstance(stat.value, list) or not stat.value or stat.error_code:
        return None
    try:
        return ProtocolTotal.model_validate(stat.value[0])
    except ValidationError:
        raise Failure(Reason.MALFORMED, f"{stat.key}: has no rates") from None


def _of_quota(labels: tuple[str, str, str], quota: Quota) -> Iterator[Sample]:
    used = quota.usage.fslogical if quota.usage.fslogical is not None else quota.usage.logical
    if used is not None:
        yield Sample("isilon_quota_used_bytes", used, labels)
    for name in _LIMITS:
        limit: float | None = getattr(quota.thresholds, name)
        if limit:
            yield Sample("isilon_quota_limit_bytes", limit, (*labels, name))
            yield Sample("isilon_quota_exceeded", getattr(quota.thresholds, f"{name}_exceeded"), (*labels, name))
