"""Trino's own metrics, of coordinators and workers, as trinodb/charts installs them.

Series for each query do not exist: what is said of slow queries comes from counters and from quantiles of all queries.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from model.config import Duration, Name, Part
from model.dashboard import Panel, PanelKind
from model.promql import eq, max_by, metric
from model.rule import Severity
from model.scrape import Endpoint, Relabeling, Scrape, ScrapeKind
from model.sli import events
from model.slo import Slo
from model.system import Domain, Section, System
from systems.access import Credential, TlsSettings
from systems.base import Context, SystemSettings, panels, silence
from systems.objectives import Share
from systems.trino.alerts import alerts
from systems.trino.signals import (
    COMPLETED,
    COORDINATOR_JOB,
    FAILURES,
    WORKER_JOB,
    availability_signal,
    cluster_signals,
    query_signals,
    worker_signals,
)

_SECRET = "trino-scrape"


class Limits(Part):
    """``slow``: how long a query may take. ``minimum_queries`` must have ended in 15 minutes before a share alerts."""

    slow: Duration = "10m"
    minimum_queries: int = Field(default=20, ge=1)


class Settings(SystemSettings):
    """Where Trino runs. Its endpoint wants at least a user; one without a password is enough where it asks for none.

    ``worker_deployments``: regular expression of the Deployments of workers, whose replicas are the wanted number.
    ``success_objective``: what is promised of queries; null promises nothing.
    """

    namespace: Name = "trino"
    scheme: Literal["http", "https"] = "http"
    auth: Credential = Credential(kind="basic", username="observability")
    tls: TlsSettings | None = None
    interval: Duration = "30s"
    worker_deployments: str = Field(default=".*trino-worker", min_length=1)
    limits: Limits = Limits()
    success_objective: Share | None = 0.99


def system(settings: Settings, context: Context) -> System:
    found = [*query_signals(settings.limits.slow), *cluster_signals(), *worker_signals()]
    if "kubernetes" in context.enabled:
        found.append(availability_signal(settings.worker_deployments))
    signals = {s.name: s for s in found}
    silent, silent_alert = silence(
        context,
        job=COORDINATOR_JOB,
        title="Trino coordinator",
        name="TrinoCoordinatorSilent",
        component="trino",
        severity=Severity.HIGH,
        hides="no alert on queries can fire and perhaps no query is answered",
    )
    shown = list(panels(signals, *_PANELS, may_lack=("worker_availability",)))
    shown.append(Panel(title="Silent sources: Trino", kind=PanelKind.STAT, signals=(silent,)))
    return System(
        name="trino",
        title="Trino",
        interval="30s",
        scrapes=(_scrape("coordinator", COORDINATOR_JOB, settings), _scrape("worker", WORKER_JOB, settings)),
        signals=(*signals.values(), silent),
        alerts=(*alerts(signals, settings.limits.minimum_queries), silent_alert),
        slos=() if settings.success_objective is None else (_success(settings.success_objective),),
        available=max_by(metric("up", eq("job", COORDINATOR_JOB))),
        sections=(Section(domain=Domain.WORKLOAD, title="Trino", panels=tuple(shown)),),
        secrets=settings.auth.secrets(_SECRET),
    )


def _success(objective: float) -> Slo:
    return Slo(
        name="trino_success",
        title="Query success",
        description="Share of the queries that end without a failure of Trino or of what it reads.",
        objective=objective,
        window="24h",
        bad=events(*FAILURES),
        total=events(COMPLETED),
        component="trino",
        # Fewer say nothing of 99 %: one failure in a hundred queries spends no budget faster than it lasts.
        minimum_events=100,
        work=True,
    )


def _scrape(component: str, job: str, settings: Settings) -> Scrape:
    # Labels and port: trinodb/charts charts/trino templates/service-{coordinator,worker}.yaml, _helpers.tpl.
    labels = (
        Relabeling(
            source_labels=("__meta_kubernetes_pod_label_app_kubernetes_io_instance",), target_label="cluster_name"
        ),
        # A label of its own wins where there is one (spec 20-sources 2).
        Relabeling(
            source_labels=("__meta_kubernetes_pod_label_trino_cluster",), target_label="cluster_name", regex="(.+)"
        ),
    )
    return Scrape(
        name=job,
        kind=ScrapeKind.SERVICE_MONITOR,
        job=job,
        selector={"app.kubernetes.io/name": "trino", "app.kubernetes.io/component": component},
        namespaces=(settings.namespace,),
        endpoints=(
            Endpoint(
                port=settings.scheme,
                contract="trino",
                component=component,
                interval=settings.interval,
                scheme=settings.scheme,
                relabelings=labels,
                auth=settings.auth.auth(_SECRET),
                tls=settings.tls.tls if settings.tls else None,
            ),
        ),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.STAT, "query_success_rate_24h"),
    (PanelKind.STAT, "running_queries"),
    (PanelKind.STAT, "worker_availability"),
    (PanelKind.TIMESERIES, "query_failure_ratio_15m"),
    (PanelKind.TIMESERIES, "failures_by_system", "failures_by_user"),
    (PanelKind.TIMESERIES, "query_wall_time_p95"),
    (PanelKind.TIMESERIES, "long_running_queries", "queued_queries"),
    (PanelKind.TIMESERIES, "slow_queries_1h"),
    (PanelKind.GAUGE, "memory_pool_usage"),
    (PanelKind.TIMESERIES, "worker_memory_usage"),
    (PanelKind.TIMESERIES, "cpu_time"),
)
