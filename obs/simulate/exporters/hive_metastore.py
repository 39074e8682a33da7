"""The JMX agent in the Hive Metastore."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.hive_metastore import AGENT_PORT, LABELS
from obs.simulate.series import Labels, Rows, Table
from obs.simulate.values import Events, Fixed, Wave

APIS = ("get_table_req", "get_partitions_by_names_req")
CALLS_PER_MINUTE = 60.0
POOL = "objectstore"
POOL_SIZE = 10
_POOL = {"Active": 2, "Idle": 8, "Pending": 0, "Total": POOL_SIZE, "Max": POOL_SIZE, "Min": POOL_SIZE}
_HEAP = 2 * 2**30


def _latency(labels: Labels) -> float:
    return 40.0 if labels["quantile"] == "0.5" else 180.0


_TABLE = Table(
    rows=(
        Rows.of("api", *APIS),
        Rows.of("quantile", "0.5", "0.95", "0.99", only="hive_metastore_api_latency_milliseconds"),
        Rows.of("quantile", "0.95", "0.99", only="hive_metastore_pool_wait_milliseconds"),
        Rows.of("state", *_POOL, only="hive_metastore_pool_connections"),
        Rows.of("area", "heap", "nonheap"),
    ),
    defaults={"pool": POOL, "gc": "G1 Young Generation", "state": "RUNNABLE"},
    values=(
        ("hive_metastore_api_calls_total", Events(CALLS_PER_MINUTE)),
        ("hive_metastore_api_latency_milliseconds", _latency),
        ("hive_metastore_api_mean_milliseconds", Wave(55)),
        ("hive_metastore_pool_connections", lambda labels: Fixed(_POOL[labels["state"]])),
        ("hive_metastore_pool_wait_milliseconds", Wave(2)),
        ("hive_metastore_(pool_timeouts|directsql_errors|jvm_pause_warn)_total", Fixed(0)),
        ("hive_metastore_(active_calls|open_transactions)", Fixed(1)),
        ("hive_metastore_open_connections", Wave(35)),
        ("hive_metastore_databases", Fixed(12)),
        ("hive_metastore_tables", Fixed(900)),
        ("hive_metastore_partitions", Fixed(41_000)),
        ("jvm_memory_max_bytes", Fixed(_HEAP)),
        ("jvm_memory_used_bytes", Wave(0.5 * _HEAP)),
    ),
)


def _table(_cluster: Cluster, _target: Target) -> Table:
    return _TABLE


EXPORTER = Exporter(
    name="hive-metastore",
    system="hive_metastore",
    port=AGENT_PORT,
    pods=LABELS,
    contract="hive-metastore",
    component="jmx-our-rules",
    table=_table,
)
