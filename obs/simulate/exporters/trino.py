"""Trino's coordinator and worker."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.trino import PORT, labels
from obs.simulate.series import Table
from obs.simulate.values import Events, Fixed, Growth, Wave

QUERIES_PER_MINUTE = 10.0
"""In a minute of production: in 15 minutes many more than the alerts on shares want to see."""
_GIB = 2**30
_TABLE = Table(
    values=(
        ("trino_execution_name_QueryManager_(Submitted|Started|Completed)Queries", Events(QUERIES_PER_MINUTE)),
        # Some failed in the past, as they do; none does now.
        ("trino_execution_name_QueryManager_.*Failures|trino_execution_name_QueryManager_FailedQueries", Fixed(12)),
        ("trino_execution_name_QueryManager_RunningQueries", Fixed(4)),
        ("trino_execution_name_QueryManager_(Queued|FullyBlocked|Finishing)Queries", Fixed(0)),
        ("trino_execution_name_QueryManager_ConsumedCpuTimeSecs", Growth(3.0)),
        ("trino_execution_executor_.*_RunAwaySplitCount", Fixed(0)),
        ("trino_node_name_CoordinatorNodeManager_Active(Worker|Coordinator)Count", Fixed(1)),
        ("trino_node_name_CoordinatorNodeManager_ActiveNodeCount", Fixed(2)),
        ("trino_node_name_CoordinatorNodeManager_(Drain|Inactive|ShuttingDown).*", Fixed(0)),
        ("trino_memory_.*KilledDueToOutOfMemory|trino_memory_.*(BlockedNodes|LeakedQueries)", Fixed(0)),
        ("trino_memory_.*_(TotalDistributedBytes|MaxBytes|ClusterMemoryBytes)", Fixed(48 * _GIB)),
        ("trino_memory_.*_(ReservedDistributedBytes|ReservedBytes)", Wave(12 * _GIB)),
    ),
    scales=(("trino_execution_name_QueryManager_ExecutionTime_.+", 9_000.0),),
)
"""Times of queries are milliseconds."""


def _table(_cluster: Cluster, _target: Target) -> Table:
    return _TABLE


EXPORTERS = tuple(
    Exporter(
        name=f"trino-{component}",
        system="trino",
        port=PORT,
        pods=labels(component),
        contract="trino",
        component=component,
        table=_table,
    )
    for component in ("coordinator", "worker")
)
