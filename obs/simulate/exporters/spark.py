"""The Spark operator, drivers, which answer for their executors too, and a standalone cluster."""

from __future__ import annotations

from collections.abc import Callable

from obs.simulate.cluster import Cluster, Pod
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.spark import (
    OPERATOR_PORT,
    STANDALONE,
    STANDALONE_PORTS,
    UI_PORT,
    operator_labels,
    standalone_labels,
)
from obs.simulate.series import Rows, Table
from obs.simulate.values import Events, Fixed, Growth, Since, Wave

ENDED_PER_MINUTE = 2.0
"""Applications that end well in a minute of production: four times what the alert on 10 minutes wants to see."""
MAX_MEMORY = 2 * 2**30
EXECUTOR_CORES = 2
BUSY = 0.8 * EXECUTOR_CORES
"""Task time of an executor in a second."""


def _operator(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        defaults={"app_type": "Python"},
        values=(
            ("process_start_time_seconds", Since()),
            ("spark_application_(submit_count|count|success_count)", Events(ENDED_PER_MINUTE)),
            ("spark_executor_success_count", Events(2 * ENDED_PER_MINUTE)),
            # Some failed in the past, as they do; none does now.
            ("spark_application_failure_count", Fixed(7)),
            ("spark_application_failed_submission_count|spark_executor_failure_count", Fixed(3)),
            ("spark_application_running_count", Fixed(2)),
            ("spark_executor_running_count", Fixed(4)),
        ),
        scales=((".*_execution_time_seconds", 600.0), (".*_latency_seconds.*", 8.0)),
    )


def _driver(cluster: Cluster, target: Target) -> Table:
    assert isinstance(target, Pod)
    name, app = target.labels.get("spark-app-name", ""), target.labels.get("spark-app-selector", "")
    executors = sorted(
        pod.labels["spark-exec-id"]
        for pod in cluster.pods
        if pod.labels.get("spark-app-selector") == app and pod.labels.get("spark-role") == "executor"
    )
    return Table(
        rows=(Rows.of("executor_id", "driver", *executors),),
        defaults={
            "application_id": app,
            "application_name": name,
            "type": "gauges",
            "version": "4.0.1",
            "revision": "29434ea766b",
        },
        values=(
            ("metrics_executor_memoryUsed_bytes", Wave(0.55 * MAX_MEMORY, 0.04)),
            ("metrics_executor_maxMemory_bytes", Fixed(MAX_MEMORY)),
            ("metrics_executor_totalDuration_seconds_total", Growth(BUSY)),
            ("metrics_executor_totalGCTime_seconds_total", Growth(0.03 * BUSY)),
            ("metrics_executor_totalShuffle.*_bytes_total", Growth(3e6)),
            ("metrics_executor_(totalCores|maxTasks|activeTasks)", Fixed(EXECUTOR_CORES)),
            (".*_job_activeJobs_Value", Fixed(2)),
            (".*_(failedStages|waitingStages|runningStages)_Value", Fixed(0)),
            (".*_(failedStages|failedJobs|failedTasks|killedTasks|excludedExecutors)_Count", Fixed(0)),
            (".*_memory_(maxMem|remainingMem).*_MB_Value", Fixed(2048)),
            (".*_Memory_Value|.*Memory_bytes", Wave(4e8)),
            (".*_numDroppedEvents_Count", Fixed(0)),
        ),
    )


def _endpoint(component: str, path: str) -> Exporter:
    return Exporter(
        name="spark-driver",
        system="spark",
        port=UI_PORT,
        path=path,
        pods={"spark-role": "driver"},
        contract="spark",
        component=component,
        table=_driver,
    )


def _master(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        defaults={"type": "gauges"},
        values=(
            ("metrics_master_(aliveWorkers|workers)_Value", Fixed(STANDALONE["worker"])),
            ("metrics_master_apps_Value", Fixed(1)),
            ("metrics_master_waitingApps_Value", Fixed(0)),
        ),
    )


def _worker(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        defaults={"type": "gauges"},
        values=(
            ("metrics_worker_coresUsed_Value", Fixed(5)),
            ("metrics_worker_coresFree_Value", Fixed(3)),
            ("metrics_worker_memUsed_MB_Value", Fixed(20_480)),
            ("metrics_worker_memFree_MB_Value", Fixed(12_288)),
            ("metrics_worker_executors_Value", Fixed(2)),
        ),
    )


def _standalone(role: str, path: str, table: Callable[[Cluster, Target], Table]) -> Exporter:
    return Exporter(
        name=f"spark-{role}",
        system="spark",
        port=STANDALONE_PORTS[role],
        path=path,
        pods=standalone_labels(role),
        contract="spark",
        component=f"standalone-{role}-servlet",
        table=table,
    )


EXPORTERS = (
    Exporter(
        name="spark-operator",
        system="spark",
        port=OPERATOR_PORT,
        pods=operator_labels("controller"),
        contract="spark-operator",
        table=_operator,
    ),
    _endpoint("driver-servlet", "/metrics/prometheus"),
    _endpoint("executors-endpoint", "/metrics/executors/prometheus"),
    _standalone("master", "/metrics/master/prometheus", _master),
    _standalone("worker", "/metrics/prometheus", _worker),
)
