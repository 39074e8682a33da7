"""How long applications take: what the operator adds up, and what each may take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from model.expr import Expr
from model.limits import over
from model.promql import binary, call, eq, increase, matching, max_by, metric, sum_by
from model.quantity import seconds
from model.rule import Alert, Severity, Signal
from systems.base import above

if TYPE_CHECKING:
    from systems.spark import Settings

_TIME = "spark_application_success_execution_time_seconds"
_NEVER = "the operator exposes it from the first such application on"


def duration_signals(namespaces: tuple[str, ...], sla: Mapping[str, str]) -> Iterator[Signal]:
    """``sla``: SparkApplication -> the time that it may take; without one there is no signal of it."""
    taken, ended = (sum_by(increase(metric(_TIME + part, may_be_absent=_NEVER), "24h")) for part in ("_sum", "_count"))
    yield Signal(
        name="application_duration",
        title="Mean application time",
        description="Mean time of the applications that succeeded in 24 hours. The operator keeps no quantiles.",
        good="Steady.",
        unit="s",
        expr=taken / (ended > 0),
        legend="{{cluster}}",
        record="dataops:spark:application_duration_avg_24h",
    )
    if sla:
        yield Signal(
            name="share_of_sla",
            title="Running time by SLA",
            description="Time since the driver of a running application started, as a share of what its SLA allows.",
            good="Below 100 %.",
            unit="percentunit",
            expr=reduce(or_, (_running(name, namespaces) / seconds(limit) for name, limit in sla.items())),
            legend="{{namespace}}/{{pod}}",
            record="dataops:spark_driver:share_of_sla",
            scope=("cluster", "namespace"),
        )


def run_time_signals(settings: Settings) -> Iterator[Signal]:
    """Needs the metrics of pods: the operator adds up times, and drivers vanish before they tell theirs."""
    start, end = (
        max_by(
            metric(
                f"kube_pod_{what}_time",
                matching("namespace", "|".join(settings.namespaces)),
                matching("pod", ".+-driver"),
                may_be_absent="no driver may be there, or none has ended",
            ),
            "namespace",
            "pod",
        )
        for what in ("start", "completion")
    )
    yield Signal(
        name="run_times",
        title="Run times of applications",
        description="How many drivers took how long, of those that are there: from the start to the end, or until now.",
        good="Most where they always were, and none beyond its SLA.",
        unit="s",
        expr=(end | start * 0 + call("time")) - start,
        legend="{{namespace}}/{{pod}}",
        scope=("cluster", "namespace"),
        limits=over(warning=seconds(settings.latency.limit)) if settings.latency else (),
    )


def _running(name: str, namespaces: tuple[str, ...]) -> Expr:
    """Seconds. The operator names drivers <application>-driver; those of a schedule have a time before the end."""
    none = "the application may not be running"
    driver = (
        matching("namespace", "|".join(namespaces)),
        matching("pod", f"{re.escape(name)}(-[0-9]+)?-driver"),
    )
    phase = metric("kube_pod_status_phase", eq("phase", "Running"), *driver, may_be_absent=none)
    started = metric("kube_pod_start_time", *driver, may_be_absent=none)
    alive = binary("and", started, binary("==", phase, 1), on=("namespace", "pod"))
    return call("time") - max_by(alive, "namespace", "pod")


def duration_alerts(share: Signal) -> tuple[Alert, ...]:
    """Spec 30-rules N09 and T12."""
    summary = "{{ $labels.namespace }}/{{ $labels.pod }} has taken {{ $value | humanizePercentage }} of its SLA"
    return (
        above(
            "SparkApplicationFarOverSla",
            share,
            1.5,
            for_="1m",
            severity=Severity.HIGH,
            component="spark",
            summary=summary,
            description="The application has run for over one and a half times what its SLA allows, and still runs.",
        ),
        above(
            "SparkApplicationOverSla",
            share,
            1,
            for_="1m",
            severity=Severity.WARNING,
            component="spark",
            summary=summary,
            description="The application has run for longer than its SLA allows, and still runs.",
        ),
    )
