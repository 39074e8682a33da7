"""What goes wrong with Trino."""

from __future__ import annotations

from obs.simulate.scenario import SPENT, Change, Down, Rate, Scenario, Set, Step

_QUERIES = "trino_execution_name_QueryManager_"
_TIME = f"{_QUERIES}ExecutionTime_FifteenMinutes"

SCENARIOS = (
    Scenario(
        name="trino-queries-fail",
        title="Queries of Trino fail",
        description="The Hive Metastore refuses every second query: two more fail every half a minute.",
        system="trino",
        changes=(
            Change(f"{_QUERIES}ExternalFailures", Step(2, every="30s")),
            Change(f"{_QUERIES}FailedQueries", Step(2, every="30s")),
        ),
        alerts=(*SPENT, "TrinoQueryFailuresHigh"),
        within="50m",
    ),
    Scenario(
        name="trino-slow-queries",
        title="One query in ten takes a quarter of an hour",
        description="Object storage is slow: one query in ten takes 15 minutes.",
        system="trino",
        changes=(
            Change(_TIME, Set(9e5), {"quantile": "0.95"}),
            Change(_TIME, Set(9e5), {"quantile": "0.99"}),
        ),
        alerts=("TrinoQueryTimeHigh", "TrinoSlowQueriesFrequent"),
        within="90m",
    ),
    Scenario(
        name="trino-stuck-queries",
        title="Queries do not end",
        description="Twelve queries wait for a worker that does not answer; nothing new is started.",
        system="trino",
        changes=(
            Change(f"{_QUERIES}RunningQueries", Set(12)),
            Change(f"{_QUERIES}StartedQueries", Rate(0)),
        ),
        alerts=("TrinoSlowQueriesHigh",),
        within="40m",
    ),
    Scenario(
        name="trino-worker-lost",
        title="Trino has no worker",
        description="The only worker has left the cluster.",
        system="trino",
        changes=(Change("trino_node_name_CoordinatorNodeManager_ActiveWorkerCount", Set(0)),),
        alerts=("TrinoWorkersMissing",),
        within="10m",
    ),
    Scenario(
        name="trino-down",
        title="Trino's coordinator does not answer",
        description="Nobody can ask anything.",
        system="trino",
        changes=(Down("trino-coordinator"),),
        alerts=("TrinoCoordinatorSilent",),
        within="6m",
    ),
)
