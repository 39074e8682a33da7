"""What runs of DAGs, tasks and the scheduler mean: the signals of Airflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_

from model.expr import Expr
from model.limits import attained, over
from model.promql import binary, call, eq, increase, length, max_by, metric, over_time, sum_by
from model.quantity import seconds
from model.rule import RecordingRule, Signal

JOB = "airflow-statsd"
_SCRAPE = "30s"
"""Interval of the StatsD exporter's monitor."""
NEVER_YET = "the StatsD exporter has it from the first such event on"
_BEAT = "dataops:airflow:scheduler_beat_timestamp_seconds"
DURATION, FAILED = "airflow_dagrun_duration", "airflow_dagrun_failed"
HEARD = max_by(metric("up", eq("job", JOB))) > 0
"""While the exporter is away nobody can hear of a heartbeat or a run; that is AirflowStatsdSilent."""


def _counted(name: str, window: str, *labels: str) -> Expr:
    return sum_by(increase(metric(name, may_be_absent=NEVER_YET), window), *labels)


def _ended(window: str) -> tuple[Expr, Expr]:
    """Runs that failed, and all that ended; a timer's count is the number of runs, and what never was counts none."""
    good, failed = _counted(f"{DURATION}_count", window), _counted(f"{FAILED}_count", window)
    return failed | good * 0, (good | failed * 0) + (failed | good * 0)


def _succeeded_in_a_day() -> Expr:
    """1 - failed / ended of :func:`_ended`, where what never was counts none if the other is there now.

    A day of counters is read three times in place of six: 0.24 s of processor time with 50 DAGs, every 30 s.
    """
    good, failed = _counted(f"{DURATION}_count", "24h"), _counted(f"{FAILED}_count", "24h")
    there = (max_by(metric(f"{name}_count", may_be_absent=NEVER_YET)) for name in (DURATION, FAILED))
    none = reduce(or_, there) * 0
    return 1 - (failed | none) / (((good | none) + (failed | none)) > 0)


def run_signals(promised: float | None) -> tuple[Signal, ...]:
    """``promised``: the share of runs that the objective wants to succeed."""
    hour_failed, hour_ended = _ended("1h")
    return (
        Signal(
            name="success_rate_24h",
            title="DAG run success in 24 hours",
            description="Share of the DAG runs that ended in 24 hours and succeeded.",
            good="95 % or more.",
            unit="percentunit",
            expr=_succeeded_in_a_day(),
            legend="{{cluster}}",
            record="dataops:airflow:dag_success_rate_24h",
            maximum=1,
            limits=attained(promised) if promised else (),
        ),
        Signal(
            name="failure_ratio_1h",
            title="DAG run failures in an hour",
            description="Share of the DAG runs that ended in the last hour and failed.",
            good="Below 5 %.",
            unit="percentunit",
            expr=hour_failed / (hour_ended > 0),
            legend="{{cluster}}",
            record="dataops:airflow:dag_failure_ratio_1h",
            maximum=1,
        ),
        Signal(
            name="runs_ended_1h",
            title="DAG runs ended in an hour",
            description="DAG runs that succeeded or failed in the last hour.",
            good="As many as the schedule has.",
            unit="short",
            expr=hour_ended,
            legend="{{cluster}}",
            record="dataops:airflow:dag_runs_ended_1h",
        ),
        Signal(
            name="failed_runs",
            title="Failed DAG runs by DAG",
            description="DAG runs that failed in the last hour, by DAG.",
            good="Nothing is shown.",
            unit="short",
            expr=_counted(f"{FAILED}_count", "1h", "dag_id") > 0,
            legend="{{dag_id}}",
        ),
        Signal(
            name="run_duration",
            title="Mean DAG run time",
            description="Mean time of a DAG's runs that succeeded in the last hour.",
            good="Steady for each DAG, and below its SLA.",
            unit="s",
            expr=_counted(f"{DURATION}_sum", "1h", "dag_id") / (_counted(f"{DURATION}_count", "1h", "dag_id") > 0),
            legend="{{dag_id}}",
            record="dataops:airflow_dag:run_duration_seconds",
        ),
        Signal(
            name="schedule_delay",
            title="Delay of DAG runs",
            description="Mean time by which a DAG's runs of the last hour started later than scheduled.",
            good="Seconds; minutes mean that the scheduler or the slots are short.",
            unit="s",
            expr=_counted("airflow_dagrun_schedule_delay_sum", "1h", "dag_id")
            / (_counted("airflow_dagrun_schedule_delay_count", "1h", "dag_id") > 0),
            legend="{{dag_id}}",
        ),
    )


def run_time_signals(limit: str | None) -> Iterator[Signal]:
    """``limit``: the time that the objective allows. The mapping of the exporter has these quantiles of a day."""
    for quantile, name in (("0.5", "P50"), ("0.95", "P95"), ("0.99", "P99")):
        yield Signal(
            name=f"run_time_{name.lower()}",
            title=f"DAG run time ({name})",
            description=f"Time within which {float(quantile):.0%} of a DAG's good runs of a day end; the slowest DAG.",
            good="Below what the objective allows.",
            unit="s",
            expr=max_by(metric(DURATION, eq("quantile", quantile), may_be_absent=NEVER_YET)),
            legend=f"{{{{cluster}}}} {name}",
            limits=over(warning=seconds(limit)) if limit else (),
        )


def limit_signals(sla: Mapping[str, str]) -> Iterator[Signal]:
    """Nothing where no DAG has a limit."""
    duration = metric("dataops:airflow_dag:run_duration_seconds")
    if sla:
        yield Signal(
            name="share_of_sla",
            title="DAG run time by SLA",
            description="Mean time of a DAG's runs of the last hour as a share of what its SLA allows.",
            good="Below 100 %. A run that has not ended yet is not seen.",
            unit="percentunit",
            expr=reduce(or_, (duration.where(eq("dag_id", dag)) / seconds(limit) for dag, limit in sla.items())),
            legend="{{dag_id}}",
            record="dataops:airflow_dag:share_of_sla",
        )


def beats() -> RecordingRule:
    """When a scheduler was last seen to beat, as long as it does.

    The heartbeat is a counter: the last beat is the newest sample that differs from the one a scrape before.
    """
    beat = metric("airflow_scheduler_heartbeat", may_be_absent=NEVER_YET)
    return RecordingRule(record=_BEAT, expr=max_by(call("timestamp", beat) & binary("!=", beat, beat.ago(_SCRAPE))))


def scheduler_signals() -> tuple[Signal, ...]:
    exporter = max_by(metric("up", eq("job", JOB)))
    return (
        Signal(
            name="scheduler_lag",
            title="Scheduler lag",
            description="Time since a scheduler's heartbeat was last seen, to within a scrape; a day where none was.",
            good="Below 30 seconds: schedulers send one every 5 seconds.",
            unit="s",
            # No beat within a day, or none ever, is a lag too: an expression without a value would be silent.
            expr=(call("time") - max_by(over_time("max", metric(_BEAT, may_be_absent=NEVER_YET), "1d")))
            | exporter * 0 + length("1d"),
            legend="{{cluster}}",
            record="dataops:airflow:scheduler_lag_seconds",
        ),
        Signal(
            name="import_errors",
            title="DAG import errors",
            description="DAG files that cannot be loaded: their DAGs do not run.",
            good="0.",
            unit="short",
            expr=max_by(metric("airflow_dag_processing_import_errors")),
            legend="{{cluster}}",
        ),
    )


def task_signals() -> tuple[Signal, ...]:
    def slots(name: str, title: str, description: str, good: str, label: str) -> Signal:
        # Each scheduler sends the same gauge; the exporter keeps the last, and a restarted one starts anew.
        return Signal(
            name=name,
            title=title,
            description=description,
            good=good,
            unit="short",
            expr=max_by(metric(f"airflow_{name}"), label),
            legend=f"{{{{{label}}}}} {title.lower()}",
        )

    def pool(state: str) -> Expr:
        return max_by(metric(f"airflow_pool_{state}_slots"), "pool")

    taken = pool("running") + pool("queued")
    return (
        Signal(
            name="task_duration",
            title="Mean task time by DAG",
            description="Mean time of the tasks that a DAG ended in the last hour.",
            good="Steady for each DAG.",
            unit="s",
            expr=_counted("airflow_task_duration_sum", "1h", "dag_id")
            / (_counted("airflow_task_duration_count", "1h", "dag_id") > 0),
            legend="{{dag_id}}",
        ),
        Signal(
            name="task_times",
            title="Task times",
            description="How many tasks take how long: of each task of a DAG the mean time of the last hour.",
            good="Dark where it always was; a darker patch further up is many tasks that became slow at once.",
            unit="s",
            expr=_counted("airflow_task_duration_sum", "1h", "dag_id", "task_id")
            / (_counted("airflow_task_duration_count", "1h", "dag_id", "task_id") > 0),
            legend="{{dag_id}} {{task_id}}",
        ),
        Signal(
            name="failed_tasks",
            title="Failed tasks by DAG",
            description="Task instances that failed in the last hour, by DAG; retries count each time.",
            good="0.",
            unit="short",
            expr=sum_by(
                increase(metric("airflow_ti_finish_by_task", eq("state", "failed"), may_be_absent=NEVER_YET), "1h"),
                "dag_id",
            ),
            legend="{{dag_id}}",
            limits=over(warning=0),
        ),
        Signal(
            name="pool_usage",
            title="Pool use",
            description="Share of a pool's slots that tasks have or wait in the executor for.",
            good="Below 100 % for most of the time: tasks wait for a full pool.",
            unit="percentunit",
            expr=taken / (taken + pool("open") > 0),
            legend="{{pool}}",
            maximum=1,
        ),
        slots("pool_open_slots", "Free pool slots", "Free slots of a pool.", "Above 0.", "pool"),
        slots(
            "pool_starving_tasks",
            "Starving tasks",
            "Tasks that wait for a slot of a pool.",
            "0 for most of the time.",
            "pool",
        ),
        slots(
            "executor_running_tasks",
            "Running tasks",
            "Tasks that an executor runs.",
            "Not 0 at busy hours.",
            "executor",
        ),
        slots(
            "executor_open_slots",
            "Free executor slots",
            "Tasks that an executor could still take.",
            "Above 0.",
            "executor",
        ),
        slots("executor_queued_tasks", "Queued tasks", "Tasks that wait for a worker.", "Not for long.", "executor"),
    )
