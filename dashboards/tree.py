"""All dashboards of a stack, and how one leads to the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dashboards.domains import domain_dashboards
from dashboards.journey import journey
from dashboards.objectives import attainment, objectives_dashboard
from dashboards.overview import UID as OVERVIEW
from dashboards.overview import overview
from dashboards.pages import PAGES
from dashboards.shelf import Shelf
from dashboards.signals import SHARED, VIOLATIONS, WORST_BUDGET
from model.dashboard import Dashboard, Panel, PanelKind, Store
from model.rule import Alert, Signal
from model.system import System
from slo.rules import SloRules

_REACHED = "platform.attainment_of_objective"


def dashboards_of(
    systems: Sequence[System], objectives: Sequence[SloRules], alerts: Sequence[Alert], stores: Iterable[Store]
) -> tuple[Dashboard, ...]:
    """Level 0 first, then the domains and the objectives, then the details.

    ``stores`` are those that the stack has beside metrics. Raises ValueError for a page that asks for a signal that
    its system does not have.
    """
    shared = _shared(systems, objectives)
    shelf = Shelf(systems, shared, stores)
    domains = domain_dashboards(systems, shelf, parent=OVERVIEW)
    budgets = objectives_dashboard(objectives, parent=OVERVIEW, reached=shared.get(_REACHED))
    below = (*domains, *((budgets,) if budgets else ()))
    details = tuple(found for page in PAGES if (found := shelf.page(page)) is not None)
    top = overview(shelf, below, details, alerts)
    owners = {id(signal): system.name for system in systems for signal in system.signals}
    related = {name: page.uid for page in reversed(PAGES) for name in page.related}
    there = {dashboard.uid for dashboard in details}
    linked = (_linked(d, details, owners, {n: u for n, u in related.items() if u in there}) for d in (*below, *details))
    return _with_trails((top, *linked))


def signals_of(
    dashboards: Iterable[Dashboard], systems: Iterable[System], objectives: Iterable[SloRules]
) -> list[Signal]:
    """The signals on the dashboards that are neither a system's nor an objective's, once each.

    What a system shows in its own sections is its own, whether it lists it or not: not to do so is a finding.
    """
    sections = (section for system in systems for section in system.sections)
    owned = {id(s) for section in sections for panel in section.panels for s in panel.signals}
    owned |= {id(s) for system in systems for s in system.signals} | {id(s) for o in objectives for s in o.signals}
    shown = {id(s): s for d in dashboards for panel in d.panels for s in panel.signals if id(s) not in owned}
    return list(shown.values())


def _shared(systems: Sequence[System], objectives: Sequence[SloRules]) -> dict[str, Signal]:
    found = SHARED | journey(systems) | {f"slo.{s.name}": s for objective in objectives for s in objective.signals}
    if objectives:
        more = (WORST_BUDGET, VIOLATIONS, attainment(objectives))
        found |= {f"platform.{signal.name}": signal for signal in more}
    return found


def _linked(
    dashboard: Dashboard, details: Sequence[Dashboard], owners: Mapping[int, str], related: Mapping[str, str]
) -> Dashboard:
    """Each panel leads to the page of the object that its series are about, else to that of its system."""

    def link(panel: Panel) -> Panel:
        if panel.link is not None or panel.kind is PanelKind.TEXT or not panel.signals:
            return panel
        labels = frozenset.intersection(*(frozenset(s.legend_labels) for s in panel.signals))
        for page in details:
            if page.uid != dashboard.uid and page.keys and labels >= set(page.keys):
                carries = tuple((v.name, v.label) for v in page.variables if v.label in labels)
                return replace(panel, link=page.uid, carries=carries)
        uid = related.get(owners.get(id(panel.signals[0]), ""))
        return replace(panel, link=uid) if uid is not None and uid != dashboard.uid else panel

    rows = tuple(replace(row, panels=tuple(link(panel) for panel in row.panels)) for row in dashboard.rows)
    return replace(dashboard, rows=rows)


def _with_trails(dashboards: Sequence[Dashboard]) -> tuple[Dashboard, ...]:
    by_uid = {dashboard.uid: dashboard for dashboard in dashboards}

    def trail(dashboard: Dashboard) -> tuple[tuple[str, str], ...]:
        above = by_uid.get(dashboard.parent or "")
        return (*trail(above), (above.uid, above.title)) if above is not None else ()

    return tuple(replace(dashboard, trail=trail(dashboard)) for dashboard in dashboards)
