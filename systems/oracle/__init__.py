"""Oracle databases: each that ``exporters.oracle`` of the stack names, told apart by the label ``database``.

Beside the exporter's own metrics there are those of components/exporters/oracle-metrics.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from model.config import Part
from model.dashboard import PanelKind
from model.rule import Severity
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import Capacity, Domain, Section, System
from systems.base import Context, SystemSettings, panels, silence
from systems.oracle.alerts import alerts
from systems.oracle.signals import TABLESPACE_USAGE, WAITS, state_signals, wait_signal, work_signals

JOB = "oracle"


class Thresholds(Part):
    """Shares of a tablespace and of what the database allows; seconds of a mean statement and of a wait for a lock.

    A mean counts from ``minimum_executions`` in 5 minutes on.
    """

    tablespace_warning: float = Field(default=0.85, gt=0, lt=1)
    tablespace_high: float = Field(default=0.90, gt=0, lt=1)
    connections: float = Field(default=0.90, gt=0, lt=1)
    statement_seconds: float = Field(default=5.0, gt=0)
    lock_wait_seconds: float = Field(default=60.0, gt=0)
    minimum_executions: int = Field(default=10, ge=1)


class Settings(SystemSettings):
    """What there is to watch is named by ``exporters.oracle``, with how often it is asked."""

    needs: ClassVar[Mapping[str, str]] = {"exporters.oracle": "an exporter asks each database; Prometheus cannot"}
    thresholds: Thresholds = Thresholds()


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*state_signals(), *work_signals(), *map(wait_signal, WAITS))}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Oracle exporters",
        name="OracleExporterSilent",
        component="oracle",
        severity=Severity.HIGH,
        hides="no alert on any Oracle database can fire",
    )
    shown = panels({**signals, silent.name: silent}, *_PANELS, (PanelKind.STAT, silent.name))
    return System(
        name="oracle",
        title="Oracle Database",
        interval="30s",
        scrapes=(
            Scrape(
                name="oracle",
                kind=ScrapeKind.PART,
                job=JOB,
                endpoints=(Endpoint(port="metrics", contract="oracle-exporter", interval="1m"),),
            ),
        ),
        signals=(*signals.values(), silent),
        alerts=(*alerts(signals, settings.thresholds), silent_alert),
        capacities=(
            Capacity(resource="tablespace", usage=TABLESPACE_USAGE, labels=("database", "tablespace"), days=3),
        ),
        sections=(Section(domain=Domain.DATA, title="Oracle Database", panels=shown),),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.STAT, "down"),
    (PanelKind.BARGAUGE, "tablespace_usage"),
    (PanelKind.TIMESERIES, "connection_usage"),
    (PanelKind.TIMESERIES, "statement_time"),
    (PanelKind.TIMESERIES, *(f"wait_{kind}" for kind in WAITS)),
    (PanelKind.TIMESERIES, "lock_wait"),
    (PanelKind.TIMESERIES, "sessions"),
    (PanelKind.TABLE, "scrape_errors"),
)
