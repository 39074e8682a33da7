"""The control plane of Kubernetes, source by source: what a managed cluster hides is not asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from pydantic import Field, model_validator

from model.config import Part
from model.dashboard import PanelKind
from model.rule import Alert, Severity, Signal
from model.system import Domain, RetentionClass, Section, System
from systems.base import Context, SystemSettings, panels, silence
from systems.control_plane.alerts import COMPONENT, alerts
from systems.control_plane.signals import (
    api_server_signals,
    controller_manager_signals,
    coredns_signals,
    etcd_signals,
    kube_proxy_signals,
    scheduler_signals,
)
from systems.control_plane.sources import (
    API_SERVER,
    CONTROLLER_MANAGER,
    COREDNS,
    ETCD,
    KUBE_PROXY,
    SCHEDULER,
    SOURCES,
    Source,
)


class Thresholds(Part):
    """Shares of requests, a time in seconds, a share of etcd's quota.

    Shares of requests count from ``minimum_requests`` (a second) on.
    """

    api_error_ratio: float = Field(default=0.01, gt=0, lt=1)
    api_slow_ratio: float = Field(default=0.01, gt=0, lt=1)
    etcd_fsync_seconds: float = Field(default=0.5, gt=0)
    etcd_database_usage: float = Field(default=0.80, gt=0, lt=1)
    dns_error_ratio: float = Field(default=0.01, gt=0, lt=1)
    minimum_requests: float = Field(default=1.0, gt=0)


class Settings(SystemSettings):
    """What to scrape. Managed clusters (GKE, EKS, AKS) show the API server, and CoreDNS where it is their DNS."""

    apiserver: bool = True
    etcd: bool = False
    scheduler: bool = False
    controller_manager: bool = False
    coredns: bool = True
    kube_proxy: bool = False
    thresholds: Thresholds = Thresholds()

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(source for source in SOURCES if getattr(self, source.setting))

    @model_validator(mode="after")
    def _watches_something(self) -> Self:
        if not self.sources:
            raise ValueError("every source is off; switch one on, or leave the system out")
        return self


_SIGNALS: dict[Source, Callable[[], tuple[Signal, ...]]] = {
    API_SERVER: api_server_signals,
    ETCD: etcd_signals,
    SCHEDULER: scheduler_signals,
    CONTROLLER_MANAGER: controller_manager_signals,
    COREDNS: coredns_signals,
    KUBE_PROXY: kube_proxy_signals,
}
# Without an alert of its own kube-proxy hides none; its targets are watched as every job's are (TargetDown).
_SILENT = {
    API_SERVER: ("API server", "ApiServerSilent", Severity.CRITICAL, "no alert on the API server can fire"),
    ETCD: ("etcd", "EtcdSilent", Severity.HIGH, "no alert on etcd can fire"),
    SCHEDULER: ("Scheduler", "SchedulerSilent", Severity.HIGH, "nobody sees whether new pods get a node"),
    CONTROLLER_MANAGER: (
        "Controller manager",
        "ControllerManagerSilent",
        Severity.HIGH,
        "nobody sees whether Deployments, Jobs and Endpoints follow",
    ),
    COREDNS: ("CoreDNS", "CoreDNSSilent", Severity.HIGH, "no alert on the cluster's DNS can fire"),
}
_PANELS: tuple[tuple[PanelKind, str, *tuple[str, ...]], ...] = (
    (PanelKind.TIMESERIES, "api_error_ratio", "api_slow_ratio"),
    (PanelKind.TIMESERIES, "api_requests"),
    (PanelKind.STAT, "client_certificate_life"),
    (PanelKind.STAT, "etcd_without_leader"),
    (PanelKind.TIMESERIES, "etcd_fsync_p99"),
    (PanelKind.GAUGE, "etcd_database_usage"),
    (PanelKind.TIMESERIES, "etcd_leader_changes"),
    (PanelKind.TIMESERIES, "pending_pods"),
    (PanelKind.TIMESERIES, "controller_queues"),
    (PanelKind.TIMESERIES, "dns_error_ratio"),
    (PanelKind.TIMESERIES, "dns_answers"),
    (PanelKind.TIMESERIES, "dns_latency_p99"),
    (PanelKind.TIMESERIES, "dns_cache_hit_ratio"),
    (PanelKind.TIMESERIES, "proxy_sync_p99"),
)


def system(settings: Settings, context: Context) -> System:
    signals = {signal.name: signal for source in settings.sources for signal in _SIGNALS[source]()}
    firing = [a for source in settings.sources for a in alerts(source, signals, settings.thresholds)]
    silent = [_silence(source, context) for source in settings.sources if source in _SILENT]
    shown = {**signals, **{signal.name: signal for signal, _ in silent}}
    rows: list[tuple[PanelKind, str, *tuple[str, ...]]] = [row for row in _PANELS if row[1] in shown]
    rows += [(PanelKind.STAT, signal.name) for signal, _ in silent]
    return System(
        name="control_plane",
        title="Control plane",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=tuple(source.scrape() for source in settings.sources),
        signals=tuple(shown.values()),
        alerts=(*firing, *(alert for _, alert in silent)),
        sections=(Section(domain=Domain.CAPACITY, title="Control plane", panels=panels(shown, *rows)),),
    )


def _silence(source: Source, context: Context) -> tuple[Signal, Alert]:
    title, name, severity, hides = _SILENT[source]
    return silence(context, job=source.job, title=title, name=name, component=COMPONENT, severity=severity, hides=hides)
