"""What goes wrong with Airflow."""

from __future__ import annotations

from obs.simulate.exporters.airflow import DAGS, RUN_SECONDS, RUNS_PER_MINUTE
from obs.simulate.scenario import SPENT, Change, Down, Rate, Scenario, Step

_ONE = {"dag_id": DAGS[0]}
_NEXT_RUN = f"{round(60 / RUNS_PER_MINUTE)}s"


def _runs_take(times: float) -> Change:
    """Each further run of the DAG takes so many times what it took."""
    return Change("airflow_dagrun_duration_sum", Step(times * RUN_SECONDS, every=_NEXT_RUN), _ONE)


SCENARIOS = (
    Scenario(
        name="airflow-runs-fail",
        title="Runs of a DAG fail",
        description="A source is gone: runs of one DAG fail every half a minute, as often as they are started.",
        system="airflow",
        changes=(
            Change("airflow_dagrun_failed_count", Step(1, every="30s"), _ONE),
            Change(
                "airflow_ti_finish_by_task", Step(1, every="30s"), {**_ONE, "task_id": "extract", "state": "failed"}
            ),
        ),
        alerts=("AirflowDagFailuresHigh", *SPENT),
        within="50m",
    ),
    Scenario(
        name="airflow-dag-fails",
        title="One DAG of many fails",
        description="The run of one DAG fails and none follows it, while those of another succeed as ever.",
        system="airflow",
        changes=(
            Change("airflow_dagrun_failed_count", Step(1, every="30d"), _ONE),
            Change("airflow_dagrun_duration_count", Rate(0), _ONE),
            Change("airflow_dagrun_duration_sum", Rate(0), _ONE),
        ),
        # One of thirty runs an hour: no share of all says anything.
        alerts=("AirflowDagFailing",),
        within="110m",
    ),
    Scenario(
        name="airflow-scheduler-stuck",
        title="The scheduler stands still",
        description="The scheduler waits for a lock of its database and sends no heartbeat: nothing new is started.",
        system="airflow",
        changes=(Change("airflow_scheduler_heartbeat", Rate(0)),),
        # Seconds are real ones, also where all else runs faster: a minute of lag takes a minute.
        alerts=("AirflowSchedulerLag", "AirflowSchedulerLagElevated", "DataOpsPlatformDegraded"),
        within="45m",
    ),
    Scenario(
        name="airflow-slow-dag",
        title="Runs of a DAG take far too long",
        description="A table has grown: runs of one DAG take eight hours instead of a quarter of one.",
        system="airflow",
        changes=(_runs_take(32),),
        alerts=("AirflowDagFarOverSla", "AirflowDagOverSla", *SPENT),
        within="90m",
    ),
    Scenario(
        name="airflow-dag-over-sla",
        title="Runs of a DAG take longer than they may",
        description="Runs of one DAG take an hour and a quarter, where their SLA allows an hour.",
        system="airflow",
        changes=(_runs_take(5),),
        # Half of all runs, ten times what is promised.
        alerts=("AirflowDagOverSla", *SPENT),
        within="2h",
    ),
    Scenario(
        name="airflow-statsd-down",
        title="The StatsD exporter does not answer",
        description="What Airflow sends is lost.",
        system="airflow",
        changes=(Down("airflow-statsd"),),
        alerts=("AirflowStatsdSilent",),
        within="6m",
    ),
)
