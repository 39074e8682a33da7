"""Apache Airflow, as it tells the StatsD exporter of the stack; docs/how-to/exporters.md has what Airflow must be told.

The mapping components/exporters/airflow-statsd.yaml decides names and labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from model.config import Duration
from model.dashboard import Panel, PanelKind
from model.promql import max_by, metric, rate
from model.rule import Severity
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import Domain, Section, System
from systems.airflow.alerts import alerts
from systems.airflow.failing import ends, failing
from systems.airflow.objectives import objectives
from systems.airflow.signals import (
    JOB,
    NEVER_YET,
    beats,
    limit_signals,
    run_signals,
    run_time_signals,
    scheduler_signals,
    task_signals,
)
from systems.base import Context, SystemSettings, panels, silence
from systems.objectives import InTime, Share


class Settings(SystemSettings):
    """``sla``: DAG id -> the time that a run of it may take; without one there is no alert on run times.

    ``minimum_runs``: runs that must have ended before a share of them can alert: in an hour for failures (three where
    all failed), in a burn-rate window for objectives. Of fewer than 20 one failure is more than the milder pair allows.
    ``success_objective``, ``latency``: what is promised of runs; null promises nothing. A DAG with an SLA must keep it,
    the others to the limit of ``latency``.
    """

    needs: ClassVar[Mapping[str, str]] = {
        "exporters.statsd": "Airflow sends StatsD; nothing else turns it into metrics"
    }

    sla: dict[str, Duration] = Field(default_factory=dict)
    minimum_runs: int = Field(default=20, ge=1)
    success_objective: Share | None = 0.95
    latency: InTime | None = InTime()


def system(settings: Settings, context: Context) -> System:
    runs = (
        *run_signals(settings.success_objective),
        *run_time_signals(settings.latency.limit if settings.latency else None),
    )
    found = (*runs, failing(), *limit_signals(settings.sla), *scheduler_signals(), *task_signals())
    signals = {s.name: s for s in found}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="StatsD exporter of Airflow",
        name="AirflowStatsdSilent",
        component="airflow",
        severity=Severity.HIGH,
        hides="no alert on DAGs or the scheduler can fire, and what Airflow sends is lost",
    )
    shown = list(panels(signals, *_PANELS, may_lack=("share_of_sla",)))
    shown.append(Panel(title="Silent sources: Airflow", kind=PanelKind.STAT, signals=(silent,)))
    return System(
        name="airflow",
        title="Apache Airflow",
        interval="30s",
        scrapes=(
            Scrape(
                name="airflow-statsd",
                kind=ScrapeKind.PART,
                job=JOB,
                endpoints=(Endpoint(port="http", contract="airflow"),),
            ),
        ),
        signals=(*signals.values(), silent),
        records=(beats(), *ends()),
        alerts=(*alerts(signals, settings.minimum_runs), silent_alert),
        slos=tuple(objectives(settings)),
        available=(max_by(rate(metric("airflow_scheduler_heartbeat", may_be_absent=NEVER_YET), "2m")) > 0) * 0 + 1,
        sections=(Section(domain=Domain.WORKLOAD, title="Apache Airflow", panels=tuple(shown)),),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.STAT, "success_rate_24h"),
    (PanelKind.TIMESERIES, "scheduler_lag"),
    (PanelKind.TIMESERIES, "runs_ended_1h"),
    (PanelKind.TIMESERIES, "failure_ratio_1h"),
    (PanelKind.TABLE, "failed_runs"),
    (PanelKind.TABLE, "failing"),
    (PanelKind.TIMESERIES, "run_duration"),
    (PanelKind.TIMESERIES, "share_of_sla"),
    (PanelKind.TIMESERIES, "run_time_p50", "run_time_p95", "run_time_p99"),
    (PanelKind.HEATMAP, "task_times"),
    (PanelKind.TIMESERIES, "failed_tasks"),
    (PanelKind.TIMESERIES, "schedule_delay"),
    (PanelKind.GAUGE, "pool_usage"),
    (PanelKind.TIMESERIES, "pool_open_slots", "pool_starving_tasks"),
    (PanelKind.TIMESERIES, "executor_running_tasks", "executor_open_slots", "executor_queued_tasks"),
    (PanelKind.STAT, "import_errors"),
)
