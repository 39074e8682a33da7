"""Panels by the names of their signals: ``spark.gc_time_ratio``. What is not there leaves no gap.

A page is written for the whole platform. On a stack without Spark its panels of Spark are left out, and a page without
panels of its own is left out too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from model.dashboard import Dashboard, Field, Lookup, Panel, PanelKind, Row, Store, Variable
from model.problems import did_you_mean
from model.rule import Signal
from model.source import Defined
from model.system import System

__site_transparent__ = True
FOLDER = "DataOps"


@dataclass(frozen=True, kw_only=True)
class Wanted(Defined):
    """A panel to be. ``names`` are ``<system>.<signal>``; ``optional`` are there in some stacks only, by settings."""

    kind: PanelKind
    names: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    lookup: Lookup | None = None
    text: str = ""
    width: int = 8
    height: int = 8
    optional: bool = False
    exemplars: bool = False
    empty: str = ""


@dataclass(frozen=True, kw_only=True)
class Group(Defined):
    """A row to be."""

    title: str
    panels: tuple[Wanted, ...]


@dataclass(frozen=True, kw_only=True)
class Page(Defined):
    """A dashboard of level 2 to be.

    ``systems`` are those that it is about (one of them must be enabled; none named: always). ``keys`` are the labels
    of the object that it is about; ``related`` are systems whose panels lead here where no page has their keys.
    A variable whose metric no enabled system has is left out: ``variables`` maps the system that has it.
    """

    uid: str
    title: str
    description: str
    parent: str
    rows: tuple[Group, ...]
    systems: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    variables: tuple[tuple[str, Variable], ...] = ()
    fields: tuple[Field, ...] = ()
    needs: Store | None = None


def choosing_all(rows: Iterable[Row], variables: Iterable[Variable], asked: Iterable[str]) -> tuple[Row, ...]:
    """The rows, whose questions to logs take everything where a variable that they ask for is not there to choose by.

    ``asked`` are names of variables; their values are those of a system, which a stack may not have.
    """
    absent = sorted(set(asked) - {variable.name for variable in variables})
    if not absent:
        return tuple(rows)
    name = re.compile(rf"\$(?:{'|'.join(absent)})\b")

    def settled(panel: Panel) -> Panel:
        found = panel.lookup
        return replace(panel, lookup=replace(found, query=name.sub(".+", found.query))) if found else panel

    return tuple(replace(row, panels=tuple(map(settled, row.panels))) for row in rows)


def show(kind: PanelKind, *names: str, title: str = "", width: int = 8, optional: bool = False) -> Wanted:
    return Wanted(kind=kind, names=names, title=title, width=width, optional=optional)


class Shelf:
    """The signals of a stack, and which stores it has beside metrics."""

    def __init__(self, systems: Iterable[System], shared: Mapping[str, Signal], stores: Iterable[Store]) -> None:
        """``shared`` are signals that are no system's, under the names by which pages ask for them."""
        self._signals = {s.name: {signal.name: signal for signal in s.signals} for s in systems}
        self._shared = dict(shared)
        self.stores = frozenset(stores)

    def has(self, system: str) -> bool:
        return system in self._signals

    def panel(self, wanted: Wanted) -> Panel | None:
        """None where the stack has nothing to show in it. Raises ValueError for a signal that its system lacks."""
        if wanted.lookup is not None and wanted.lookup.store not in self.stores:
            return None
        signals = tuple(s for name in wanted.names if (s := self._signal(name, wanted)) is not None)
        if wanted.names and not signals:
            return None
        return Panel(
            title=wanted.title or signals[0].title,
            kind=wanted.kind,
            signals=signals,
            description=wanted.description,
            lookup=wanted.lookup,
            text=wanted.text,
            width=wanted.width,
            height=wanted.height,
            exemplars=wanted.exemplars and Store.TRACES in self.stores,
            empty=wanted.empty,
            where=wanted.where,
        )

    def rows(self, groups: Iterable[Group]) -> tuple[Row, ...]:
        found = []
        for group in groups:
            panels = tuple(p for wanted in group.panels if (p := self.panel(wanted)) is not None)
            if panels:
                found.append(Row(title=group.title, panels=panels, where=group.where))
        return tuple(found)

    def page(self, page: Page) -> Dashboard | None:
        """None where the stack has none of the page's systems, or not the store that it needs."""
        if (page.systems and not any(map(self.has, page.systems))) or not {page.needs} <= {None, *self.stores}:
            return None
        rows = self.rows(page.rows)
        if not rows:
            return None
        variables = tuple(variable for system, variable in page.variables if self.has(system))
        return Dashboard(
            uid=page.uid,
            title=f"DataOps - {page.title}",
            description=page.description,
            level=2,
            folder=FOLDER,
            parent=page.parent,
            rows=choosing_all(rows, variables, (variable.name for _, variable in page.variables)),
            variables=variables,
            fields=page.fields,
            keys=page.keys,
            where=page.where,
        )

    def _signal(self, name: str, wanted: Wanted) -> Signal | None:
        if name in self._shared:
            return self._shared[name]
        system, _, short = name.partition(".")
        if system not in self._signals:
            return None
        signal = self._signals[system].get(short)
        if signal is None and not wanted.optional:
            near = did_you_mean(short, sorted(self._signals[system]))
            raise ValueError(f"{wanted.where}: {system} has no signal {short!r}{near}")
        return signal
