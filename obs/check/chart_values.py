"""Chart values against what the chart really reads. Charts ignore keys that they do not know, silently."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from obs.chartkeys import ChartKeys, chart_keys_from_archive, chart_keys_from_files
from obs.chartkeys.flow import KeyPath, shown_path
from obs.chartkeys.tree import KeyNode, Kind, find, kind_of, known_keys
from obs.check.finding import Finding

__all__ = ["ChartKeys", "chart_keys_from_archive", "chart_keys_from_files", "check_chart_values"]

_SHOWN = 12
"""Names listed as what is allowed; prometheusSpec alone has over 150."""
_VALUE = re.compile(r"\.Values((?:\.\w+)+)")
_KINDS: Mapping[Kind, str] = {"map": "a map", "list": "a list", "scalar": "a single value", "null": "nothing"}


def check_chart_values(chart: str, values: Mapping[str, object], known: ChartKeys, where: str) -> list[Finding]:
    """Findings about the values given to ``chart``, in the order of the values.

    ``chart/unknown-key``: a key that nothing in the chart reads. ``chart/wrong-type``: a map where the chart has
    a single value or a list, or the other way round. ``chart/schema``: the chart's values.schema.json refuses it.
    No finding ever shows a value, only keys: a value may be a secret.
    """
    found = list(_Walk(chart, known, where).run(values))
    if known.schemas:
        from obs.check.chart_schema import check_schemas  # jsonschema takes 0.1 s to import

        unknown = {finding.subject for finding in found}
        found += [f for f in check_schemas(chart, values, known, where) if f.subject not in unknown]
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the chart's keys a value stands: its node, and the custom resource fields that it fills, each
    with the keys that do not go there. A place with neither accepts everything."""

    node: KeyNode | None
    fields: tuple[tuple[KeyNode, Sequence[str]], ...] = ()

    @property
    def keys(self) -> list[str]:
        in_fields = (name for tree, without in self.fields for name in known_keys(tree) if name not in without)
        return sorted({*known_keys(self.node or {}), *in_fields})


class _Walk:
    def __init__(self, chart: str, known: ChartKeys, where: str) -> None:
        self._chart = chart
        self._known = known
        self._label = f"{chart} {known.version}".strip()
        self._where = where

    def run(self, values: Mapping[str, object]) -> Iterator[Finding]:
        self._named = frozenset(_named_in_templates(values))
        return self._map(self._place(self._known.tree, []), values, ())

    def _place(self, node: KeyNode | None, inherited: Sequence[KeyNode]) -> _Place:
        own = [(self._known.fields[number], without) for number, without in (node or {}).get("fields", ())]
        return _Place(node, (*((tree, ()) for tree in inherited), *own))

    def _map(self, place: _Place, values: Mapping[str, object], path: KeyPath) -> Iterator[Finding]:
        for key, value in values.items():
            below = self._below(place, str(key))
            if below is None and not self._is_named((*path, str(key))):
                yield self._unknown(place, (*path, str(key)))
            elif below is not None:
                yield from self._value(below, value, (*path, str(key)))

    def _value(self, place: _Place, value: object, path: KeyPath) -> Iterator[Finding]:
        if expected := _expected(place, value):
            yield self._wrong_type(place, expected, value, path)
        elif isinstance(value, Mapping):
            yield from self._map(place, value, path)
        elif isinstance(value, list | tuple):
            items = self._items(place)
            for number, item in enumerate(value):
                yield from self._value(items, item, (*path, f"[{number}]"))

    def _below(self, place: _Place, key: str) -> _Place | None:
        """The place of ``key``, or None where the chart does not know the key."""
        node = place.node
        if node and node.get("open") and key not in node.get("but", ()):
            return _Place(None)
        trees = [tree for tree, without in place.fields if key not in without]
        if any(tree.get("open") for tree in trees):
            return _Place(None)
        inner = node.get("keys", {}).get(key) if node else None
        named = [tree["keys"][key] for tree in trees if key in tree.get("keys", {})]
        named += [tree["each"] for tree in trees if tree.get("free") and key not in tree.get("keys", {})]
        if inner is not None or named:
            return self._place(inner, named)
        if node and node.get("free"):
            return self._place(node.get("each"), [])
        is_closed = place.fields or known_keys(node or {})
        return None if is_closed else _Place(None)

    def _is_named(self, path: KeyPath) -> bool:
        """Whether a templated value names the key, counted from the chart's top or from a bundled chart's."""
        return path in self._named or path[1:] in self._named

    def _items(self, place: _Place) -> _Place:
        node = place.node
        trees = [tree["each"] for tree, _ in place.fields if "each" in tree]
        if (node and node.get("open")) or any(tree.get("open") for tree, _ in place.fields):
            return _Place(None)
        return self._place(node.get("each") if node else None, trees)

    def _unknown(self, place: _Place, path: KeyPath) -> Finding:
        *outer, key = path
        known = place.keys
        near = [name for name in known if name.lower() == key.lower()] or difflib.get_close_matches(key, known, n=1)
        suggestion = near[0] if near else self._elsewhere(path)
        message = f"nothing in {self._label} reads {shown_path(path)}: it would be ignored silently. "
        message += f"Did you mean {suggestion}? " if suggestion else ""
        message += f"Known {'under ' + shown_path(tuple(outer)) if outer else 'at the top'}: {_listed(known, near=key)}"
        return self._finding("chart/unknown-key", path, message, suggestion)

    def _elsewhere(self, path: KeyPath) -> str | None:
        """The same key further out, or one level further in, where only one place has it; the nearest first."""
        *outer, key = path
        for depth in range(len(outer), -1, -1):
            base = tuple(outer[:depth])
            node = find(self._known.tree, base) or {}
            if key in known_keys(node):
                return shown_path((*base, key))
            inside = [name for name, inner in node.get("keys", {}).items() if key in known_keys(inner)]
            if len(inside) == 1:
                return shown_path((*base, inside[0], key))
        return None

    def _wrong_type(self, place: _Place, expected: Kind, value: object, path: KeyPath) -> Finding:
        message = f"{self._label} has {_KINDS[expected]} at {shown_path(path)}, but {_KINDS[kind_of(value)]} is given"
        message += f". Keys there: {_listed(place.keys)}" if expected == "map" else ""
        return self._finding("chart/wrong-type", path, message, None)

    def _finding(self, check: str, path: KeyPath, message: str, suggestion: str | None) -> Finding:
        return Finding(check, f"{self._chart}: {shown_path(path)}", self._where, message, suggestion=suggestion)


def _expected(place: _Place, value: object) -> Kind | None:
    """The kind that the chart takes, when ``value`` is of another one. Null is fine: it removes a default."""
    node, given = place.node or {}, kind_of(value)
    default = node.get("kind", "null")
    if given == "null" or node.get("probed"):
        return None
    if default == "map" and given != "map" and known_keys(node):
        return "map"
    if default in ("scalar", "list") and given == "map" and not (place.keys or node.get("open") or place.fields):
        return default
    # Templates leave a field out for the chart's own default (often false or ""), whatever the field takes.
    kinds = [default, *(tree["kind"] for tree, _ in place.fields if "kind" in tree)]
    return kinds[1] if len(kinds) > len(place.fields) > 0 and given not in kinds else None


def _named_in_templates(value: object) -> Iterator[KeyPath]:
    """Paths (and all above them) that values name themselves, as in ``"{{ .Values.global.domain }}"``."""
    if isinstance(value, str) and "{{" in value:
        for match in _VALUE.findall(value):
            names = tuple(match[1:].split("."))
            yield from (names[:end] for end in range(1, len(names) + 1))
    elif isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _named_in_templates(inner)


def _listed(names: Sequence[str], near: str = "") -> str:
    """Names for a message: all of them if few, else those most like ``near`` and how many there are."""
    if len(names) <= _SHOWN:
        return ", ".join(names) or "nothing"
    likeness = {name: difflib.SequenceMatcher(None, near, name).ratio() for name in names}
    chosen = sorted(sorted(names, key=lambda name: -likeness[name])[:_SHOWN])
    return f"{', '.join(chosen)} … ({len(names)} keys)"
