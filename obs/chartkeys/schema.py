"""The keys that a values.schema.json names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from obs.chartkeys.tree import JSON_KINDS, KeyNode, Kind


def add_schema_keys(node: KeyNode, schema: dict[str, Any]) -> None:
    """Add the properties of a schema as examples. Only below keys that the chart has by itself: elsewhere
    nothing is refused that a schema could allow, and schemas spell out all of Kubernetes."""
    _add(node, schema, schema)


def local_only(schema: Any) -> Any:
    """The schema without references to other files: a check never goes to the network."""
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        remote = isinstance(reference, str) and not reference.startswith("#")
        return {key: local_only(inner) for key, inner in schema.items() if not (remote and key == "$ref")}
    return [local_only(item) for item in schema] if isinstance(schema, list) else schema


def _add(node: KeyNode, schema: dict[str, Any], root: dict[str, Any]) -> None:
    if node.get("open"):
        return
    for part in _parts(schema, root, 0):
        for name, inner in part.get("properties", {}).items():
            keys = node.setdefault("keys", {})
            if name in keys:
                if _kinds(inner, root) - {keys[name].get("kind"), "null"}:
                    keys[name]["probed"] = True  # the schema, which is applied too, knows better than the default
                _add(keys[name], inner, root)
            else:
                keys[name] = {"example": True}


def _kinds(schema: Any, root: dict[str, Any]) -> set[Kind]:
    types = [part.get("type", ()) for part in _parts(schema, root, 0)]
    named = [name for entry in types for name in ((entry,) if isinstance(entry, str) else entry)]
    return {JSON_KINDS.get(name, "scalar") for name in named}


def _parts(schema: Any, root: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """A schema and everything that it is combined from. References within the file are followed."""
    if not isinstance(schema, dict) or depth > 10:
        return
    yield schema
    reference = schema.get("$ref", "")
    if reference.startswith("#/"):
        target: Any = root
        for name in reference[2:].split("/"):
            target = target.get(name.replace("~1", "/").replace("~0", "~"), {}) if isinstance(target, dict) else {}
        yield from _parts(target, root, depth + 1)
    for combination in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(combination, ()):
            yield from _parts(inner, root, depth + 1)
    for conditional in ("if", "then", "else"):
        if conditional in schema:
            yield from _parts(schema[conditional], root, depth + 1)
