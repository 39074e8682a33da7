"""What goes wrong with Spark."""

from __future__ import annotations

from obs.simulate.exporters.spark import BUSY, ENDED_PER_MINUTE, MAX_MEMORY
from obs.simulate.platform.spark import APPLICATIONS
from obs.simulate.scenario import SPENT, Change, Down, Scenario, Set, Step
from obs.simulate.scenario import Rate as RateOf

_FAILURES, _SUCCESSES = "spark_application_failure_count", "spark_application_success_count"
_EXECUTOR = {"application_name": APPLICATIONS[0].name, "executor_id": "1"}
_GC = "metrics_executor_totalGCTime_seconds_total"


def _every(per_minute: float) -> str:
    return f"{round(60 / per_minute)}s"


SCENARIOS = (
    Scenario(
        name="spark-job-failures",
        title="Spark jobs fail",
        description="A table is gone: six applications fail at once, and again every 30 seconds when they are retried.",
        system="spark",
        changes=(
            Change(_FAILURES, Step(6, every="30s")),
            Change("spark_executor_failure_count", Step(12, every="30s")),
        ),
        alerts=(*SPENT, "SparkJobFailureHigh", "SparkJobFailureSpike"),
        within="50m",
    ),
    Scenario(
        name="spark-some-jobs-fail",
        title="A few Spark jobs fail",
        description="One application in eleven fails: not enough to page at night, too many to leave it.",
        system="spark",
        changes=(Change(_FAILURES, Step(1, every=_every(ENDED_PER_MINUTE / 10))),),
        # Nine per cent are four and a half times what is promised: enough for the milder pair of a day's budget, which
        # goes in five hours of even work, and in eight of a quiet evening.
        alerts=(*SPENT[1:], "SparkJobFailureHigh"),
        within="8h",
    ),
    Scenario(
        name="gc-pressure",
        title="An executor does little but collect garbage",
        description="An executor spends 35 % of its task time in garbage collection.",
        system="spark",
        changes=(Change(_GC, RateOf(0.35 * BUSY), _EXECUTOR),),
        alerts=("SparkGCTimeElevated", "SparkGCTimeHigh"),
        within="15m",
    ),
    Scenario(
        name="gc-elevated",
        title="An executor collects much garbage",
        description="An executor spends 15 % of its task time in garbage collection.",
        system="spark",
        changes=(Change(_GC, RateOf(0.15 * BUSY), _EXECUTOR),),
        alerts=("SparkGCTimeElevated",),
        within="20m",
    ),
    Scenario(
        name="executor-memory",
        title="An executor's storage memory is full",
        description="An executor uses 97 % of its storage memory: cached data is evicted and computed again.",
        system="spark",
        changes=(Change("metrics_executor_memoryUsed_bytes", Set(0.97 * MAX_MEMORY), _EXECUTOR),),
        alerts=("SparkExecutorMemoryHigh",),
        within="10m",
    ),
    Scenario(
        name="spark-operator-down",
        title="The Spark operator does not answer",
        description="Nothing is known of applications any more, and none is started.",
        system="spark",
        changes=(Down("spark-operator"),),
        alerts=("SparkOperatorSilent",),
        within="6m",
    ),
    Scenario(
        name="spark-worker-lost",
        title="A standalone worker is gone",
        description="The master has not heard of one of two workers for a minute.",
        system="spark",
        changes=(Change("metrics_master_aliveWorkers_Value", Set(1)),),
        alerts=("SparkWorkersLost",),
        within="6m",
    ),
    Scenario(
        name="spark-no-worker",
        title="No standalone worker is left",
        description="The master is alone; it has forgotten the workers, and an application waits.",
        system="spark",
        changes=(
            Change("metrics_master_aliveWorkers_Value", Set(0)),
            Change("metrics_master_workers_Value", Set(0)),
            Change("metrics_master_waitingApps_Value", Set(1)),
        ),
        alerts=("SparkApplicationsWaiting", "SparkNoWorker"),
        within="20m",
    ),
    Scenario(
        name="spark-master-down",
        title="The standalone master does not answer",
        description="Workers go on with what they have; no application can be submitted.",
        system="spark",
        changes=(Down("spark-master"),),
        alerts=("SparkMasterSilent",),
        within="6m",
    ),
)
