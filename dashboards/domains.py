"""Level 1: one dashboard per domain, made of the sections that the enabled systems bring.

A domain without a section has no dashboard, and nothing links to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from model.dashboard import Dashboard, Panel, Row, Variable
from model.system import Domain, Section, System

TITLES = {
    Domain.GITOPS: "GitOps deployment pipeline",
    Domain.CAPACITY: "Resource capacity",
    Domain.WORKLOAD: "Workload execution",
    Domain.DATA: "Data pipeline health",
    Domain.OPTIMISATION: "Optimisation and troubleshooting",
    Domain.E2E: "End-to-end analytics",
    Domain.OBSERVABILITY: "Observability stack",
}
QUESTIONS = {
    Domain.GITOPS: "Did the deployment complete?",
    Domain.CAPACITY: "Are there resources to run workloads?",
    Domain.WORKLOAD: "Do jobs run and finish?",
    Domain.DATA: "Is data stored and read correctly?",
    Domain.OPTIMISATION: "Are performance problems found early?",
    Domain.E2E: "Does the whole pipeline meet its objectives?",
    Domain.OBSERVABILITY: "Can what is shown here be relied upon?",
}
FOLDER = "DataOps"


def uid(domain: Domain) -> str:
    return f"dataops-{domain.value}"


def domain_dashboards(systems: Sequence[System], parent: str) -> tuple[Dashboard, ...]:
    """In the order of the domains. ``parent`` is the uid of the level above."""
    found = []
    for number, domain in enumerate(Domain, start=1):
        rows = _rows(section for system in systems for section in system.sections if section.domain is domain)
        if rows:
            found.append(
                Dashboard(
                    uid=uid(domain),
                    title=f"DataOps - {number}. {TITLES[domain]}",
                    description=QUESTIONS[domain],
                    level=1,
                    folder=FOLDER,
                    parent=parent,
                    rows=rows,
                    variables=_variables(rows, systems),
                )
            )
    return tuple(found)


def _rows(sections: Iterable[Section]) -> tuple[Row, ...]:
    """One row per title: systems of one kind share theirs."""
    panels: dict[str, tuple[Panel, ...]] = {}
    for section in sections:
        panels[section.title] = (*panels.get(section.title, ()), *section.panels)
    return tuple(Row(title=title, panels=shown) for title, shown in panels.items())


def _variables(rows: tuple[Row, ...], systems: Sequence[System]) -> tuple[Variable, ...]:
    """``namespace``, where a panel can be narrowed by it; its values come from a series that all pods have."""
    selectors = [
        selector.name
        for row in rows
        for panel in row.panels
        for signal in panel.signals
        if "namespace" in signal.scope
        for selector in signal.query.selectors()
    ]
    if not selectors:
        return ()
    pods = any("kube-state-metrics" in system.contracts for system in systems)
    return (Variable(name="namespace", label="namespace", metric="kube_pod_info" if pods else selectors[0]),)
