"""Where a click on a panel leads, and what is chosen there.

The nearest way counts: the page of the object that the series are about, the page of their system, the dashboard where
they are at home, the runbook of the alert that watches them. Where all that is here already, the page that is opened
next by whoever found nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from alerting.settings import order
from dashboards.pages import PAGES
from dashboards.queries import chosen_by
from model.dashboard import Dashboard, Panel, PanelKind
from model.promql import CLUSTER
from model.rule import Alert, Signal
from model.system import System

_EVERYWHERE = frozenset({"kubernetes", "nodes"})
"""Systems whose labels (namespace, pod, node …) mean the same whoever exposes them; ``cluster_name`` is a Trino in one
and a Kafka in another."""
SAME = frozenset({"namespace", "pod", "node", "slo"})
"""Labels that are one thing wherever they stand."""
HOMES: Mapping[str, str] = {
    "alerts_by_severity": "dataops-incident",
    "attainment_of_objective": "dataops-slo",
    "bottleneck": "dataops-e2e",
    "critical_alerts": "dataops-incident",
    "firing_alerts": "dataops-incident",
    "heartbeat": "dataops-observability",
    "high_alerts": "dataops-incident",
    "job_success": "dataops-workload",
    "jobs_ended": "dataops-workload",
    "objective_violations": "dataops-slo",
    "pending_alerts": "dataops-incident",
    "stage_time": "dataops-e2e",
    "stages_up": "dataops-e2e",
    "targets_down": "dataops-observability",
    "targets_up": "dataops-observability",
    "utilisation": "dataops-capacity",
    "worst_error_budget": "dataops-slo",
}
"""Of signals that are no system's; those of objectives are at home where the objectives are."""
_LOGS = "dataops-logs"
_LAST = "dataops-incident"
NEXT: Mapping[str, str] = {
    "dataops-overview": _LAST,
    "dataops-gitops": "dataops-errors",
    "dataops-capacity": "dataops-capacity-planning",
    "dataops-workload": "dataops-errors",
    "dataops-data": "dataops-e2e",
    "dataops-optimisation": "dataops-errors",
    "dataops-e2e": "dataops-optimisation",
    "dataops-observability": _LOGS,
    "dataops-slo": _LAST,
    "dataops-argocd-application": "dataops-errors",
    "dataops-pod": _LOGS,
    "dataops-volume": "dataops-capacity-planning",
    "dataops-node": "dataops-timeline",
    "dataops-kubernetes": "dataops-timeline",
    "dataops-timeline": _LAST,
    "dataops-capacity-planning": "dataops-timeline",
    "dataops-spark-job": _LOGS,
    "dataops-airflow-dag": "dataops-errors",
    "dataops-trino": "dataops-errors",
    "dataops-redis": "dataops-errors",
    "dataops-iceberg-table": "dataops-storage",
    "dataops-storage": "dataops-capacity-planning",
    _LAST: "dataops-errors",
    "dataops-errors": _LOGS,
    _LOGS: "dataops-pillars",
    "dataops-pillars": "dataops-errors",
    "dataops-application": "dataops-pillars",
    "dataops-certificates": _LAST,
}
"""Dashboard -> the one to go on to where nothing is nearer; where a stack lacks it, to the incident."""
_NUMBER = re.compile(r"^DataOps - (\d+\. )?")


class Ways:
    """The ways between dashboards: ``details`` are the pages of objects among ``dashboards``.

    ``runbooks`` is the URL of the folder with the page of each alert.
    """

    def __init__(
        self,
        dashboards: Sequence[Dashboard],
        details: Sequence[Dashboard],
        systems: Iterable[System],
        alerts: Iterable[Alert],
        runbooks: str,
    ) -> None:
        self._all = {dashboard.uid: dashboard for dashboard in dashboards}
        self._chosen = {dashboard.uid: chosen_by(dashboard) for dashboard in dashboards}
        self._owners: dict[int, str] = {}
        self._homes: dict[str, str] = {}
        for system in systems:
            self._owners |= {id(signal): system.name for signal in system.signals}
            if system.sections:
                self._homes[system.name] = f"dataops-{system.sections[0].domain.value}"
        self._about = {page.uid: frozenset(page.systems) for page in PAGES}
        self._objects = [page for page in details if page.keys]
        there = {page.uid for page in details}
        self._related = {name: page.uid for page in reversed(PAGES) if page.uid in there for name in page.related}
        worst_last = sorted(alerts, key=lambda alert: order(alert.severity), reverse=True)
        self._watching = {id(alert.signal): alert.name for alert in worst_last}
        self._runbooks = runbooks.rstrip("/")

    def linked(self, dashboard: Dashboard) -> Dashboard:
        """Each panel leads somewhere, but for words, which have their links in them."""
        rows = tuple(
            replace(row, panels=tuple(self._linked(dashboard, panel) for panel in row.panels)) for row in dashboard.rows
        )
        return replace(dashboard, rows=rows)

    def _linked(self, here: Dashboard, panel: Panel) -> Panel:
        uid = panel.link
        if uid is None and panel.kind is not PanelKind.TEXT:
            uid = self._near(here, panel.signals) if panel.signals else self._there(here, _LOGS)
            watching = [self._watching[id(s)] for s in panel.signals if id(s) in self._watching]
            if uid is None and watching:
                return replace(panel, runbook=(watching[0], f"{self._runbooks}/{watching[0]}.md"))
            uid = uid or self._next(here)
        if uid not in self._all:
            return panel
        there = self._all[uid]
        carries = self._carried(there, panel.signals)
        chosen = {CLUSTER, *(variable for variable, _ in carries)}
        keeps = (v for v in self._chosen[here.uid] if v in self._chosen[uid] and v not in chosen)
        title = _NUMBER.sub("", there.title)
        runbooks = self._runbooks if panel.signals and "alertname" in _labels(panel.signals) else ""
        kept = tuple(keeps) if carries else ()
        return replace(panel, link=uid, leads=title, carries=carries, keeps=kept, runbooks=runbooks)

    def _near(self, here: Dashboard, signals: Sequence[Signal]) -> str | None:
        """The page of the object that these signals are about, of their system, or where they are at home."""
        owner = self._owners.get(id(signals[0]), "")
        labels = _labels(signals)
        for page in self._objects:
            about = self._about[page.uid] & {owner, *_EVERYWHERE}
            if page.uid != here.uid and labels >= set(page.keys) and about:
                return page.uid
        home = self._homes.get(owner) or HOMES.get(signals[0].name) or ("dataops-slo" if "slo" in labels else None)
        # A detail lies below its domain: the way up is no way to more.
        above = here.parent if here.level > 1 else None
        return self._there(here, self._related.get(owner)) or (self._there(here, home) if home != above else None)

    def _there(self, here: Dashboard, uid: str | None) -> str | None:
        return uid if uid in self._all and uid != here.uid else None

    def _next(self, here: Dashboard) -> str | None:
        return self._there(here, NEXT.get(here.uid)) or self._there(here, _LAST)

    def _carried(self, there: Dashboard, signals: Sequence[Signal]) -> tuple[tuple[str, str], ...]:
        """(variable there, label here) of what one series is about, where the label means the same there."""
        if not signals:
            return ()
        own = self._owners.get(id(signals[0])) in self._about.get(there.uid, ())
        labels = _labels(signals)
        return tuple((v.name, v.label) for v in there.variables if v.label in labels and (own or v.label in SAME))


def _labels(signals: Iterable[Signal]) -> frozenset[str]:
    return frozenset.intersection(*(frozenset(signal.legend_labels) for signal in signals))
