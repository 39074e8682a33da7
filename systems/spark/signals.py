"""What applications, drivers and executors mean: the signals of Spark."""

from __future__ import annotations

from model.expr import Expr, Selector
from model.limits import attained
from model.promql import binary, call, eq, increase, length, max_by, metric, min_by, ne, rate, sum_by
from model.rule import Signal

OPERATOR_JOB = "spark-operator"
_FEW_SCRAPES = "1m"
ONLY_WHILE_RUNNING = "drivers expose it, and there may be no job at the moment"
_EXECUTOR = ("namespace", "application_name", "executor_id")


FAILED, SUCCEEDED = (
    metric(f"spark_application_{how}_count", may_be_absent="the operator exposes it from the first such application on")
    for how in ("failure", "success")
)


def settled(counted: Expr, window: str) -> Expr:
    """What was counted over the window, of operators that started before it."""
    age = call("time") - metric("process_start_time_seconds", eq("job", OPERATOR_JOB))
    return binary("and", counted, age > length(window, _FEW_SCRAPES), on=("instance",))


def _ended(window: str, *, believe_all: bool = False) -> tuple[Expr, Expr]:
    """Applications that failed, and all that ended, in the window.

    A counter of the operator exists only from its first event on: what is missing counts as none. A restarted
    operator counts every ended application that still exists once more, so one that started within the window
    (and the time of a few scrapes) is not believed, unless ``believe_all``.
    """

    def counted(counter: Selector) -> Expr:
        increased = increase(counter, window)
        return sum_by(increased if believe_all else settled(increased, window))

    failed, succeeded = counted(FAILED), counted(SUCCEEDED)
    return failed | succeeded * 0, (succeeded | failed * 0) + (failed | succeeded * 0)


def application_signals(promised: float | None) -> tuple[Signal, ...]:
    """``promised``: the share of applications that the objective wants to succeed."""
    day_failed, day_ended = _ended("24h", believe_all=True)
    hour_failed, hour_ended = _ended("1h")
    recent_failed, recent_ended = _ended("10m")
    return (
        Signal(
            name="success_rate_24h",
            title="Application success in 24 hours",
            description="Share of the applications that ended in 24 hours and succeeded.",
            good="98 % or more.",
            unit="percentunit",
            # The operator counts, not the drivers: it lives on, drivers vanish between two scrapes.
            expr=1 - day_failed / (day_ended > 0),
            legend="{{cluster}}",
            record="dataops:spark:success_rate_24h",
            maximum=1,
            limits=attained(promised) if promised else (),
        ),
        Signal(
            name="failure_ratio_10m",
            title="Application failures in 10 minutes",
            description="Share of the applications that ended in the last 10 minutes and failed.",
            good="Below 5 %.",
            unit="percentunit",
            expr=recent_failed / (recent_ended > 0),
            legend="{{cluster}} in 10 minutes",
            record="dataops:spark:failure_ratio_10m",
            maximum=1,
        ),
        Signal(
            name="applications_ended_10m",
            title="Applications ended in 10 minutes",
            description="Applications that succeeded or failed in the last 10 minutes.",
            good="As many as were submitted.",
            unit="short",
            expr=recent_ended,
            legend="{{cluster}} in 10 minutes",
            record="dataops:spark:applications_ended_10m",
        ),
        Signal(
            name="failure_ratio_1h",
            title="Application failures in an hour",
            description="Share of the applications that ended in the last hour and failed.",
            good="Below 5 %.",
            unit="percentunit",
            expr=hour_failed / (hour_ended > 0),
            legend="{{cluster}} in an hour",
            record="dataops:spark:failure_ratio_1h",
            maximum=1,
        ),
        Signal(
            name="applications_ended_1h",
            title="Applications ended in an hour",
            description="Applications that succeeded or failed in the last hour.",
            good="As many as were submitted.",
            unit="short",
            expr=hour_ended,
            legend="{{cluster}} in an hour",
            record="dataops:spark:applications_ended_1h",
        ),
        Signal(
            name="operator_uptime",
            title="Operator running since",
            description="Time since the Spark operator's process started; a new one counts old applications again.",
            good="Hours or more.",
            unit="s",
            expr=min_by(call("time") - metric("process_start_time_seconds", eq("job", OPERATOR_JOB))),
            legend="{{cluster}}",
            record="dataops:spark:operator_uptime_seconds",
        ),
        Signal(
            name="running_applications",
            title="Running applications",
            description="Applications that the operator sees running.",
            good="As many as the schedule expects.",
            unit="short",
            expr=sum_by(
                metric("spark_application_running_count", may_be_absent="the operator exposes it from the first run on")
            ),
            legend="{{cluster}}",
        ),
        Signal(
            name="active_jobs",
            title="Active jobs",
            description="Spark jobs that drivers are running, by namespace.",
            good="Not 0 while applications run.",
            unit="short",
            expr=sum_by(
                metric("metrics_spark_driver_DAGScheduler_job_activeJobs_Value", may_be_absent=ONLY_WHILE_RUNNING),
                "namespace",
            ),
            legend="{{namespace}}",
            record="dataops:spark:active_jobs_by_namespace",
            scope=("cluster", "namespace"),
        ),
        Signal(
            name="failed_stages",
            title="Failed stages",
            description="Stages that failed in the last hour, by application.",
            good="0; a few are retried, many mean lost executors.",
            unit="short",
            expr=sum_by(
                increase(
                    metric(
                        "metrics_spark_driver_appStatus_stages_failedStages_Count", may_be_absent=ONLY_WHILE_RUNNING
                    ),
                    "1h",
                ),
                "namespace",
                "application",
            ),
            legend="{{namespace}}/{{application}}",
            scope=("cluster", "namespace"),
        ),
    )


def executor_signals() -> tuple[Signal, ...]:
    def executors(name: str) -> Selector:
        # The entry "driver" has no tasks of its own.
        return metric(name, ne("executor_id", "driver"), may_be_absent=ONLY_WHILE_RUNNING)

    def busy(name: str, *labels: str) -> Expr:
        return sum_by(rate(executors(name), "5m"), *labels)

    legend = "{{namespace}}/{{application_name}} {{executor_id}}"
    scope = ("cluster", "namespace")
    return (
        Signal(
            name="executor_memory_usage",
            title="Executor storage memory",
            description="Share of an executor's storage memory in use: the fullest matters, not the mean.",
            good="Below 90 %.",
            unit="percentunit",
            expr=max_by(executors("metrics_executor_memoryUsed_bytes"), *_EXECUTOR)
            / max_by(executors("metrics_executor_maxMemory_bytes"), *_EXECUTOR),
            legend=legend,
            record="dataops:spark_executor:memory_usage_ratio",
            scope=scope,
            maximum=1,
        ),
        Signal(
            name="executor_use",
            title="Executor use",
            description="Share of an application's task slots that work: tasks that run by those that could.",
            good="High while it runs; what stays low has more executors than it needs.",
            unit="percentunit",
            expr=sum_by(executors("metrics_executor_activeTasks"), "namespace", "application_name")
            / (sum_by(executors("metrics_executor_maxTasks"), "namespace", "application_name") > 0),
            legend="{{namespace}}/{{application_name}}",
            scope=scope,
            maximum=1,
        ),
        Signal(
            name="input_24h",
            title="Input in 24 hours",
            description="Bytes that executors read in 24 hours, from their first scrape on.",
            good="As much as yesterday.",
            unit="bytes",
            expr=sum_by(increase(executors("metrics_executor_totalInputBytes_bytes_total"), "24h")),
            legend="{{cluster}} read by Spark",
        ),
        Signal(
            name="gc_time_ratio",
            title="Time in garbage collection",
            description="Share of an executor's task time that it spent in garbage collection, over 5 minutes.",
            good="Below 10 %.",
            unit="percentunit",
            expr=busy("metrics_executor_totalGCTime_seconds_total", *_EXECUTOR)
            / (busy("metrics_executor_totalDuration_seconds_total", *_EXECUTOR) > 0),
            legend=legend,
            record="dataops:spark_executor:gc_time_ratio",
            scope=scope,
            maximum=1,
        ),
        Signal(
            name="shuffle_read",
            title="Shuffle traffic",
            description="Shuffle bytes read per second, by application.",
            good="Steady; a sudden rise is a skewed join.",
            unit="Bps",
            expr=busy("metrics_executor_totalShuffleRead_bytes_total", "namespace", "application_name"),
            legend="{{namespace}}/{{application_name}} read",
            scope=scope,
        ),
        Signal(
            name="shuffle_write",
            title="Shuffle written",
            description="Shuffle bytes written per second, by application.",
            good="Of the order of what is read.",
            unit="Bps",
            expr=busy("metrics_executor_totalShuffleWrite_bytes_total", "namespace", "application_name"),
            legend="{{namespace}}/{{application_name}} written",
            scope=scope,
        ),
    )
