"""What calls, connections and the process of the Hive Metastore mean."""

from __future__ import annotations

from model.expr import Expr
from model.promql import eq, increase, max_by, metric, rate, sum_by
from model.rule import Signal

JOB = "hive-metastore"
_FIRST_CALL = "a function has series from its first call on"
_POOLS = "the pools exist from the first access to the database on"
_ENOUGH_CALLS = 10
"""In 10 minutes, before the percentile of a function is believed."""


def call_signals() -> tuple[Signal, ...]:
    calls = metric("hive_metastore_api_calls_total", may_be_absent=_FIRST_CALL)
    p95 = metric("hive_metastore_api_latency_milliseconds", eq("quantile", "0.95"), may_be_absent=_FIRST_CALL)
    return (
        Signal(
            name="response_p95",
            title="Response time (P95)",
            description="95th percentile of the time of a function of the metastore, of the slowest replica.",
            good="Below 1 second.",
            unit="s",
            # The reservoir keeps its last values for as long as nobody calls.
            expr=max_by(p95, "api") / 1000 & (sum_by(increase(calls, "10m"), "api") >= _ENOUGH_CALLS),
            legend="{{api}}",
            record="dataops:hive_metastore:response_p95_seconds",
        ),
        Signal(
            name="calls",
            title="Calls",
            description="Calls per second, by function.",
            good="As usual for the hour.",
            unit="ops",
            expr=sum_by(rate(calls, "5m"), "api"),
            legend="{{api}}",
        ),
    )


def server_signals() -> tuple[Signal, ...]:
    def states(state: str) -> Expr:
        selector = metric("hive_metastore_pool_connections", eq("state", state), may_be_absent=_POOLS)
        return max_by(selector, "namespace", "pod", "pool")

    wait = metric("hive_metastore_pool_wait_milliseconds", eq("quantile", "0.95"), may_be_absent=_POOLS)
    timeouts = metric("hive_metastore_pool_timeouts_total", may_be_absent=_POOLS)
    heap = eq("area", "heap")
    return (
        Signal(
            name="pool_usage",
            title="Connections to its database",
            description="Connections of a pool in use, as a share of those that the pool may have.",
            good="Below 80 %: then calls wait for a connection.",
            unit="percentunit",
            expr=states("Active") / (states("Max") > 0),
            legend="{{pod}} {{pool}}",
            record="dataops:hive_metastore:pool_usage_ratio",
            scope=("cluster", "namespace"),
            maximum=1,
        ),
        Signal(
            name="pool_wait",
            title="Wait for a connection (P95)",
            expr=max_by(wait, "pod", "pool") / 1000,
            description="95th percentile of the time for which a call waits for a connection to the database.",
            good="Milliseconds.",
            unit="s",
            legend="{{pod}} {{pool}}",
        ),
        Signal(
            name="open_connections",
            title="Thrift connections",
            expr=sum_by(metric("hive_metastore_open_connections"), "pod"),
            description="Open connections of clients.",
            good="Even over the replicas, and steady.",
            unit="short",
            legend="{{pod}}",
        ),
        Signal(
            name="direct_sql_errors",
            title="Errors of its database",
            expr=sum_by(increase(metric("hive_metastore_directsql_errors_total"), "1h")),
            description="Direct SQL statements of the last hour that failed; the slow way through objects follows.",
            good="0.",
            unit="short",
            legend="direct SQL",
        ),
        Signal(
            name="pool_timeouts",
            title="Connections not got",
            expr=sum_by(increase(timeouts, "1h"), "pool"),
            description="Calls of the last hour that got no connection in time.",
            good="0.",
            unit="short",
            legend="{{pool}} timeouts",
        ),
        Signal(
            name="tables",
            title="Tables",
            expr=max_by(metric("hive_metastore_tables")),
            description="Tables.",
            good="Grows.",
            unit="short",
            legend="tables",
        ),
        Signal(
            name="partitions",
            title="Partitions",
            expr=max_by(metric("hive_metastore_partitions")),
            description="Partitions.",
            good="Grows.",
            unit="short",
            legend="partitions",
        ),
        Signal(
            name="heap_usage",
            title="Heap",
            expr=max_by(metric("jvm_memory_used_bytes", heap, eq("job", JOB)), "pod")
            / (max_by(metric("jvm_memory_max_bytes", heap, eq("job", JOB)), "pod") > 0),
            description="Share of the heap in use.",
            good="Below 90 % after a collection.",
            unit="percentunit",
            legend="{{pod}}",
        ),
    )
