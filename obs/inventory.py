"""What a stack consists of, as plain data: one list per kind, each entry with at least a ``name``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import contracts
from dashboards.cost import cost
from dashboards.grafana import panel_id
from model.contract import Contract, exposed_names
from model.scrape import Endpoint
from obs.check.rendered import Rendered
from obs.check.wiring import Stack, external_addresses
from obs.expand import Expansion
from obs.image_lock import IMAGE_LOCK, listed, read
from obs.images import users
from obs.run import StackRun
from plan import Plan

Inventory = dict[str, list[dict[str, Any]]]


def inventory(run: StackRun, expansion: Expansion, project: Path) -> Inventory:
    """Keys: systems, contracts, signals, recording_rules, alerts, slos, dashboards, charts, images, external_addresses.

    Names of signals are ``<system>.<signal>``; ``where`` is file:line of the definition; durations are
    Prometheus', thresholds in the signal's unit. ``digest`` of an image is null where images.lock has none.
    Of a contract, ``metrics`` are its families, ``exposed`` the names of series that the scraped components have,
    ``kept`` those that are stored; ``stores_all`` says why nothing of it is dropped in a lean stack where that is so.
    ``external_addresses`` are Services of namespaces that are not the stack's, by name
    and namespace.
    """
    plan = run.plan
    return {
        "systems": [
            {
                "name": s.name,
                "title": s.title,
                "scrapes": [scrape.name for scrape in s.scrapes],
                "contracts": list(s.contracts),
                "where": str(s.where),
            }
            for s in plan.systems
        ],
        "contracts": contracts_of(plan, lean=run.settings.lean),
        "signals": [
            {
                "name": f"{owner}.{s.name}",
                "title": s.title,
                "unit": s.unit,
                "expr": str(s.expr),
                "record": s.record,
                "may_be_absent": s.expr.absences(),
                "where": str(s.where),
            }
            for owner, s in plan.signals()
        ],
        "recording_rules": [
            {"name": r.record, "expr": str(r.expr), "labels": dict(r.labels), "where": str(r.where)}
            for r in plan.records
        ],
        "alerts": [
            {
                "name": a.name,
                "severity": a.severity.value,
                "component": a.component,
                "expr": str(a.expr),
                "for": a.for_,
                "labels": dict(a.labels),
                "where": str(a.where),
            }
            for a in plan.alerts
        ],
        "slos": [
            {
                "name": o.slo.name,
                "objective": o.slo.objective,
                "window": o.slo.window,
                "component": o.slo.component,
                "where": str(o.slo.where),
            }
            for o in plan.objectives
        ],
        "dashboards": [
            {
                "name": d.title,
                "uid": d.uid,
                "level": d.level,
                "cost": cost(d)._asdict(),
                "panels": [{"id": panel_id(d, p), "title": p.title, "kind": p.kind.value} for p in d.panels],
                "where": str(d.where),
            }
            for d in plan.dashboards
        ],
        "charts": [
            {"name": c.name, "version": c.version, "namespace": c.namespace, "state": c.state, "reason": c.reason}
            for c in expansion.charts
        ],
        "images": listed(users(expansion), read(project / IMAGE_LOCK), run.settings.image_registry),
        "external_addresses": [
            {"name": service, "address": address, "used_by": user}
            for service, address, user in external_addresses(Stack(Rendered(expansion), run.settings.namespace))
        ],
    }


def heading(entries: list[dict[str, Any]]) -> str:
    """How many there are, and of contracts how much of all is stored."""
    kept, exposed = (sum(entry.get(key, 0) for entry in entries) for key in ("kept", "exposed"))
    return f"({len(entries)})" + (f": {kept} of {exposed} names of series stored" if exposed else "")


def said(entry: dict[str, Any]) -> str:
    """One line of text: the name, and of a contract how much is stored."""
    if "kept" not in entry:
        return str(entry["name"])
    why = f": {entry['stores_all']}" if entry["stores_all"] else ""
    return f"{entry['name']} {entry['kept']}/{entry['exposed']}{why}"


def contracts_of(plan: Plan, *, lean: bool) -> list[dict[str, Any]]:
    """An entry for each contract of the plan's endpoints."""
    endpoints: dict[str, list[Endpoint]] = {}
    reasons: dict[str, str] = {}
    for scrape in (scrape for system in plan.systems for scrape in system.scrapes):
        for endpoint in scrape.endpoints:
            endpoints.setdefault(endpoint.contract, []).append(endpoint)
            if scrape.stores_all is not None and lean:
                reasons[endpoint.contract] = scrape.stores_all
    return [
        {**counted(contracts.load(name), endpoints[name]), "stores_all": reasons.get(name)}
        for name in sorted(endpoints)
    ]


def counted(contract: Contract, endpoints: list[Endpoint]) -> dict[str, Any]:
    """A contract, and how much of what the endpoints expose is stored."""
    exposed = [(name, endpoint) for endpoint in endpoints for name in exposed_names(contract, endpoint.component)]
    return {
        "name": contract.name,
        "exporter": contract.exporter,
        "version": contract.version,
        "evidence": contract.evidence,
        "metrics": len(contract.metrics),
        "exposed": len({name for name, _ in exposed}),
        "kept": len({name for name, endpoint in exposed if endpoint.keeps(name)}),
    }
