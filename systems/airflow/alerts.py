"""When Airflow needs a person."""

from __future__ import annotations

from model.rule import Alert, Severity, Signal
from systems.airflow.signals import HEARD
from systems.base import above, enough

LAG = 60
"""Seconds without a heartbeat after which the scheduler starts nothing."""


def alerts(signals: dict[str, Signal], minimum_runs: int) -> tuple[Alert, ...]:
    """Spec 30-rules A17 and T13 (C36: tiers), N08 and T13's failures (C68), N09."""
    return (
        above(
            "AirflowDagFailuresHigh",
            signals["failure_ratio_1h"],
            0.05,
            for_="5m",
            severity=Severity.HIGH,
            component="airflow",
            summary="{{ $value | humanizePercentage }} of Airflow's DAG runs fail",
            description="More than 5 % of the DAG runs that ended in the last hour failed.",
            guard=enough(signals["runs_ended_1h"], minimum_runs, signals["failure_ratio_1h"]),
        ),
        _failing_alert(signals["failing"]),
        *_scheduler_alerts(signals["scheduler_lag"]),
        *(_sla_alerts(signals["share_of_sla"]) if "share_of_sla" in signals else ()),
    )


def _failing_alert(failing: Signal) -> Alert:
    """A failed run is a line of a panel (C68), a DAG that nobody puts right an alert. Hourly ones run again first."""
    return above(
        "AirflowDagFailing",
        failing,
        0,
        for_="90m",
        severity=Severity.WARNING,
        component="airflow",
        summary="DAG {{ $labels.dag_id }} fails; its last good run was {{ $value | humanizeDuration }} ago or earlier",
        description="The DAG's last run failed, and none has succeeded for an hour and a half since.",
    )


def _scheduler_alerts(lag: Signal) -> tuple[Alert, ...]:
    summary = "Airflow's scheduler has not been heard of for {{ $value | humanizeDuration }}"
    return (
        above(
            "AirflowSchedulerLag",
            lag,
            LAG,
            for_="5m",
            severity=Severity.MEDIUM,
            component="airflow",
            summary=summary,
            description="No heartbeat of a scheduler for over a minute, 5 minutes long: nothing new is started.",
            guard=HEARD,
        ),
        above(
            "AirflowSchedulerLagElevated",
            lag,
            30,
            for_="2m",
            severity=Severity.WARNING,
            component="airflow",
            summary=summary,
            description="Heartbeats of the scheduler come more than 30 seconds late: tasks start late.",
            guard=HEARD,
        ),
    )


def _sla_alerts(share: Signal) -> tuple[Alert, ...]:
    summary = "Runs of DAG {{ $labels.dag_id }} take {{ $value | humanizePercentage }} of their SLA"
    return (
        above(
            "AirflowDagFarOverSla",
            share,
            1.5,
            for_="5m",
            severity=Severity.HIGH,
            component="airflow",
            summary=summary,
            description="The DAG's runs of the last hour took over one and a half times what their SLA allows.",
        ),
        above(
            "AirflowDagOverSla",
            share,
            1,
            for_="5m",
            severity=Severity.WARNING,
            component="airflow",
            summary=summary,
            description="The DAG's runs of the last hour took longer than their SLA allows.",
        ),
    )
