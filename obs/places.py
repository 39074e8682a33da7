"""Where a person wrote what became an object."""

from __future__ import annotations

from obs.run import StackRun


def places(run: StackRun) -> dict[tuple[str, str], str]:
    """(kind, name) -> file:line of what a person wrote: of the rules, scrapes and dashboards, else of the resource."""
    found = {(r.type.rpartition(":")[2], r.name): r.source for r in run.recording.resources}
    for rules in run.plan.rules:
        found["PrometheusRule", f"rules-{rules.name}"] = str(rules.groups[0].where)
    for scrape in (scrape for system in run.plan.systems for scrape in system.scrapes):
        found[scrape.kind.value, scrape.name] = str(scrape.where)
    for dashboard in run.plan.dashboards:
        found["ConfigMap", f"dashboard-{dashboard.uid}"] = str(dashboard.where)
    return found
