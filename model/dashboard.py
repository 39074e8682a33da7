"""Dashboards as values: what is shown and where it leads, not how Grafana spells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from model.rule import Signal
from model.source import Defined, must_be


class PanelKind(StrEnum):
    STAT = "stat"
    TIMESERIES = "timeseries"
    GAUGE = "gauge"
    BARGAUGE = "bargauge"
    TABLE = "table"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Values beyond ``value`` are bad: above it, or below it where ``above`` is False.

    ``severity`` names the alert tier that starts there; ``inclusive`` says that ``value`` itself is bad.
    """

    value: float
    severity: str
    above: bool = True
    inclusive: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel(Defined):
    """One panel. ``signals`` are shown together and share a unit; a text panel has ``text`` instead.

    ``width`` is in Grafana's 24 columns, ``height`` in its rows. ``link`` is the uid of the dashboard
    that a click leads to.
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

    ``cluster`` and ``datasource`` come by themselves.
    """

    name: str
    label: str
    metric: str


@dataclass(frozen=True, kw_only=True)
class Dashboard(Defined):
    """``level`` 0 is navigation, 1 a domain, 2 a detail; ``parent`` is the uid one level up."""

    uid: str
    title: str
    description: str
    level: int
    folder: str
    rows: tuple[Row, ...]
    parent: str | None = None
    variables: tuple[Variable, ...] = ()
    tags: tuple[str, ...] = field(default=("dataops",))

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)
