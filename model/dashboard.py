"""Dashboards as values: what is shown and where it leads, not how Grafana spells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from model.limits import Threshold as Threshold  # noqa: PLC0414 - part of what a panel is made of
from model.rule import Signal
from model.source import Defined, must_be


class PanelKind(StrEnum):
    STAT = "stat"
    TIMESERIES = "timeseries"
    GAUGE = "gauge"
    BARGAUGE = "bargauge"
    TABLE = "table"
    STATE_TIMELINE = "state-timeline"
    HISTOGRAM = "histogram"
    HEATMAP = "heatmap"
    LOGS = "logs"
    TEXT = "text"


OVER_TIME = (PanelKind.TIMESERIES, PanelKind.STATE_TIMELINE, PanelKind.HEATMAP)
"""Kinds that show the course of a value; all others show it at the end of the chosen time."""


class Store(StrEnum):
    """Where a lookup goes beside the metrics: Grafana's names of the data source types."""

    LOGS = "loki"
    TRACES = "tempo"


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A question to logs (LogQL) or traces (TraceQL). ``$variable`` in it are the dashboard's variables."""

    store: Store
    query: str
    legend: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel(Defined):
    """One panel. ``signals`` are shown together and share a unit; others have ``text`` or a ``lookup`` instead.

    ``width`` is in Grafana's 24 columns, ``height`` in its rows. ``link`` is the uid of the dashboard
    that a click leads to, ``carries`` are (variable there, label here): a click on one series chooses what it is about,
    and ``keeps`` are the variables whose choice stays. ``leads`` is the title of that dashboard. ``runbook`` is
    (alert, URL) where a click leads to what to do about it instead; ``runbooks`` is the URL of the folder of these
    pages, where each series is about an alert of its own. ``empty`` is what stands where there is nothing, and why.
    ``follows`` are those of the signals whose rates are taken over as long as one point of the time axis is wide.
    ``rules`` says which alerts watch what is shown, ``exemplars`` asks for the traces behind a series, and ``tiers``
    colours series that are named after the severity of alerts as those.
    """

    title: str
    kind: PanelKind
    signals: tuple[Signal, ...] = ()
    text: str = ""
    description: str = ""
    thresholds: tuple[Threshold, ...] = ()
    width: int = 8
    height: int = 8
    link: str | None = None
    lookup: Lookup | None = None
    carries: tuple[tuple[str, str], ...] = ()
    keeps: tuple[str, ...] = ()
    leads: str = "details"
    runbook: tuple[str, str] | None = None
    runbooks: str = ""
    empty: str = ""
    rules: tuple[str, ...] = ()
    follows: tuple[Signal, ...] = ()
    exemplars: bool = False
    tiers: bool = False

    @property
    def unit(self) -> str:
        """Grafana's id of the unit that the signals share; lines and events have none."""
        return self.signals[0].unit if self.signals else "short"

    def __post_init__(self) -> None:
        must_be(self.kind, PanelKind, f"{self.where}: kind of panel {self.title!r}")


@dataclass(frozen=True, kw_only=True)
class Row(Defined):
    """A titled group of panels. ``panels`` is never empty: a row without panels is left out instead."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, kw_only=True)
class Variable(Defined):
    """A template variable filled from the values of ``label`` on the series of ``metric``.

    ``cluster``, ``environment`` and the data sources come by themselves.
    """

    name: str
    label: str
    metric: str


@dataclass(frozen=True, kw_only=True)
class Field(Defined):
    """A text that the viewer types in, for lookups; ``default`` is what it is before that."""

    name: str
    title: str
    default: str = ""


@dataclass(frozen=True, kw_only=True)
class Dashboard(Defined):
    """``level`` 0 is navigation, 1 a domain, 2 a detail; ``parent`` is the uid one level up.

    ``trail`` are (uid, title) of all levels above, from the top; ``keys`` are the labels of the object that a detail
    is about: panels elsewhere whose series have them lead there.
    """

    uid: str
    title: str
    description: str
    level: int
    folder: str
    rows: tuple[Row, ...]
    parent: str | None = None
    trail: tuple[tuple[str, str], ...] = ()
    keys: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    fields: tuple[Field, ...] = ()
    tags: tuple[str, ...] = field(default=("dataops",))

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)
