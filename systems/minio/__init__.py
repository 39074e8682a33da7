"""MinIO: whether the object store answers, how fast, and how full it is.

MinIO has two families of metrics; these are those of version 2 (docs/metrics/prometheus/list.md). One node's cluster
endpoint tells of all nodes, so each series comes once from every node that is scraped: signals take the maximum of
those before they add. Drives alone are told of by their own node (cmd/metrics-v2.go, getLocalStorageMetrics).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from model.config import Address, Duration, Name, Part
from model.dashboard import PanelKind
from model.promql import max_by, metric
from model.rule import Severity
from model.scrape import METRICS_PATH, Endpoint, Scrape, ScrapeKind
from model.system import Capacity, Domain, RetentionClass, Section, System
from systems.access import Credential, TlsSettings
from systems.base import Context, SystemSettings, panels, silence
from systems.minio.alerts import alerts
from systems.minio.signals import QUOTA_USAGE, USAGE, capacity_signals, request_signals

JOB = "minio"
_SECRET = "minio-metrics"
_ENDPOINTS = ("cluster", "bucket", "node", "resource")


class Thresholds(Part):
    """Shares of the usable capacity; share of requests that fail; from where on a read is slow (5 % may be).

    MinIO counts reads by these bounds only. A share counts from ``minimum_requests`` (a second) on.
    """

    usage_warning: float = Field(default=0.80, gt=0, lt=1)
    usage_high: float = Field(default=0.85, gt=0, lt=1)
    slow_read_milliseconds: Literal[50, 100, 250, 500, 1000] = 100
    error_ratio: float = Field(default=0.01, gt=0, lt=1)
    minimum_requests: float = Field(default=1.0, gt=0)


class Settings(SystemSettings):
    """Where MinIO runs, or with ``targets`` (host:port) where it is outside the cluster: one of its nodes is enough.

    ``selector`` and ``port`` are those of its Service, by default the chart's; the operator's tenants have
    ``v1.min.io/tenant`` and ``http-minio`` or ``https-minio``. ``auth`` is a bearer token (`mc admin prometheus
    generate`); none where MINIO_PROMETHEUS_AUTH_TYPE is public.
    """

    namespace: Name = "minio"
    selector: dict[str, str] = Field(default={"app": "minio", "monitoring": "true"}, min_length=1)
    port: str = "http"
    targets: tuple[Address, ...] = ()
    interval: Duration = "30s"  # 1m (spec 20-sources) would cost a page half of its 120 s
    auth: Credential | None = None
    tls: TlsSettings | None = None
    thresholds: Thresholds = Thresholds()


def system(settings: Settings, context: Context) -> System:
    limits = settings.thresholds
    signals = {s.name: s for s in (*request_signals(limits.slow_read_milliseconds), *capacity_signals())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="MinIO",
        name="MinIOSilent",
        component="minio",
        severity=Severity.HIGH,
        hides="no alert on the object store can fire",
    )
    shown = panels({**signals, silent.name: silent}, *_PANELS, (PanelKind.STAT, silent.name))
    return System(
        name="minio",
        title="MinIO",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=_scrapes(settings),
        signals=(*signals.values(), silent),
        alerts=(*alerts(signals, limits), silent_alert),
        available=max_by(metric("minio_cluster_health_status")),
        capacities=(
            Capacity(resource="minio", usage=USAGE, days=3),
            Capacity(resource="bucket", usage=QUOTA_USAGE, labels=("bucket",)),
        ),
        sections=(Section(domain=Domain.DATA, title="Object storage (MinIO)", panels=shown),),
        secrets=settings.auth.secrets(_SECRET) if settings.auth else (),
    )


def _scrapes(settings: Settings) -> tuple[Scrape, ...]:
    # Service: helm/minio/templates/service.yaml and servicemonitor.yaml of minio/minio.
    endpoints = tuple(_endpoint(settings, what) for what in _ENDPOINTS)
    if settings.targets:
        return tuple(
            Scrape(
                name=f"minio-{what}", kind=ScrapeKind.STATIC, job=JOB, targets=settings.targets, endpoints=(endpoint,)
            )
            for what, endpoint in zip(_ENDPOINTS, endpoints, strict=True)
        )
    return (
        Scrape(
            name="minio",
            kind=ScrapeKind.SERVICE_MONITOR,
            job=JOB,
            selector=settings.selector,
            namespaces=(settings.namespace,),
            endpoints=endpoints,
        ),
    )


def _endpoint(settings: Settings, what: str) -> Endpoint:
    return Endpoint(
        port="" if settings.targets else settings.port,
        contract="minio",
        component=f"v2-{what}",
        path=f"/minio/v2/metrics/{what}",
        interval=settings.interval,
        scheme="https" if settings.tls else "http",
        relabelings=(METRICS_PATH,),
        auth=settings.auth.auth(_SECRET) if settings.auth else None,
        tls=settings.tls.tls if settings.tls else None,
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.STAT, "quorum_lost"),
    (PanelKind.STAT, "drives_offline", "nodes_offline"),
    (PanelKind.GAUGE, "usage"),
    (PanelKind.TIMESERIES, "error_ratio", "client_error_ratio"),
    (PanelKind.TIMESERIES, "requests"),
    (PanelKind.TIMESERIES, "requests_waiting"),
    (PanelKind.TIMESERIES, "latency"),
    (PanelKind.TIMESERIES, "slow_reads"),
    (PanelKind.TIMESERIES, "bucket_usage"),
    (PanelKind.STAT, "bucket_objects"),
    (PanelKind.BARGAUGE, "bucket_growth"),
    (PanelKind.BARGAUGE, "bucket_quota_usage"),
    (PanelKind.TIMESERIES, "drive_latency"),
)
