"""Iceberg tables of a catalog, as the stack's own exporter (exporters/iceberg) reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from model.dashboard import Panel, PanelKind
from model.rule import Severity
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import Domain, Section, System
from systems.base import Context, SystemSettings, panels, silence
from systems.iceberg.alerts import alerts
from systems.iceberg.signals import JOB, catalog_signals, table_signals


class Settings(SystemSettings):
    """``deletes_expected``: regular expressions of tables of which many files may be deleted in a day.

    ``minimum_files``: a table with fewer data files is not judged by its share of small ones.
    """

    needs: ClassVar[Mapping[str, str]] = {
        "exporters.iceberg": "it reads the catalog; Iceberg has no metrics of its own"
    }

    deletes_expected: tuple[str, ...] = ()
    minimum_files: int = Field(default=100, ge=1)


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*table_signals(settings.deletes_expected), *catalog_signals())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Iceberg exporter",
        name="IcebergExporterSilent",
        component="iceberg",
        severity=Severity.HIGH,
        hides="no alert on tables can fire, lost data included",
    )
    shown = list(panels(signals, *_PANELS))
    shown.append(Panel(title="Silent sources: Iceberg", kind=PanelKind.STAT, signals=(silent,)))
    return System(
        name="iceberg",
        title="Apache Iceberg",
        interval="30s",
        scrapes=(
            Scrape(
                name="iceberg-exporter",
                kind=ScrapeKind.PART,
                job=JOB,
                endpoints=(Endpoint(port="metrics", contract="iceberg"),),
            ),
        ),
        signals=(*signals.values(), silent),
        alerts=(*alerts(signals, settings.minimum_files), silent_alert),
        sections=(Section(domain=Domain.DATA, title="Apache Iceberg", panels=tuple(shown)),),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.TIMESERIES, "small_files_ratio"),
    (PanelKind.TIMESERIES, "files"),
    (PanelKind.TIMESERIES, "snapshots"),
    (PanelKind.BARGAUGE, "metadata_size"),
    (PanelKind.TIMESERIES, "size"),
    (PanelKind.TABLE, "compaction_due"),
    (PanelKind.TIMESERIES, "lost_files_share"),
    (PanelKind.TIMESERIES, "commit_lag"),
    (PanelKind.STAT, "tables"),
    (PanelKind.STAT, "unreadable_catalogs"),
)
