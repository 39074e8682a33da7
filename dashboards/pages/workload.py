"""Below workload execution: one Spark application, one DAG, one Trino cluster, one Redis."""

from __future__ import annotations

from dashboards.pages.common import NAMESPACE, logs_of
from dashboards.shelf import Group, Page, show
from model.dashboard import PanelKind, Variable

_PARENT = "dataops-workload"

SPARK_JOB = Page(
    uid="dataops-spark-job",
    title="Spark job",
    description="What one Spark application does: stages, executors, shuffle, input, and what it wrote to its log.",
    parent=_PARENT,
    systems=("spark",),
    keys=("application_name",),
    related=("spark",),
    variables=(
        NAMESPACE,
        (
            "spark",
            Variable(name="application", label="application_name", metric="dataops:spark_executor:memory_usage_ratio"),
        ),
    ),
    rows=(
        Group(
            title="Stages and tasks",
            panels=(
                show(PanelKind.TIMESERIES, "spark.stages_running", "spark.stages_waiting"),
                show(PanelKind.TIMESERIES, "spark.active_jobs"),
                show(PanelKind.TIMESERIES, "spark.failed_stages"),
                show(PanelKind.TIMESERIES, "spark.tasks_running"),
                show(PanelKind.TIMESERIES, "spark.tasks_failed"),
                show(PanelKind.TIMESERIES, "spark.share_of_sla", optional=True),
            ),
        ),
        Group(
            title="Executors",
            panels=(
                show(PanelKind.STAT, "spark.executors"),
                show(PanelKind.TIMESERIES, "spark.executor_memory_usage"),
                show(PanelKind.TIMESERIES, "spark.executor_heap"),
                show(PanelKind.TIMESERIES, "spark.gc_time_ratio"),
            ),
        ),
        Group(
            title="Input and shuffle",
            panels=(
                show(PanelKind.TIMESERIES, "spark.input_read", width=12),
                show(PanelKind.TIMESERIES, "spark.shuffle_read", "spark.shuffle_write", width=12),
            ),
        ),
        logs_of(
            '{namespace=~".+", namespace=~"$namespace", container=~"spark-kubernetes-(driver|executor)"}',
            "Log of the application",
        ),
    ),
)

AIRFLOW_DAG = Page(
    uid="dataops-airflow-dag",
    title="Airflow DAG",
    description="Runs and tasks of one DAG, and whether the scheduler or the pools hold it back.",
    parent=_PARENT,
    systems=("airflow",),
    keys=("dag_id",),
    related=("airflow",),
    variables=(("airflow", Variable(name="dag", label="dag_id", metric="dataops:airflow_dag:run_duration_seconds")),),
    rows=(
        Group(
            title="Runs",
            panels=(
                show(PanelKind.TIMESERIES, "airflow.run_duration"),
                show(PanelKind.TIMESERIES, "airflow.share_of_sla", optional=True),
                show(PanelKind.TIMESERIES, "airflow.schedule_delay"),
                show(PanelKind.TABLE, "airflow.failed_runs"),
                show(PanelKind.TIMESERIES, "airflow.task_duration"),
                show(PanelKind.TIMESERIES, "airflow.failed_tasks"),
            ),
        ),
        Group(
            title="What all DAGs share",
            panels=(
                show(PanelKind.TIMESERIES, "airflow.scheduler_lag"),
                show(PanelKind.TIMESERIES, "airflow.pool_open_slots", "airflow.pool_starving_tasks"),
                show(PanelKind.TIMESERIES, "airflow.executor_running_tasks", "airflow.executor_queued_tasks"),
            ),
        ),
    ),
)

TRINO = Page(
    uid="dataops-trino",
    title="Trino cluster",
    description="Queries, workers and memory of one Trino cluster. Single queries are in Trino's own page.",
    parent=_PARENT,
    systems=("trino",),
    keys=("cluster_name",),
    related=("trino",),
    variables=(
        ("trino", Variable(name="trino", label="cluster_name", metric="dataops:trino:queries_ended_15m")),
        NAMESPACE,
    ),
    rows=(
        Group(
            title="Queries",
            panels=(
                show(PanelKind.STAT, "trino.query_success_rate_24h"),
                show(PanelKind.STAT, "trino.running_queries", "trino.queued_queries", title="Running and queued"),
                show(PanelKind.TIMESERIES, "trino.queries_ended_15m"),
                show(PanelKind.TIMESERIES, "trino.query_failure_ratio_15m"),
                show(PanelKind.TIMESERIES, "trino.query_wall_time_p95"),
                show(PanelKind.TIMESERIES, "trino.long_running_queries", "trino.slow_queries_1h", title="Slow queries"),
            ),
        ),
        Group(
            title="Workers",
            panels=(
                show(PanelKind.GAUGE, "trino.worker_availability", optional=True),
                show(PanelKind.TIMESERIES, "trino.memory_pool_usage"),
                show(PanelKind.TIMESERIES, "trino.worker_memory_usage"),
                show(PanelKind.TIMESERIES, "trino.cpu_time"),
            ),
        ),
        logs_of('{namespace=~".+", namespace=~"$namespace", app=~"trino.*"}', "Log of Trino"),
    ),
)

REDIS = Page(
    uid="dataops-redis",
    title="Redis",
    description="One Redis: does it answer, how full is it, what does it refuse.",
    parent=_PARENT,
    systems=("redis",),
    keys=("redis",),
    related=("redis",),
    variables=(("redis", Variable(name="redis", label="redis", metric="redis_up")),),
    rows=(
        Group(
            title="State",
            panels=(
                show(PanelKind.STAT, "redis.down"),
                show(PanelKind.STAT, "redis.replication_broken"),
                show(PanelKind.STAT, "redis.save_failed"),
            ),
        ),
        Group(
            title="Use",
            panels=(
                show(PanelKind.TIMESERIES, "redis.memory_usage"),
                show(PanelKind.TIMESERIES, "redis.connection_usage"),
                show(PanelKind.TIMESERIES, "redis.commands"),
                show(PanelKind.TIMESERIES, "redis.hit_ratio"),
                show(PanelKind.TIMESERIES, "redis.evictions"),
                show(PanelKind.TIMESERIES, "redis.rejected_connections"),
            ),
        ),
    ),
)
PAGES = (SPARK_JOB, AIRFLOW_DAG, TRINO, REDIS)
