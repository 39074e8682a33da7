"""Isilon (PowerScale): each cluster that ``exporters.isilon`` names, as the stack's own exporter reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from model.config import Part
from model.dashboard import PanelKind
from model.rule import Severity
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import Capacity, Domain, RetentionClass, Section, System
from systems.base import Context, SystemSettings, panels, silence
from systems.isilon.alerts import alerts
from systems.isilon.signals import JOB, USAGE, capacity_signals, exporter_signals, health_signals, traffic_signals


class Thresholds(Part):
    """Shares of the file system and of a quota, and the mean time of an operation; a slow protocol counts from some
    operations a second on."""

    usage: float = Field(default=0.80, gt=0, lt=1)
    quota_usage: float = Field(default=0.80, gt=0, lt=1)
    latency_seconds: float = Field(default=0.010, gt=0)
    minimum_operations: float = Field(default=10.0, gt=0)


class Settings(SystemSettings):
    """What there is to watch is named by ``exporters.isilon``."""

    needs: ClassVar[Mapping[str, str]] = {"exporters.isilon": "it asks the cluster's API; OneFS cannot be scraped"}
    thresholds: Thresholds = Thresholds()


def system(settings: Settings, context: Context) -> System:
    of_cluster = (*capacity_signals(), *health_signals(), *traffic_signals(), *exporter_signals())
    signals = {s.name: s for s in of_cluster}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Isilon exporter",
        name="IsilonExporterSilent",
        component="isilon",
        severity=Severity.HIGH,
        hides="no alert on any Isilon can fire",
    )
    title = "Network storage (Isilon)"
    return System(
        name="isilon",
        title="Isilon",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=(
            Scrape(
                name="isilon-exporter",
                kind=ScrapeKind.PART,
                job=JOB,
                endpoints=(Endpoint(port="metrics", contract="isilon"),),
            ),
        ),
        signals=(*signals.values(), silent),
        alerts=(*alerts(signals, settings.thresholds), silent_alert),
        capacities=(Capacity(resource="isilon", usage=USAGE, labels=("isilon",), days=3),),
        sections=(
            Section(domain=Domain.CAPACITY, title=title, panels=panels(signals, *_CAPACITY)),
            Section(
                domain=Domain.DATA,
                title=title,
                panels=panels({**signals, silent.name: silent}, *_DATA, (PanelKind.STAT, silent.name)),
            ),
        ),
    )


_CAPACITY: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.GAUGE, "usage"),
    (PanelKind.BARGAUGE, "quota_usage"),
    (PanelKind.TABLE, "quotas_exceeded"),
)
_DATA: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.STAT, "health"),
    (PanelKind.TABLE, "nodes_ill"),
    (PanelKind.TABLE, "drives_ill"),
    (PanelKind.BARGAUGE, "events"),
    (PanelKind.TIMESERIES, "latency"),
    (PanelKind.TIMESERIES, "operations"),
    (PanelKind.TIMESERIES, "throughput"),
    (PanelKind.TIMESERIES, "disk_throughput"),
    (PanelKind.STAT, "unreadable"),
    (PanelKind.STAT, "parts_failed"),
)
