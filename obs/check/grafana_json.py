"""Dashboards and data sources as Grafana reads them from ConfigMaps, ours and those of charts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from components.datasources import DATASOURCE_LABELS
from components.grafana_values import DASHBOARD_LABELS
from obs.check.rendered import Item, Rendered, dig, entries, mapping
from obs.documents import load

# By these labels Grafana's side cars find ConfigMaps, ours and those of charts.
(DASHBOARD_LABEL,) = DASHBOARD_LABELS
(DATASOURCE_LABEL,) = DATASOURCE_LABELS
# Grafana's own: the list of dashboards and annotations, several sources in one panel, another panel's result.
BUILT_IN = {"-- Grafana --", "grafana", "-- Mixed --", "-- Dashboard --", "__expr__", "datasource"}


@dataclass(frozen=True, eq=False)
class DashboardFile:
    """One dashboard in a ConfigMap; ``model`` is its JSON, or None where the text is none."""

    item: Item
    file: str
    model: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        return str(dig(self.model, "uid") or self.file.removesuffix(".json"))


@dataclass(frozen=True, eq=False)
class Datasource:
    item: Item
    uid: str
    name: str
    type: str
    default: bool
    definition: Mapping[str, Any]


def dashboards(rendered: Rendered) -> list[DashboardFile]:
    return [
        DashboardFile(item, str(file), _json(text))
        for item in rendered.of("ConfigMap")
        if DASHBOARD_LABEL in item.labels
        for file, text in mapping(item.manifest.get("data")).items()
        if str(file).endswith(".json")
    ]


def _json(text: str) -> Mapping[str, Any] | None:
    try:
        model = json.loads(text)
    except ValueError:
        return None
    return model if isinstance(model, Mapping) else None


def datasources(rendered: Rendered) -> list[Datasource]:
    """What is provisioned, in order. Raises nothing: what is no provisioning file has no data sources."""
    return [
        Datasource(
            item=item,
            uid=str(one.get("uid") or one.get("name")),
            name=str(one.get("name")),
            type=str(one.get("type")),
            default=bool(one.get("isDefault")),
            definition=one,
        )
        for item in rendered.of("ConfigMap")
        if DATASOURCE_LABEL in item.labels
        for text in mapping(item.manifest.get("data")).values()
        for one in entries(dig(_yaml(text), "datasources"))
    ]


def _yaml(text: str) -> Any:
    try:
        return load(text)
    except yaml.YAMLError:
        return None


def panels(model: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every panel: those in rows too, collapsed, or as dashboards had them before schema 16."""
    of_rows = (panel for row in entries(model.get("rows")) for panel in entries(row.get("panels")))
    for panel in (*entries(model.get("panels")), *of_rows):
        yield panel
        yield from panels({"panels": panel.get("panels")})


def variables(model: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return entries(dig(model, "templating", "list"))


def annotation_queries(model: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return entries(dig(model, "annotations", "list"))


@dataclass(frozen=True)
class Query:
    """One query of a dashboard with the data source that it goes to. ``source`` is the reference as written:
    a uid or name, a ``$variable``, a mapping of ``type`` and ``uid``, or None for the default."""

    what: str
    text: str
    legend: str
    source: Any
    variable: bool = False


def queries(model: Mapping[str, Any]) -> Iterator[Query]:
    """Every query of panels, annotations and variables that is a text."""
    for panel in panels(model):
        title = f"panel {panel.get('title') or panel.get('id')}"
        for target in entries(panel.get("targets")):
            text = target.get("expr")
            if isinstance(text, str):
                legend = target.get("legendFormat")
                source = target.get("datasource") or panel.get("datasource")
                yield Query(title, text, legend if isinstance(legend, str) else "", source)
    for annotation in annotation_queries(model):
        text = annotation.get("expr")
        if isinstance(text, str):
            yield Query(f"annotation {annotation.get('name')}", text, "", annotation.get("datasource"))
    for variable in variables(model):
        if variable.get("type") == "query":
            query = variable.get("query")
            text = query if isinstance(query, str) else dig(query, "query")
            if isinstance(text, str) and text:
                yield Query(f"${variable.get('name')}", text, "", variable.get("datasource"), variable=True)


def uid_of(source: Any) -> str | None:
    """The uid or name in a reference; None for the default of its type."""
    found = source.get("uid") if isinstance(source, Mapping) else source
    return str(found) if found else None


def variable_of(uid: str) -> str | None:
    """The name of the variable that a uid is, where it is one: ``$ds``, ``${ds}``, ``${ds:text}``, ``[[ds]]``."""
    if uid.startswith("${") and uid.endswith("}"):
        return uid[2:-1].partition(":")[0]
    if uid.startswith("[[") and uid.endswith("]]"):
        return uid[2:-2].partition(":")[0]
    return uid[1:] if uid.startswith("$") else None
