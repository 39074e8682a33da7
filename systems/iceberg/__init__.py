"""Iceberg tables of a catalog, as the stack's own exporter (exporters/iceberg) reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from model.config import Duration, Part
from model.dashboard import Panel, PanelKind
from model.quantity import seconds
from model.rule import Severity
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.sli import beyond
from model.slo import Slo
from model.system import Domain, Section, System
from systems.base import Context, SystemSettings, panels, silence
from systems.iceberg.alerts import alerts
from systems.iceberg.signals import JOB, catalog_signals, table_age, table_signals
from systems.objectives import Share


class Freshness(Part):
    """``objective``: the share of tables whose data must have changed within ``max_age``.

    ``except_tables``: regular expressions of tables that are not filled all day. Of fewer than ``minimum_tables`` one
    is too large a share to be told by.
    """

    objective: Share = 0.95
    max_age: Duration = "2h"
    except_tables: tuple[str, ...] = ()
    minimum_tables: int = Field(default=5, ge=1)


class Settings(SystemSettings):
    """``deletes_expected``: regular expressions of tables of which many files may be deleted in a day.

    ``minimum_files``: a table with fewer data files is not judged by its share of small ones.
    ``freshness``: what is promised of tables; null promises nothing.
    """

    needs: ClassVar[Mapping[str, str]] = {
        "exporters.iceberg": "it reads the catalog; Iceberg has no metrics of its own"
    }

    deletes_expected: tuple[str, ...] = ()
    minimum_files: int = Field(default=100, ge=1)
    freshness: Freshness | None = Freshness()


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
        slos=() if settings.freshness is None else (_freshness(settings.freshness),),
        sections=(Section(domain=Domain.DATA, title="Apache Iceberg", panels=tuple(shown)),),
    )


def _freshness(wanted: Freshness) -> Slo:
    old, tables = beyond(table_age(wanted.except_tables), "lte", seconds(wanted.max_age))
    return Slo(
        name="data_freshness",
        title="Fresh tables",
        description=f"Share of the Iceberg tables whose data has changed within {wanted.max_age}.",
        objective=wanted.objective,
        window="24h",
        bad=old,
        total=tables,
        component="iceberg",
        minimum_objects=wanted.minimum_tables,
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
