"""What queries, the cluster and its workers mean: the signals of Trino."""

from __future__ import annotations

from model.expr import Expr
from model.limits import attained
from model.promql import call, eq, increase, matching, max_by, metric, over_time, rate, sum_by
from model.quantity import seconds
from model.rule import Signal

COORDINATOR_JOB, WORKER_JOB = "trino-coordinator", "trino-worker"
_QUERIES = "trino_execution_name_QueryManager_"
_MEMORY = "trino_memory_type_ClusterMemoryPool_name_general_"
_ONE = "cluster_name"
_LEGEND = "{{cluster_name}}"
_SLOW_15M = "dataops:trino:slow_queries_15m"
# Failures that are no mistake in the text of the query (QueryManagerStats.java).
_OF_THE_SYSTEM = ("InternalFailures", "ExternalFailures", "InsufficientResourcesFailures")
FAILURES = tuple(metric(_QUERIES + name) for name in _OF_THE_SYSTEM)
COMPLETED = metric(_QUERIES + "CompletedQueries")


def _counted(name: str, window: str) -> Expr:
    return sum_by(increase(metric(_QUERIES + name), window), _ONE)


def _failed(window: str) -> Expr:
    first, *others = (_counted(name, window) for name in _OF_THE_SYSTEM)
    total: Expr = first
    for other in others:
        total = total + other
    return total


def _wall_time(quantile: str) -> Expr:
    """Of the queries that ended lately, the last 15 minutes weighing most; milliseconds. NaN where none ever did."""
    return max_by(metric(_QUERIES + "ExecutionTime_FifteenMinutes", eq("quantile", quantile)), _ONE)


def _slow_15m(slow: str) -> Expr:
    """How many of the queries that ended in 15 minutes took longer, at least: 5 % where the 95th percentile did."""
    ended = _counted("CompletedQueries", "15m")
    share: Expr = ended * 0
    for quantile, rest in (("0.99", 0.01), ("0.95", 0.05), ("0.9", 0.1), ("0.75", 0.25), ("0.5", 0.5)):
        share = (_wall_time(quantile) > 1000 * seconds(slow)) * 0 + rest | share
    return share * ended


def query_signals(slow: str) -> tuple[Signal, ...]:
    return (
        _success(),
        _failures(),
        Signal(
            name="queries_ended_15m",
            title="Queries ended in 15 minutes",
            description="Queries that ended in the last 15 minutes, well or not.",
            good="As usual for the hour.",
            unit="short",
            expr=_counted("CompletedQueries", "15m"),
            legend=_LEGEND,
            record="dataops:trino:queries_ended_15m",
        ),
        Signal(
            name="query_wall_time_p95",
            title="Query wall time (P95)",
            description="95th percentile of the time of queries that ended, the last 15 minutes weighing most.",
            good="Below 10 minutes.",
            unit="s",
            expr=_wall_time("0.95") / 1000,
            legend=_LEGEND,
            record="dataops:trino:query_wall_time_p95_seconds",
        ),
        Signal(
            name="slow_queries_15m",
            title="Slow queries of 15 minutes",
            description=f"Queries that ended in the last 15 minutes and took over {slow}, at least so many.",
            good="0.",
            unit="short",
            expr=_slow_15m(slow),
            legend=_LEGEND,
            record=_SLOW_15M,
        ),
        Signal(
            name="slow_queries_1h",
            title="Slow queries in an hour",
            description=f"Queries that ended in the last hour and took over {slow}, at least so many.",
            good="At most 10.",
            unit="short",
            # An hour has four times 15 minutes.
            expr=over_time("avg", metric(_SLOW_15M), "1h") * 4,
            legend=_LEGEND,
            record="dataops:trino:slow_queries_1h",
        ),
        Signal(
            name="long_running_queries",
            title="Long-running queries",
            description="Queries that run for over 10 minutes, at least so many: more run than were started since.",
            good="At most 5.",
            unit="short",
            expr=call(
                "clamp_min",
                sum_by(metric(_QUERIES + "RunningQueries"), _ONE) - _counted("StartedQueries", "10m"),
                0,
            ),
            legend=_LEGEND,
            record="dataops:trino:long_running_queries",
        ),
    )


def _success() -> Signal:
    return Signal(
        name="query_success_rate_24h",
        title="Query success in 24 hours",
        description="Share of the queries that ended in 24 hours without a failure of Trino or of what it reads.",
        good="99 % or more.",
        unit="percentunit",
        expr=1 - _failed("24h") / (_counted("CompletedQueries", "24h") > 0),
        legend=_LEGEND,
        record="dataops:trino:query_success_rate_24h",
        maximum=1,
        limits=attained(0.99),
    )


def _failures() -> Signal:
    return Signal(
        name="query_failure_ratio_15m",
        title="Query failures in 15 minutes",
        description="Share of the queries that ended in the last 15 minutes and failed, mistakes of users left out.",
        good="Below 1 %.",
        unit="percentunit",
        expr=_failed("15m") / (_counted("CompletedQueries", "15m") > 0),
        legend=_LEGEND,
        record="dataops:trino:query_failure_ratio_15m",
        maximum=1,
    )


def availability_signal(worker_deployments: str) -> Signal:
    """Kubernetes says how many are wanted; a second kube-state-metrics says it again and must not double it."""
    replicas = metric("kube_deployment_spec_replicas", matching("deployment", worker_deployments))
    wanted = max_by(replicas, "namespace", "deployment")
    return Signal(
        name="worker_availability",
        title="Workers by wanted number",
        description="Active workers as a share of the replicas that the Deployments of workers ask for.",
        good="100 %.",
        unit="percentunit",
        expr=sum_by(metric("trino_node_name_CoordinatorNodeManager_ActiveWorkerCount"), "namespace")
        / (sum_by(wanted, "namespace") > 0),
        legend="{{namespace}}",
        record="dataops:trino:worker_availability",
        scope=("cluster", "namespace"),
        maximum=1,
    )


def cluster_signals() -> tuple[Signal, ...]:
    def count(name: str, title: str, expr: Expr, description: str, good: str) -> Signal:
        return Signal(
            name=name,
            title=title,
            description=description,
            good=good,
            unit="short",
            expr=expr,
            legend=f"{_LEGEND} {title.lower()}",
        )

    def now(attribute: str) -> Expr:
        return sum_by(metric(_QUERIES + attribute), _ONE)

    return (
        count("running_queries", "Running queries", now("RunningQueries"), "Queries that run.", "Not 0 at busy hours."),
        count(
            "queued_queries", "Queued queries", now("QueuedQueries"), "Queries that wait to be started.", "0 mostly."
        ),
        count("failures_by_system", "Failures", _failed("1h"), "Queries of the last hour that failed.", "0."),
        count(
            "failures_by_user",
            "Mistakes in queries",
            _counted("UserErrorFailures", "1h"),
            "Queries of the last hour that were wrong: syntax, missing tables, missing rights.",
            "A steady few.",
        ),
        Signal(
            name="memory_pool_usage",
            title="Memory pool of the cluster",
            description="Share of the memory of all workers that queries have reserved.",
            good="Below 80 %; at 100 % queries wait, and then one is killed.",
            unit="percentunit",
            expr=max_by(metric(_MEMORY + "ReservedDistributedBytes"), _ONE)
            / (max_by(metric(_MEMORY + "TotalDistributedBytes"), _ONE) > 0),
            legend=_LEGEND,
            maximum=1,
        ),
        Signal(
            name="input_24h",
            title="Input of queries in 24 hours",
            description="Bytes that the queries which ended in 24 hours read.",
            good="As much as yesterday.",
            unit="bytes",
            expr=_counted("ConsumedInputBytes", "24h"),
            legend=f"{_LEGEND} read by Trino",
        ),
        Signal(
            name="cpu_time",
            title="CPU time of queries",
            description="CPU seconds that ended queries used, per second, over 5 minutes.",
            good="Below the cores of all workers.",
            unit="short",
            expr=sum_by(rate(metric(_QUERIES + "ConsumedCpuTimeSecs"), "5m"), _ONE),
            legend=_LEGEND,
        ),
    )


def worker_signals() -> tuple[Signal, ...]:
    pool = "trino_memory_type_MemoryPool_name_general_"
    return (
        Signal(
            name="worker_memory_usage",
            title="Memory pool by worker",
            description="Share of a worker's query memory that is reserved.",
            good="Even: one full worker among empty ones is a skewed join.",
            unit="percentunit",
            expr=max_by(metric(pool + "ReservedBytes"), "namespace", "pod")
            / (max_by(metric(pool + "MaxBytes"), "namespace", "pod") > 0),
            legend="{{pod}}",
            scope=("cluster", "namespace"),
            maximum=1,
        ),
    )
