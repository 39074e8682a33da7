"""Puts together what values.yaml, templates, schemas and CRDs tell about the keys of a chart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from obs.chartkeys.crds import Crds
from obs.chartkeys.documented import Loader, documented
from obs.chartkeys.flow import KeyPath, Passed, Target, Uses
from obs.chartkeys.gotemplate import parse_template
from obs.chartkeys.schema import add_schema_keys, local_only
from obs.chartkeys.source import ChartSource
from obs.chartkeys.syntax import Node, TemplateSyntaxError
from obs.chartkeys.trace import Tracer
from obs.chartkeys.tree import KeyNode, as_example, find, known_keys, merge, reach

_VALUE = re.compile(r"\.Values((?:\.\w+)+)")


@dataclass(frozen=True, slots=True)
class ValuesSchema:
    """A values.schema.json, where its values start, and the defaults that Helm adds before it validates."""

    root: KeyPath
    schema: dict[str, Any]
    defaults: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChartKeys:
    """Everything that a chart, with its bundled charts, knows about its values.

    ``tree`` holds the keys; ``fields`` the schemas of custom resource fields that values are passed to.
    """

    name: str
    version: str
    tree: KeyNode
    fields: list[KeyNode]
    schemas: list[ValuesSchema]


def assemble(charts: Sequence[ChartSource]) -> ChartKeys:
    """The keys of a chart (first in ``charts``) with its bundled charts, each parent before its own.

    Raises yaml.YAMLError when a values.yaml is not a YAML map.
    """
    tree: KeyNode = {}
    for chart in charts:
        merge(reach(tree, chart.root), documented(chart.values))
    uses, unread = _trace(charts)
    builder = _Builder(tree, Crds(text for chart in charts for text in chart.crds))
    builder.add(uses)
    for path in unread:
        reach(tree, path)["open"] = True
    for chart in charts:
        _add_dependencies(tree, chart)
    _spread(tree, uses)
    _share_global(tree, charts)
    for chart in charts:
        if chart.schema:
            add_schema_keys(reach(tree, chart.root), chart.schema)
    schemas = [ValuesSchema(c.root, local_only(c.schema), _defaults(charts, c.root)) for c in charts if c.schema]
    return ChartKeys(charts[0].name, charts[0].version, tree, builder.fields, schemas)


def _trace(charts: Sequence[ChartSource]) -> tuple[Uses, list[KeyPath]]:
    """What the templates use, and the paths in texts that could not be read as templates."""
    defines: dict[str, list[Node]] = {}
    bodies: list[tuple[KeyPath, list[Node]]] = []
    unread: list[KeyPath] = []
    for chart in reversed(charts):  # a parent's define replaces one of the same name in a bundled chart
        for text in (*chart.templates.values(), *_templated(yaml.load(chart.values, Loader=Loader))):
            try:
                template = parse_template(text)
            except TemplateSyntaxError:
                unread += [(*chart.root, *match[1:].split(".")) for match in _VALUE.findall(text)]
                continue
            defines.update(template.defines)
            bodies.append((chart.root, template.body))
    tracer = Tracer(defines, frozenset(chart.root for chart in charts))
    for root, body in bodies:
        tracer.run_file(body, root)
    return tracer.uses, unread


def _templated(value: object) -> Iterator[str]:
    """Texts among the default values that are templates themselves (Helm's ``tpl``)."""
    if isinstance(value, str) and "{{" in value:
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _templated(inner)


class _Builder:
    def __init__(self, tree: KeyNode, crds: Crds) -> None:
        self.fields: list[KeyNode] = []
        self._tree = tree
        self._crds = crds
        self._numbers: dict[Target, int | None] = {}

    def add(self, uses: Uses) -> None:
        set_by_default = {path: bool(known_keys(find(self._tree, path) or {})) for path in uses.indexed}
        for path in uses.read:
            reach(self._tree, path)
        for path in uses.listed:
            reach(self._tree, path)["free"] = True
        for path in uses.indexed:
            # A computed name picks one of the default keys if there are any, else it may be any name.
            if not set_by_default[path]:
                reach(self._tree, path)["free"] = True
        for path in uses.probed:
            reach(self._tree, path)["probed"] = True
        for path, passed in uses.passed.items():
            self._pass(reach(self._tree, path), passed)

    def _pass(self, node: KeyNode, passed: set[Passed]) -> None:
        numbered = [(self._number(p.target), sorted(p.without)) for p in passed]
        anywhere = [frozenset(without) for number, without in numbered if number is None]
        if anywhere:
            node["open"] = True
        if kept_apart := sorted(frozenset.intersection(*anywhere)) if anywhere else []:
            node["but"] = kept_apart
        if fields := sorted((number, without) for number, without in numbered if number is not None):
            node["fields"] = fields

    def _number(self, target: Target | None) -> int | None:
        """The number of the field's schema, or None where there is none to hold values against."""
        if target is None:
            return None
        if target not in self._numbers:
            trees = [self._crds.field(kind, target.path) for kind in sorted(target.kinds) if self._crds.has(kind)]
            known = [tree for tree in trees if tree is not None]
            complete = len(trees) == len(target.kinds) and known
            self._numbers[target] = len(self.fields) if complete else None
            if complete:
                field: KeyNode = {}
                for tree in known:
                    merge(field, tree)
                self.fields.append(field)
        return self._numbers[target]


def _add_dependencies(tree: KeyNode, chart: ChartSource) -> None:
    for dependency in chart.dependencies:
        for switch in dependency.switches:
            reach(tree, (*chart.root, *switch))
    for dependency in chart.missing:  # its keys cannot be known
        reach(tree, (*chart.root, dependency.key))["open"] = True


def _share_global(tree: KeyNode, charts: Sequence[ChartSource]) -> None:
    """All charts see one ``global``; Helm also takes a bundled chart's part from below its own key."""
    shared = reach(tree, ("global",))
    roots = [reach(tree, chart.root) for chart in charts[1:]]
    for root in roots:
        merge(shared, root.get("keys", {}).get("global", {}))
    for root in roots:
        root.setdefault("keys", {})["global"] = shared


def _spread(tree: KeyNode, uses: Uses) -> None:
    """Let named keys know what the templates do with every key beside them."""
    for path in sorted(uses.listed | uses.indexed):  # outer paths first
        node = find(tree, path) or {}
        each = node.get("each")
        if each is None or node.get("kind") == "list":
            continue
        for inner in node.get("keys", {}).values():
            # A loop really reads these keys of each; a computed name may have meant another one.
            merge(inner, each if path in uses.listed else as_example(merge({}, each)))


def _defaults(charts: Sequence[ChartSource], root: KeyPath) -> dict[str, Any]:
    """Default values below ``root``: those of the charts there, a parent's section over the chart's own."""
    found: dict[str, Any] = {}
    for chart in reversed(charts):
        own = yaml.load(chart.values, Loader=Loader) or {}
        for name in reversed(chart.root):
            own = {name: own}
        found = overlay(found, own)
    for name in root:
        found = found.get(name) or {}
    return found


def overlay(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Values as Helm lays them over each other: maps key by key, everything else whole, null removes."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = overlay(result[key], value)
        else:
            result[key] = value
    return result
