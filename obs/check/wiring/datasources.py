"""wiring/datasource and wiring/default-datasource: every query and link goes to a data source that is provisioned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from obs.check.finding import Finding
from obs.check.grafana_json import (
    BUILT_IN,
    DashboardFile,
    Datasource,
    dashboards,
    datasources,
    uid_of,
    variable_of,
    variables,
)
from obs.check.wiring.stack import Stack

# Fields of jsonData that lead from one data source to another: tracesToLogsV2.datasourceUid, alertmanagerUid …
_LINK = re.compile(r"(?:datasource|alertmanager)Uid")


def check_datasources(stack: Stack) -> Iterator[Finding]:
    provisioned = datasources(stack.rendered)
    shown = dashboards(stack.rendered)
    if not provisioned and not shown:
        return
    for file in shown:
        yield from _of_dashboard(file, provisioned)
    for source in provisioned:
        for path, uid in _links(source.definition, ""):
            if all(other.uid != uid for other in provisioned):
                yield _unknown(source, f"{source.name}: {path}", uid, provisioned)
    yield from _default(provisioned, shown)


def _default(provisioned: list[Datasource], shown: list[DashboardFile]) -> Iterator[Finding]:
    defaults = [source for source in provisioned if source.default]
    if len(defaults) > 1:
        names = ", ".join(f"{s.name} ({s.item.subject})" for s in defaults)
        message = f"{len(defaults)} data sources are the default: {names}; Grafana refuses to start with two"
        yield defaults[-1].item.finding("wiring/default-datasource", message)
    elif not defaults:
        item = (provisioned or shown)[0].item
        yield item.finding("wiring/default-datasource", "no data source of the stack is the default (isDefault: true)")


def _of_dashboard(file: DashboardFile, provisioned: list[Datasource]) -> Iterator[Finding]:
    if file.model is None:
        yield file.item.finding("wiring/datasource", f"{file.file} is no JSON object, so Grafana shows no dashboard")
        return
    choices = {str(v.get("name")): v for v in variables(file.model)}
    said: set[str] = set()
    for path, source in _sources(file.model, ""):
        uid = uid_of(source)
        problem = _problem(uid, source, choices, provisioned)
        if problem and problem not in said:
            said.add(problem)
            near = next(iter(get_close_matches(uid or "", [s.uid for s in provisioned], n=1)), None)
            yield file.item.finding("wiring/datasource", f"dashboard {file.name}, {path}: {problem}", near)
    for name, variable in choices.items():
        wanted = variable.get("query")
        if variable.get("type") == "datasource" and all(source.type != wanted for source in provisioned):
            message = f"dashboard {file.name}: ${name} offers data sources of type {wanted}, and none is provisioned"
            yield file.item.finding("wiring/datasource", message)


def _problem(
    uid: str | None, source: Any, choices: Mapping[str, Mapping[str, Any]], provisioned: list[Datasource]
) -> str:
    wanted = str(source.get("type") or "") if isinstance(source, Mapping) else ""
    if uid is None or uid in BUILT_IN or wanted in BUILT_IN:
        return ""
    variable = variable_of(uid)
    if variable is not None:
        return "" if variable in choices else f"data source {uid}, and the dashboard has no such variable"
    named = [s for s in provisioned if uid in (s.uid, s.name)]
    if not named:
        known = ", ".join(s.uid for s in provisioned) or "none"
        return f"data source {uid} is not provisioned; there are: {known}"
    if wanted and all(s.type != wanted for s in named):
        return f"data source {uid} is of type {named[0].type}, and {wanted} is asked for"
    return ""


def _sources(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(path, reference) of every data source in a dashboard's JSON."""
    if isinstance(value, Mapping):
        here = f"panel {value['title']}" if value.get("title") and "type" in value else path
        for key, inner in value.items():
            if key == "datasource" and inner is not None:
                yield here or "the dashboard", inner
            elif key == "datasourceUid" and isinstance(inner, str) and inner:
                yield here, inner
            else:
                yield from _sources(inner, here or str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _sources(inner, path)


def _links(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{path}.{key}".lstrip(".")
            if isinstance(inner, str) and inner and _LINK.fullmatch(str(key)):
                yield here, inner
            else:
                yield from _links(inner, here)
    elif isinstance(value, list):
        for inner in value:
            yield from _links(inner, path)


def _unknown(source: Datasource, place: str, uid: str, provisioned: list[Datasource]) -> Finding:
    known = [other.uid for other in provisioned]
    message = f"{place} leads to data source {uid}, which is not provisioned; there are: {', '.join(known)}"
    near = next(iter(get_close_matches(uid, known, n=1)), None)
    return source.item.finding("wiring/datasource", message, suggestion=near)
