"""All dashboards of a stack, and how one leads to the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dashboards.domains import domain_dashboards
from dashboards.journey import journey
from dashboards.objectives import attainment, availability, objectives_dashboard
from dashboards.overview import UID as OVERVIEW
from dashboards.overview import overview
from dashboards.pages import PAGES
from dashboards.queries import rate_window
from dashboards.shelf import Shelf
from dashboards.signals import SHARED, VIOLATIONS, WORST_BUDGET
from dashboards.ways import Ways
from model.dashboard import OVER_TIME, Dashboard, Panel, Store
from model.rule import Alert, Signal
from model.system import System
from slo.rules import SloRules

_REACHED = "platform.attainment_of_objective"


def dashboards_of(
    systems: Sequence[System],
    objectives: Sequence[SloRules],
    alerts: Sequence[Alert],
    stores: Iterable[Store],
    runbooks: str,
) -> tuple[Dashboard, ...]:
    """Level 0 first, then the domains and the objectives, then the details.

    ``stores`` are those that the stack has beside metrics, ``runbooks`` the URL of the folder of <Alert>.md. Raises
    ValueError for a page that asks for a signal that its system does not have.
    """
    shared = _shared(systems, objectives)
    shelf = Shelf(systems, shared, stores)
    domains = domain_dashboards(systems, shelf, parent=OVERVIEW)
    budgets = objectives_dashboard(objectives, parent=OVERVIEW, reached=shared.get(_REACHED))
    below = (*domains, *((budgets,) if budgets else ()))
    details = tuple(found for page in PAGES if (found := shelf.page(page)) is not None)
    top = overview(shelf, below, details, alerts)
    every = (top, *below, *details)
    ways = Ways(every, details, systems, alerts, runbooks)
    return _with_trails(_following(map(ways.linked, every), alerts))


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
        found |= {f"platform.{signal.name}": signal for signal in (*more, availability(objectives)) if signal}
    return found


def _following(dashboards: Iterable[Dashboard], alerts: Iterable[Alert]) -> tuple[Dashboard, ...]:
    """Rates over time are taken over as long as a point is wide: in seven days ten minutes, of which a range of five
    would pass over every second one.

    What an alert computes stays as it is, also in its guard: a panel shows what was judged.
    """
    watched = {id(alert.signal) for alert in alerts}
    judged = "\n".join(str(alert.expr) for alert in alerts)

    def settled(panel: Panel) -> Panel:
        if panel.kind not in OVER_TIME:
            return panel
        rates = (s for s in panel.signals if id(s) not in watched and rate_window(s.query) is not None)
        return replace(panel, follows=tuple(s for s in rates if str(s.query) not in judged))

    def with_rows(dashboard: Dashboard) -> Dashboard:
        rows = tuple(replace(row, panels=tuple(map(settled, row.panels))) for row in dashboard.rows)
        return replace(dashboard, rows=rows)

    return tuple(map(with_rows, dashboards))


def _with_trails(dashboards: Sequence[Dashboard]) -> tuple[Dashboard, ...]:
    by_uid = {dashboard.uid: dashboard for dashboard in dashboards}

    def trail(dashboard: Dashboard) -> tuple[tuple[str, str], ...]:
        above = by_uid.get(dashboard.parent or "")
        return (*trail(above), (above.uid, above.title)) if above is not None else ()

    return tuple(replace(dashboard, trail=trail(dashboard)) for dashboard in dashboards)
