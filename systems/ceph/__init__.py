"""Ceph: its health, its OSDs and how full they are.

The manager's Prometheus module (port 9283) tells of the cluster, ceph-exporter (9926, one on each node) of the OSDs'
own counters. Only the active manager answers with data.
"""

from __future__ import annotations

from pydantic import Field

from model.config import Address, Duration, Name, Part
from model.dashboard import PanelKind
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import Capacity, Domain, RetentionClass, Section, System
from systems.base import Context, SystemSettings, panels, silence
from systems.ceph.alerts import alerts
from systems.ceph.signals import USAGE, cluster_signals, osd_signals

MANAGER_JOB, EXPORTER_JOB = "ceph-mgr", "ceph-exporter"


class Thresholds(Part):
    """Shares of raw capacity, and the mean time of an operation of one OSD; a slow OSD counts from some operations on.

    ``osd_usage`` is Ceph's own nearfull ratio by default.
    """

    usage: float = Field(default=0.80, gt=0, lt=1)
    osd_usage: float = Field(default=0.85, gt=0, lt=1)
    latency_seconds: float = Field(default=0.010, gt=0)
    minimum_operations: float = Field(default=10.0, gt=0)


class Settings(SystemSettings):
    """Rook's namespace, or for a Ceph outside the cluster the addresses (host:port) of all managers and exporters."""

    namespace: Name = "rook-ceph"
    manager_targets: tuple[Address, ...] = ()
    exporter_targets: tuple[Address, ...] = ()
    interval: Duration = "30s"  # 1m (spec 20-sources) would cost a page half of its 120 s
    thresholds: Thresholds = Thresholds()


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*cluster_signals(), *osd_signals())}
    silences = _silences(context)
    by_name = {**signals, **{signal.name: signal for signal, _ in silences}}
    shown = panels(by_name, *_PANELS)
    return System(
        name="ceph",
        title="Ceph",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=_scrapes(settings),
        signals=tuple(by_name.values()),
        alerts=(*alerts(signals, settings.thresholds), *(alert for _, alert in silences)),
        capacities=(Capacity(resource="ceph", usage=USAGE, days=3),),
        sections=(Section(domain=Domain.DATA, title="Block and file storage (Ceph)", panels=shown),),
    )


def _silences(context: Context) -> tuple[tuple[Signal, Alert], ...]:
    return (
        silence(
            context,
            job=MANAGER_JOB,
            title="Ceph manager",
            name="CephManagerSilent",
            component="ceph",
            severity=Severity.HIGH,
            hides="no alert on the health and the capacity of Ceph can fire",
        ),
        silence(
            context,
            job=EXPORTER_JOB,
            title="Ceph exporters",
            name="CephExporterSilent",
            component="ceph",
            severity=Severity.MEDIUM,
            hides="no alert on slow and full OSDs can fire",
        ),
    )


def _scrapes(settings: Settings) -> tuple[Scrape, ...]:
    # Rook: deploy/examples/monitoring/service-monitor.yaml and exporter-service-monitor.yaml.
    # Labels such as instance and namespace are those of what the manager tells of.
    return (
        _scrape(
            settings,
            MANAGER_JOB,
            app="rook-ceph-mgr",
            port="http-metrics",
            component="mgr",
            targets=settings.manager_targets,
        ),
        _scrape(
            settings,
            EXPORTER_JOB,
            app="rook-ceph-exporter",
            port="ceph-exporter-http-metrics",
            component="perf-counters",
            targets=settings.exporter_targets,
        ),
    )


def _scrape(settings: Settings, job: str, *, app: str, port: str, component: str, targets: tuple[str, ...]) -> Scrape:
    endpoint = Endpoint(
        port="" if targets else port,
        contract="ceph",
        component=component,
        interval=settings.interval,
        honor_labels=True,
    )
    if targets:
        return Scrape(name=job, kind=ScrapeKind.STATIC, job=job, targets=targets, endpoints=(endpoint,))
    return Scrape(
        name=job,
        kind=ScrapeKind.SERVICE_MONITOR,
        job=job,
        selector={"app": app, "rook_cluster": settings.namespace},
        namespaces=(settings.namespace,),
        endpoints=(endpoint,),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.STAT, "health"),
    (PanelKind.TABLE, "health_checks"),
    (PanelKind.GAUGE, "usage"),
    (PanelKind.TABLE, "osd_down"),
    (PanelKind.BARGAUGE, "osd_usage"),
    (PanelKind.TIMESERIES, "osd_latency"),
    (PanelKind.TIMESERIES, "unclean_pgs"),
    (PanelKind.BARGAUGE, "pool_usage"),
    (PanelKind.TIMESERIES, "reads", "writes"),
    (PanelKind.TIMESERIES, "bytes_read", "bytes_written"),
    (PanelKind.STAT, "ceph_mgr_silent", "ceph_exporter_silent"),
)
