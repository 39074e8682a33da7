"""Spark on Kubernetes: the operator's applications, their drivers and executors, and a standalone cluster.

Names depend on the job's configuration; docs/how-to/spark.md has the fragment that every
SparkApplication needs (``spark.metrics.namespace=spark``, the PrometheusServlet sink).
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from model.config import Duration, Name
from model.dashboard import Panel, PanelKind
from model.promql import eq, max_by, metric
from model.rule import Severity
from model.scrape import METRICS_PATH, Endpoint, Relabeling, Scrape, ScrapeKind
from model.system import Domain, Section, System
from systems.base import Context, SystemSettings, panels, silence
from systems.objectives import InTime, Share
from systems.spark import standalone
from systems.spark.alerts import alerts
from systems.spark.details import detail_signals
from systems.spark.durations import duration_alerts, duration_signals, run_time_signals
from systems.spark.objectives import objectives
from systems.spark.signals import ONLY_WHILE_RUNNING, OPERATOR_JOB, application_signals, executor_signals
from systems.spark.standalone import Standalone


class Settings(SystemSettings):
    """``namespaces``: where SparkApplications run; ``operator_namespace``: where the operator runs.

    ``minimum_applications``: applications that must have ended in 10 minutes before their failure share can page;
    in an hour it is four times as many for the milder tier (one failure must stay below its 5 %).
    ``sla``: SparkApplication -> the time that a run of it may take; without one there is no alert on run times.
    ``success_objective``, ``latency``: what is promised of applications; null promises nothing.
    ``standalone``: a cluster of masters and workers beside the operator's applications.
    """

    namespaces: tuple[Name, ...] = Field(default=("spark-jobs", "data-processing"), min_length=1)
    operator_namespace: Name = "spark-operator"
    minimum_applications: int = Field(default=5, ge=1)
    sla: dict[str, Duration] = Field(default_factory=dict)
    success_objective: Share | None = 0.98
    latency: InTime | None = InTime()
    standalone: Standalone | None = None


def system(settings: Settings, context: Context) -> System:
    durations = (
        *duration_signals(settings.namespaces, settings.sla),
        *(run_time_signals(settings) if "kubernetes" in context.enabled else ()),
    )
    applications = application_signals(settings.success_objective)
    signals = {s.name: s for s in (*applications, *executor_signals(), *detail_signals(), *durations)}
    silent, silent_alert = silence(
        context,
        job=OPERATOR_JOB,
        title="Spark operator",
        name="SparkOperatorSilent",
        component="spark",
        severity=Severity.HIGH,
        hides="no alert on failing applications can fire",
    )
    shown = list(panels(signals, *_PANELS, may_lack=("run_times", "share_of_sla")))
    shown.append(Panel(title="Silent sources: Spark", kind=PanelKind.STAT, signals=(silent,)))
    found = System(
        name="spark",
        title="Apache Spark",
        interval="30s",  # 1m (spec 30-rules R07) would cost a page half of its 120 s
        scrapes=_scrapes(settings),
        signals=(*signals.values(), silent),
        alerts=(
            *alerts(signals, settings.minimum_applications),
            *(duration_alerts(signals["share_of_sla"]) if "share_of_sla" in signals else ()),
            silent_alert,
        ),
        slos=tuple(objectives(settings, kubernetes="kubernetes" in context.enabled)),
        available=max_by(metric("up", eq("job", OPERATOR_JOB))),
        sections=(Section(domain=Domain.WORKLOAD, title="Apache Spark", panels=tuple(shown)),),
    )
    return found if settings.standalone is None else _with_standalone(found, settings.standalone, context)


def _with_standalone(system: System, settings: Standalone, context: Context) -> System:
    signals = {s.name: s for s in standalone.signals()}
    silent, silent_alert = standalone.silent(context)
    return replace(
        system,
        scrapes=(*system.scrapes, *standalone.scrapes(settings)),
        signals=(*system.signals, *signals.values(), silent),
        alerts=(*system.alerts, *standalone.alerts(signals), silent_alert),
        sections=(*system.sections, standalone.section(signals, silent)),
    )


def _scrapes(settings: Settings) -> tuple[Scrape, ...]:
    # Spark labels driver pods spark-role=driver and names the UI port spark-ui (deploy/k8s/Constants.scala).
    # The driver answers for its executors too, so executors need no monitor of their own.
    labels = (
        Relabeling(source_labels=("__meta_kubernetes_pod_label_spark_app_selector",), target_label="spark_app_id"),
        Relabeling(source_labels=("__meta_kubernetes_pod_label_spark_app_name",), target_label="application"),
        Relabeling(source_labels=("__meta_kubernetes_pod_annotation_spark_job_name",), target_label="job_name"),
        METRICS_PATH,
    )
    driver = tuple(
        Endpoint(port="spark-ui", contract="spark", component=component, path=path, interval="15s", relabelings=labels)
        for component, path in (
            ("driver-servlet", "/metrics/prometheus"),
            ("executors-endpoint", "/metrics/executors/prometheus"),
        )
    )
    return (
        Scrape(
            name="spark-drivers",
            kind=ScrapeKind.POD_MONITOR,
            job="spark-driver",
            selector={"spark-role": "driver"},
            namespaces=settings.namespaces,
            endpoints=driver,
            may_be_absent=ONLY_WHILE_RUNNING,
        ),
        Scrape(
            name="spark-operator",
            kind=ScrapeKind.POD_MONITOR,
            job=OPERATOR_JOB,
            selector={"app.kubernetes.io/name": "spark-operator", "app.kubernetes.io/component": "controller"},
            namespaces=(settings.operator_namespace,),
            endpoints=(Endpoint(port="metrics", contract="spark-operator", interval="15s"),),
        ),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.STAT, "running_applications"),
    (PanelKind.STAT, "success_rate_24h"),
    (PanelKind.STAT, "operator_uptime"),
    (PanelKind.TIMESERIES, "applications_ended_10m", "applications_ended_1h"),
    (PanelKind.TIMESERIES, "failure_ratio_10m", "failure_ratio_1h"),
    (PanelKind.TIMESERIES, "application_duration"),
    (PanelKind.HISTOGRAM, "run_times"),
    (PanelKind.TIMESERIES, "share_of_sla"),
    (PanelKind.STAT, "active_jobs"),
    (PanelKind.TIMESERIES, "failed_stages"),
    (PanelKind.TIMESERIES, "executor_use"),
    (PanelKind.TIMESERIES, "executor_memory_usage"),
    (PanelKind.TIMESERIES, "gc_time_ratio"),
    (PanelKind.TIMESERIES, "shuffle_read", "shuffle_write"),
)
