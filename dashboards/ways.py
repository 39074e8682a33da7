"""Where a click on a panel leads, and what is chosen there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dashboards.pages import PAGES
from dashboards.queries import chosen_by
from model.dashboard import Dashboard, Panel, PanelKind
from model.promql import CLUSTER
from model.rule import Signal
from model.system import System

_EVERYWHERE = frozenset({"kubernetes", "nodes"})
"""Systems whose labels (namespace, pod, node …) mean the same whoever exposes them; ``cluster_name`` is a Trino in one
and a Kafka in another."""


class Ways:
    """The ways between dashboards: ``details`` are the pages of objects among ``dashboards``."""

    def __init__(
        self, dashboards: Sequence[Dashboard], details: Sequence[Dashboard], systems: Iterable[System]
    ) -> None:
        self._chosen = {dashboard.uid: chosen_by(dashboard) for dashboard in dashboards}
        self._owners = {id(signal): system.name for system in systems for signal in system.signals}
        about = {page.uid: frozenset(page.systems) for page in PAGES}
        self._objects = [(page, about[page.uid]) for page in details if page.keys]
        there = {page.uid for page in details}
        self._related = {name: page.uid for page in reversed(PAGES) if page.uid in there for name in page.related}

    def linked(self, dashboard: Dashboard) -> Dashboard:
        """Each panel leads to the page of the object that its series are about, else to that of its system."""

        def link(panel: Panel) -> Panel:
            found = self._linked(dashboard.uid, panel)
            chosen = {CLUSTER, *(variable for variable, _ in found.carries)}
            both = [v for v in self._chosen[dashboard.uid] if v in self._chosen.get(found.link or "", ())]
            return replace(found, keeps=tuple(v for v in both if v not in chosen) if found.carries else ())

        rows = tuple(replace(row, panels=tuple(map(link, row.panels))) for row in dashboard.rows)
        return replace(dashboard, rows=rows)

    def _linked(self, here: str, panel: Panel) -> Panel:
        if panel.link is not None or panel.kind is PanelKind.TEXT or not panel.signals:
            return panel
        owner = self._owners.get(id(panel.signals[0]), "")
        page = self._object(here, owner, panel.signals)
        if page is not None:
            labels = _labels(panel.signals)
            return replace(
                panel, link=page.uid, carries=tuple((v.name, v.label) for v in page.variables if v.label in labels)
            )
        uid = self._related.get(owner)
        return replace(panel, link=uid) if uid is not None and uid != here else panel

    def _object(self, here: str, owner: str, signals: Sequence[Signal]) -> Dashboard | None:
        """The page whose keys all these signals have, with the meaning that they have there."""
        labels = _labels(signals)
        for page, about in self._objects:
            if page.uid != here and labels >= set(page.keys) and about & {owner, *_EVERYWHERE}:
                return page
        return None


def _labels(signals: Iterable[Signal]) -> frozenset[str]:
    return frozenset.intersection(*(frozenset(signal.legend_labels) for signal in signals))
