"""What goes wrong with the Hive Metastore."""

from __future__ import annotations

from obs.simulate.exporters.hive_metastore import APIS, POOL, POOL_SIZE
from obs.simulate.scenario import Change, Down, Scenario, Set

_LATENCY = "hive_metastore_api_latency_milliseconds"
_SLOWEST = {"api": APIS[1], "quantile": "0.95"}

SCENARIOS = (
    Scenario(
        name="hive-metastore-slow",
        title="The Hive Metastore takes seconds",
        description="A table has hundreds of thousands of partitions: reading them takes 5 seconds.",
        system="hive_metastore",
        changes=(Change(_LATENCY, Set(5_000), _SLOWEST),),
        alerts=("HiveMetastoreSlow", "HiveMetastoreSlowElevated"),
        within="16m",
    ),
    Scenario(
        name="hive-metastore-slower",
        title="The Hive Metastore takes longer than a second",
        description="Its database is busy: reading partitions takes 2 seconds.",
        system="hive_metastore",
        changes=(Change(_LATENCY, Set(2_000), _SLOWEST),),
        alerts=("HiveMetastoreSlowElevated",),
        within="16m",
    ),
    Scenario(
        name="hive-metastore-pool",
        title="The Hive Metastore has no connection left",
        description="Calls hold connections to the database for long: all of the pool's are in use.",
        system="hive_metastore",
        changes=(
            Change("hive_metastore_pool_connections", Set(POOL_SIZE), {"pool": POOL, "state": "Active"}),
            Change("hive_metastore_pool_connections", Set(0), {"pool": POOL, "state": "Idle"}),
        ),
        alerts=("HiveMetastorePoolHigh",),
        within="10m",
    ),
    Scenario(
        name="hive-metastore-down",
        title="The Hive Metastore does not answer",
        description="No table can be opened.",
        system="hive_metastore",
        changes=(Down("hive-metastore"),),
        alerts=("HiveMetastoreSilent",),
        within="8m",
    ),
)
