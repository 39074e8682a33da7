"""Outputs of the stack, which other projects read: compatible or breaking."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from obs.diff.entry import Entry, arrow, listed
from obs.diff.pair import Pair

BREAKING = "breaking"


def outputs(pair: Pair) -> Iterator[Entry]:
    for name, kind, text in differences(pair):
        where, why = pair.where(f"output {name}"), "docs/outputs.md: others read them"
        yield Entry(topic="outputs", subject=name, text=f"{kind}: {text}", where=where, why=why)


def differences(pair: Pair) -> Iterator[tuple[str, str, str]]:
    """(output, ``compatible`` or ``breaking``, what happens)"""
    one, other = pair.before.snapshot, pair.after.snapshot
    if one.outputs_schema is not None and other.outputs_schema is not None:
        yield from schema_differences(one.outputs_schema, other.outputs_schema)
    if one.outputs is not None and other.outputs is not None:
        told = {name for name, *_ in schema_differences(one.outputs_schema or {}, other.outputs_schema or {})}
        gone = sorted(one.outputs.keys() - other.outputs.keys() - told)
        yield from ((name, BREAKING, "removed") for name in gone)
        yield from _values(one.outputs, other.outputs)


def schema_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """A reader breaks where an output goes, or may be what it could not be before."""
    before, after = one.get("properties", {}), other.get("properties", {})
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield name, BREAKING, "removed"
        elif name not in before:
            yield name, "compatible", "added"
        else:
            was, now = types(before[name]), types(after[name])
            if now - was:
                yield name, BREAKING, f"type {arrow(' or '.join(sorted(was)), ' or '.join(sorted(now)))}"
            elif was - now:
                yield name, "compatible", f"type {arrow(' or '.join(sorted(was)), ' or '.join(sorted(now)))}"
            if before[name].get("const") != after[name].get("const"):
                yield name, BREAKING, f"version {arrow(before[name].get('const'), after[name].get('const'))}"


def types(schema: Mapping[str, Any]) -> set[str]:
    """``string``, ``null``, ``array of string`` …"""
    if "anyOf" in schema:
        return {kind for one in schema["anyOf"] for kind in types(one)}
    if schema.get("type") == "array":
        return {f"array of {' or '.join(sorted(types(schema.get('items', {}))))}"}
    return {str(schema.get("type", "anything"))}


def _values(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name in sorted(one.keys() & other.keys()):
        before, after = one[name], other[name]
        if before == after:
            continue
        if isinstance(before, list | dict) and isinstance(after, list | dict):
            lost, won = [str(x) for x in before if x not in after], [str(x) for x in after if x not in before]
            parts = [f"without {listed(lost)}"] if lost else []
            parts += [f"with {listed(won)}"] if won else []
            yield name, "compatible", " and ".join(parts) or "other values"
        elif after is None:
            yield name, BREAKING, f"is null now, was {before}"
        else:
            yield name, "compatible", f"value {arrow(json.dumps(before), json.dumps(after))}"
