"""Level 1: one dashboard per domain, made of the sections that the enabled systems bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dashboards.pages.domains import rows_before
from dashboards.shelf import FOLDER, Shelf, choosing_all
from model.dashboard import Dashboard, Panel, PanelKind, Row, Variable
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
BRING: Mapping[Domain, tuple[str, ...]] = {
    Domain.GITOPS: ("argocd", "bitbucket", "jenkins", "kubernetes"),
    Domain.CAPACITY: ("control_plane", "isilon", "istio", "kubernetes", "nodes"),
    Domain.WORKLOAD: ("airflow", "redis", "spark", "trino"),
    Domain.DATA: ("ceph", "hive_metastore", "iceberg", "isilon", "kafka", "minio", "oracle"),
    Domain.OPTIMISATION: ("kubernetes",),
    Domain.E2E: ("cert_manager", "probes", "web_applications"),
}
"""Which systems have a section in a domain: what to switch on where there is none (a test holds it to the systems)."""


def uid(domain: Domain) -> str:
    return f"dataops-{domain.value}"


def domain_dashboards(systems: Sequence[System], shelf: Shelf, parent: str) -> tuple[Dashboard, ...]:
    """In the order of the domains. ``parent`` is the uid of the level above.

    A domain of which nothing is enabled says what to switch on.
    """
    found = []
    for number, domain in enumerate(Domain, start=1):
        sections = [section for system in systems for section in system.sections if section.domain is domain]
        rows = (*shelf.rows(rows_before(domain)), *_rows(sections)) or _off(domain)
        variables = _variables(rows, systems)
        found.append(
            Dashboard(
                uid=uid(domain),
                title=f"DataOps - {number}. {TITLES[domain]}",
                description=QUESTIONS[domain],
                level=1,
                folder=FOLDER,
                parent=parent,
                rows=choosing_all(rows, variables, ("namespace",)),
                variables=variables,
            )
        )
    return tuple(found)


def _off(domain: Domain) -> tuple[Row, ...]:
    names = "\n".join(f"- `{name}`" for name in BRING.get(domain, ()))
    text = (
        "No system of this domain is monitored here. Switch one on under `systems:` in `Pulumi.<stack>.yaml`, "
        f"and its panels, rules and alerts come with it:\n\n{names}"
    )
    about = "Settings that bring panels to this domain."
    panel = Panel(title="What to switch on", kind=PanelKind.TEXT, description=about, text=text, width=24)
    return (Row(title="Nothing to show yet", panels=(panel,)),)


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
        if "namespace" in signal.narrowable
        for selector in signal.query.selectors()
    ]
    asked = any(panel.lookup and "$namespace" in panel.lookup.query for row in rows for panel in row.panels)
    pods = any("kube-state-metrics" in system.contracts for system in systems)
    if not selectors and not (asked and pods):
        return ()
    return (Variable(name="namespace", label="namespace", metric="kube_pod_info" if pods else selectors[0]),)
