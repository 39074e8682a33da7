"""The StatsD exporter of the stack, with what Airflow sends it."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.series import Labels, Rows, Table
from obs.simulate.values import Events, Fixed, Value

DAGS = ("orders-daily", "events-sessions")
RUNS_PER_MINUTE = 0.5
"""Of one DAG, in a minute of production: in an hour three times what the alert on failures wants to see."""
RUN_SECONDS = 900.0
BEATS_PER_MINUTE = 12.0
"""Airflow's scheduler_heartbeat_sec is 5."""
TASKS = ("extract", "load")
_POOL_SLOTS = 128


def _runs(labels: Labels, each: float = 1.0) -> Value:
    """DAGs take turns."""
    return Events(RUNS_PER_MINUTE, each=each, phase=DAGS.index(labels["dag_id"]) / len(DAGS))


_TABLE = Table(
    rows=(
        Rows.of("dag_id", *DAGS),
        Rows.of("task_id", *TASKS),
        Rows.of("state", "success", "failed", only="airflow_ti_finish_by_task"),
        Rows.of("pool", "default_pool"),
        Rows.of("executor", "KubernetesExecutor"),
        Rows.of("job_name", "schedulerjob", "triggererjob", "localtaskjob"),
    ),
    defaults={"type": "counter", "dag_file": "orders_daily", "bundle_name": "dags-folder", "queue": "default"},
    values=(
        ("airflow_scheduler_heartbeat", Events(BEATS_PER_MINUTE)),
        # Some tasks failed in the past, as they do; none does now.
        ("airflow_ti_finish_by_task", lambda labels: Fixed(3) if labels["state"] == "failed" else _runs(labels)),
        ("airflow_pool_open_slots|airflow_executor_open_slots", Fixed(_POOL_SLOTS - 6)),
        ("airflow_pool_running_slots|airflow_executor_running_tasks", Fixed(6)),
        ("airflow_pool_(queued|deferred|scheduled)_slots|airflow_executor_queued_tasks", Fixed(0)),
        ("airflow_pool_starving_tasks|airflow_scheduler_tasks_starving", Fixed(0)),
        ("airflow_dag_processing_import_errors", Fixed(0)),
        ("airflow_dagbag_size", Fixed(len(DAGS))),
    ),
    scales=(("airflow_task_duration", 300.0), ("airflow_dagrun_schedule_delay", 4.0)),
    samples=(
        ("airflow_dagrun_duration_count", _runs),
        ("airflow_dagrun_duration_sum", lambda labels: _runs(labels, RUN_SECONDS)),
        ("airflow_dagrun_failed_count", Fixed(2)),
        ("airflow_dagrun_failed_sum", Fixed(2 * RUN_SECONDS)),
    ),
)


def _table(_cluster: Cluster, _target: Target) -> Table:
    return _TABLE


EXPORTER = Exporter(
    name="airflow-statsd",
    system="airflow",
    port=9102,
    pods={"app.kubernetes.io/name": "prometheus-statsd-exporter"},
    contract="airflow",
    table=_table,
)
