"""The tree of keys that a chart knows: plain data, so that it can be kept as JSON and read back in milliseconds."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from obs.chartkeys.flow import EACH, KeyPath

Kind = Literal["map", "list", "scalar", "null"]
JSON_KINDS: dict[str, Kind] = {"object": "map", "array": "list", "null": "null"}
"""JSON schema types by kind; every other one is a scalar."""


class KeyNode(TypedDict, total=False):
    """What is known about one value. Every field is left out where it says nothing.

    ``kind``: the type of the chart's own default, or of a CRD field. ``keys``: the keys below it.
    ``each``: any item of a list, or any value of a map with free names. ``free``: names below are free.
    ``open``: everything below is accepted, except below the keys in ``but``, which are read one by one.
    ``probed``: the templates ask for the type, so several types are meant. ``fields``: schemas (by number)
    of the fields that this value is passed to, each with the keys that are not passed.
    ``example``: known only from a comment or a schema, which is no reason to refuse other keys.
    """

    kind: Kind
    keys: dict[str, KeyNode]
    each: KeyNode
    free: bool
    open: bool
    but: list[str]
    probed: bool
    fields: list[tuple[int, list[str]]]
    example: bool


def kind_of(value: object) -> Kind:
    """The kind of a parsed YAML value."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "map"
    return "list" if isinstance(value, list | tuple) else "scalar"


def tree_of(value: Any) -> KeyNode:
    """The tree of a chart's default values."""
    node: KeyNode = {"kind": kind_of(value)}
    if isinstance(value, dict):
        node["keys"] = {str(key): tree_of(inner) for key, inner in value.items()}
    elif isinstance(value, list):
        for item in value:
            # Helm replaces lists whole, so that the keys of a default item are examples only.
            merge(node.setdefault("each", {}), as_example(tree_of(item)))
    return node


def as_example(node: KeyNode) -> KeyNode:
    node["example"] = True
    for inner in below(node):
        as_example(inner)
    return node


def below(node: KeyNode) -> list[KeyNode]:
    """The nodes one step down."""
    return [*node.get("keys", {}).values(), *([node["each"]] if "each" in node else [])]


def step(node: KeyNode, name: str) -> KeyNode:
    """The node under ``name``, made if it is not there."""
    if name == EACH:
        return node.setdefault("each", {})
    return node.setdefault("keys", {}).setdefault(name, {"example": True})


def reach(node: KeyNode, path: KeyPath, *, example: bool = False) -> KeyNode:
    """The node at ``path``, made if it is not there; counts as really known unless it is an ``example``."""
    for name in path:
        node = step(node, name)
        if not example:
            node.pop("example", None)
    return node


def find(node: KeyNode | None, path: KeyPath) -> KeyNode | None:
    """The node at ``path``, if there is one."""
    for name in path:
        if node is None:
            return None
        node = node.get("each") if name == EACH else node.get("keys", {}).get(name)
    return node


def merge(node: KeyNode, other: KeyNode) -> KeyNode:
    """Add what ``other`` knows; where both state a kind, ``node`` keeps its own. Returns ``node``."""
    if "kind" in other and node.get("kind", "null") == "null":
        node["kind"] = other["kind"]
    if other.get("open"):
        # Open to a key if either is: what stays apart is apart in both.
        kept_apart = {*other.get("but", ())} & {*node.get("but", ())} if node.get("open") else {*other.get("but", ())}
        node["but"] = sorted(kept_apart)
    for flag in ("free", "open", "probed"):
        if other.get(flag):
            node[flag] = True
    if not other.get("example"):
        node.pop("example", None)
    if "fields" in other:
        node["fields"] = [*node.get("fields", []), *(f for f in other["fields"] if f not in node.get("fields", []))]
    for name, inner in other.get("keys", {}).items():
        merge(step(node, name), inner)
    if "each" in other:
        merge(node.setdefault("each", {}), other["each"])
    return node


def known_keys(node: KeyNode) -> list[str]:
    """The keys that the chart surely has below ``node``, i.e. without examples."""
    return [name for name, inner in node.get("keys", {}).items() if not inner.get("example")]
