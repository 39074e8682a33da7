"""Dashboards as they stand in the ConfigMaps of one side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.grafana_values import FOLDER_ANNOTATION
from obs.check.grafana_json import dashboards
from obs.check.rendered import Rendered, dig, entries, mapping

_LINK = re.compile(r"/d/([\w-]+)")
_CHOICE = (
    "query",
    "regex",
    "datasource",
    "type",
    "multi",
    "includeAll",
    "allValue",
    "current",
    "options",
    "hide",
    "label",
)
_REST = ("refresh", "time", "tags", "description", "editable", "links", "annotations", "timezone", "graphTooltip")
# Compared by themselves, or said by another field.
_TOLD = ("title", "id", "type", "gridPos", "targets", "description", "links", "datasource", "panels", "collapsed")
_TOLD_OF_VALUES = ("unit", "links")


@dataclass(frozen=True)
class Panel:
    """``row`` is the title of its row, ``place`` x, y, width and height; ``looks`` is path of
    another option -> JSON."""

    title: str
    number: int
    kind: str
    row: str
    place: tuple[int, int, int, int]
    queries: tuple[str, ...]
    legends: tuple[str, ...]
    sources: tuple[str, ...]
    unit: str
    steps: tuple[str, ...]
    description: str
    links: tuple[str, ...]
    looks: Mapping[str, str]


@dataclass(frozen=True)
class Board:
    """One dashboard. ``variables`` is name -> query and how it is chosen from; ``links`` are uids to which it
    leads, ``rest`` is another field as Grafana names it -> JSON."""

    uid: str
    title: str
    folder: str
    panels: Mapping[str, Panel]
    variables: Mapping[str, str]
    links: tuple[str, ...]
    rest: Mapping[str, str]

    def reads(self) -> Iterator[tuple[str, str]]:
        """(expression, which panel asks it)"""
        for panel in self.panels.values():
            for query in panel.queries:
                yield query, f"panel {self.title} / {panel.title}"


def boards(rendered: Rendered) -> dict[str, Board]:
    """uid -> dashboard."""
    found = {}
    for file in dashboards(rendered):
        if file.model is not None and "uid" in file.model:
            folder = dig(file.item.manifest, "metadata", "annotations", FOLDER_ANNOTATION)
            board = _board(file.model, str(folder or ""))
            found[board.uid] = board
    return found


def _board(data: Mapping[str, Any], folder: str) -> Board:
    panels: dict[str, Panel] = {}
    row = ""
    for given in entries(data.get("panels")):
        if given.get("type") == "row":
            row = str(given.get("title", ""))
        for one in entries(given.get("panels")) if given.get("type") == "row" else (given,):
            panel = _panel(one, row)
            panels[_free(panel.title, panels)] = panel
    variables = {
        str(v.get("name")): json.dumps({key: v.get(key) for key in _CHOICE}, sort_keys=True)
        for v in entries(mapping(data.get("templating")).get("list"))
    }
    rest = {key: json.dumps(data[key], sort_keys=True) for key in _REST if key in data}
    links = tuple(sorted(set(_LINK.findall(json.dumps([data.get("links"), data.get("panels")])))))
    return Board(str(data["uid"]), str(data.get("title")), folder, panels, variables, links, rest)


def _free(title: str, taken: Mapping[str, Any]) -> str:
    number = 1
    while (name := title if number == 1 else f"{title} ({number})") in taken:
        number += 1
    return name


def _panel(given: Mapping[str, Any], row: str) -> Panel:
    defaults = mapping(mapping(given.get("fieldConfig")).get("defaults"))
    place = mapping(given.get("gridPos"))
    steps = entries(mapping(defaults.get("thresholds")).get("steps"))
    return Panel(
        title=str(given.get("title", "")),
        number=int(given.get("id") or 0),
        kind=str(given.get("type", "")),
        row=row,
        place=(place.get("x", 0), place.get("y", 0), place.get("w", 0), place.get("h", 0)),
        queries=tuple(str(target.get("expr", "")) for target in entries(given.get("targets"))),
        unit=str(defaults.get("unit", "")),
        steps=tuple(f"{_short(step['value'])} {step.get('color')}" for step in steps if step.get("value") is not None),
        description=str(given.get("description", "")),
        links=tuple(sorted(set(_LINK.findall(json.dumps([given.get("links"), defaults.get("links")]))))),
        legends=tuple(str(target.get("legendFormat") or "") for target in entries(given.get("targets"))),
        sources=tuple(dict.fromkeys(filter(None, map(_source, (given, *entries(given.get("targets"))))))),
        looks=dict(_looks(given, defaults)),
    )


def _source(given: Mapping[str, Any]) -> str:
    """Of a panel or a query: uid of the source; empty where it takes that of what it stands in."""
    found = given.get("datasource")
    return str(found.get("uid") or "") if isinstance(found, Mapping) else str(found or "")


def _looks(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(path, JSON) of everything that is drawn otherwise, and of what a target has beside its query."""
    config, options = mapping(given.get("fieldConfig")), mapping(given.get("options"))
    thresholds = {key: value for key, value in mapping(defaults.get("thresholds")).items() if key != "steps"}
    base = [
        step.get("color")
        for step in entries(mapping(defaults.get("thresholds")).get("steps"))
        if step.get("value") is None
    ]
    parts = {
        **{key: value for key, value in given.items() if key not in (*_TOLD, "fieldConfig", "options")},
        **{f"options.{key}": value for key, value in options.items()},
        **{key: value for key, value in defaults.items() if key not in (*_TOLD_OF_VALUES, "thresholds")},
        "overrides": config.get("overrides") or None,
        "thresholds": [thresholds, base] if thresholds or base else None,
        "queries": [
            {k: v for k, v in target.items() if k not in ("expr", "legendFormat", "datasource", "refId")}
            for target in entries(given.get("targets"))
        ],
    }
    yield from ((key, json.dumps(value, sort_keys=True)) for key, value in parts.items() if value not in (None, [], {}))


def _short(value: Any) -> str:
    """Steps of a condition with > stand a hair above its threshold."""
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)
