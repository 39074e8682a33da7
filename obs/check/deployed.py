"""What is really registered: every rule and panel was checked, and every alert carries what its reader needs."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dashboards.grafana import dashboard_expressions, panel_id
from dashboards.queries import dashboard_variables
from model.rule import Severity
from obs.check.finding import Finding
from obs.protobuf import redacted
from obs.recording import Recording, Resource
from plan import Plan

_LARGEST = 300_000
"""Bytes. The API server takes 1 MiB, and kubectl's last-applied annotation 256 KiB of a whole object."""
_TEXTS = ("summary", "description")
_ACTION = re.compile(r"\{\{.*?\}\}")
_TO_DASHBOARD = re.compile(r"/d/([\w-]+)([^\s)\"]*)")
Panels = Mapping[tuple[str, int], Collection[str]]
"""(uid, id of a panel) -> the variables of its dashboard."""


def check_deployed(recording: Recording, plan: Plan, project: Path) -> list[Finding]:
    """Findings about the registered PrometheusRules and dashboards of one stack."""
    return [*_rules(recording, plan, project), *_dashboards(recording, plan)]


def _rules(recording: Recording, plan: Plan, project: Path) -> Iterator[Finding]:
    checked = {str(rule.expr) for rule in plan.records} | {str(alert.expr) for alert in plan.alerts}
    places = {(alert.name, alert.labels.get("slo")): str(alert.where) for alert in plan.alerts}
    panels = {
        (d.uid, panel_id(d, panel)): {v.name for v in dashboard_variables(d)}
        for d in plan.dashboards
        for panel in d.panels
    }
    for resource, rule in registered_rules(recording):
        name = str(rule.get("alert") or rule.get("record"))
        where = places.get((name, (rule.get("labels") or {}).get("slo")), resource.source or resource.urn)
        if rule["expr"] not in checked:
            message = f"{resource.name} deploys an expression that the plan does not have, so nothing checked it"
            yield Finding("deployed/rule", f"rule {name}", where, message, expression=str(rule["expr"]))
        if "alert" in rule:
            for check, message in _alert_problems(rule, panels, project):
                yield Finding(check, f"alert {name}", where, message)


def registered_rules(recording: Recording) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    """(PrometheusRule, one rule of it as it is deployed)"""
    for resource in recording.resources:
        if resource.type.endswith(":PrometheusRule"):
            for group in redacted(resource.inputs)["spec"]["groups"]:
                yield from ((resource, rule) for rule in group.get("rules") or ())


def _alert_problems(rule: Mapping[str, Any], panels: Panels, project: Path) -> Iterator[tuple[str, str]]:
    labels, annotations = rule.get("labels") or {}, rule.get("annotations") or {}
    if labels.get("severity") not in set(Severity):
        yield "alert/severity", f"has no severity that a route knows; allowed: {', '.join(Severity)}"
    for field in _TEXTS:
        if not str(annotations.get(field) or "").strip():
            yield "alert/text", f"has no {field}: whoever is woken must know what it is about"
    page = urlsplit(str(annotations.get("runbook_url") or "")).path.rpartition("/")[2]
    if not page:
        yield "alert/runbook", "has no runbook_url"
    elif not (project / "runbooks" / page).is_file():
        yield "alert/runbook", f"links to runbooks/{page}, which is not there; write it"
    yield from _dashboard_problems(str(annotations.get("dashboard_url") or ""), str(labels.get("signal")), panels)


def _dashboard_problems(url: str, signal: str, panels: Panels) -> Iterator[tuple[str, str]]:
    link = urlsplit(_ACTION.sub("", url))
    chosen = parse_qs(link.query, keep_blank_values=True)
    number = chosen.get("viewPanel", [""])[0]
    place = (link.path.rpartition("/")[2], int(number) if number.isdecimal() else 0)
    if not link.path:
        yield "alert/dashboard", f"has no dashboard link: no panel shows its signal {signal}"
    elif place not in panels:
        yield "alert/dashboard", f"links to {url}, which is no panel of this stack"
    for name in sorted(chosen.keys() - {"viewPanel"} - {f"var-{known}" for known in panels.get(place, ())}):
        yield "alert/dashboard", f"links to {url}, and {name} is no variable of that dashboard"


def _dashboards(recording: Recording, plan: Plan) -> Iterator[Finding]:
    checked = {text for d in plan.dashboards for _, text, _ in dashboard_expressions(d)}
    checked |= {panel.lookup.query for d in plan.dashboards for panel in d.panels if panel.lookup is not None}
    for resource in recording.resources:
        if not resource.type.endswith(":ConfigMap"):
            continue
        for file, text in redacted(resource.inputs).get("data", {}).items():
            if file.endswith(".json") and len(text.encode()) > _LARGEST:
                message = f"is {len(text.encode()) / 1000:.0f} kB; a dashboard stays below {_LARGEST / 1000:.0f} kB"
                where = resource.source or resource.urn
                yield Finding("dashboard/size", f"dashboard {file.removesuffix('.json')}", where, message)
            for message in _lost_links(file, text, {d.uid for d in plan.dashboards}):
                subject, where = f"dashboard {file.removesuffix('.json')}", resource.source or resource.urn
                yield Finding("dashboard/link", subject, where, message)
            for title, expr in _targets(file, text):
                if expr not in checked:
                    subject = f"dashboard {file.removesuffix('.json')}, panel {title}"
                    message = "shows an expression that the plan does not have, so nothing checked it"
                    where = resource.source or resource.urn
                    yield Finding("deployed/panel", subject, where, message, expression=expr)


def _lost_links(file: str, text: str, uids: Collection[str]) -> Iterator[str]:
    """Links in a dashboard's JSON that lead nowhere, or on the way of which the time or what was chosen is lost."""
    dashboard = json.loads(text) if file.endswith(".json") else {}
    kept = [link for link in dashboard.get("links", ()) if link.get("keepTime") and link.get("includeVars")]
    for link in dashboard.get("links", ()):
        if link not in kept:
            yield f"its link {link.get('title')!r} keeps not both the time and what was chosen"
    by_themselves = {link.get("url") for link in kept}
    for uid, rest in dict.fromkeys(_TO_DASHBOARD.findall(text) if dashboard else ()):
        if uid not in uids:
            yield f"leads to {uid!r}, which is no dashboard of this stack"
        elif f"/d/{uid}{rest}" not in by_themselves and not ("${__url_time_range}" in rest and _carried(rest)):
            yield f"its link to {uid!r} keeps not both the time and what was chosen"


def _carried(rest: str) -> bool:
    one_by_one = ("${datasource:queryparam}", "${environment:queryparam}", "&var-cluster=")
    return "${__all_variables}" in rest or all(part in rest for part in one_by_one)


def _targets(file: str, text: str) -> Iterator[tuple[str, str]]:
    """(title, expression) of every query in a dashboard's JSON; nothing for other files."""
    dashboard = json.loads(text) if file.endswith(".json") else {}
    panels = list(dashboard.get("panels", ()))
    while panels:
        panel = panels.pop()
        panels += panel.get("panels", ())
        yield from ((panel.get("title", ""), t["expr"]) for t in panel.get("targets", ()) if "expr" in t)
