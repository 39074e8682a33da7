"""Fields of custom resources, from the CRDs that a chart archive brings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from obs.chartkeys.documented import Loader
from obs.chartkeys.flow import KeyPath
from obs.chartkeys.tree import JSON_KINDS, KeyNode, find

_KIND = re.compile(r"^\s+kind: (\w+)\s*$", re.M)


class Crds:
    """The field trees of custom resources by kind, read when asked for: one CRD has up to 0.8 MB of YAML."""

    def __init__(self, files: Iterable[str]) -> None:
        self._files = {kind: text for text in files for kind in _KIND.findall(text)}
        self._trees: dict[str, KeyNode | None] = {}

    def field(self, kind: str, path: KeyPath) -> KeyNode | None:
        """The tree below a field, or None for a kind or a field that is not known here."""
        if kind not in self._trees:
            self._trees[kind] = self._read(kind)
        return find(self._trees[kind], path)

    def has(self, kind: str) -> bool:
        """Whether there is a CRD of that kind."""
        return self.field(kind, ()) is not None

    def _read(self, kind: str) -> KeyNode | None:
        text = self._files.get(kind)
        if text is None or "CustomResourceDefinition" not in text or "{{" in text.partition("spec:")[0]:
            return None
        for document in yaml.load_all(text, Loader=Loader):
            if isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition":
                spec = document["spec"]
                if spec["names"]["kind"] == kind:
                    stored = next(v for v in spec["versions"] if v.get("storage"))
                    return field_tree(stored["schema"]["openAPIV3Schema"])
        return None


def field_tree(schema: dict[str, Any]) -> KeyNode:
    """The key tree of an OpenAPI v3 schema as CRDs write it (structural, without references)."""
    node: KeyNode = {}
    if schema.get("x-kubernetes-int-or-string"):
        return {"kind": "scalar"}
    if "type" not in schema and "properties" not in schema:
        return {"open": True}
    node["kind"] = JSON_KINDS.get(schema.get("type", "object"), "scalar")
    if "properties" in schema:
        node["keys"] = {name: field_tree(inner) for name, inner in schema["properties"].items()}
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        node["each"], node["free"] = field_tree(extra), True
    if "items" in schema:
        node["each"] = field_tree(schema["items"])
    shapeless = node.get("kind") == "map" and "keys" not in node and not node.get("free")
    if extra is True or schema.get("x-kubernetes-preserve-unknown-fields") or shapeless:
        node["open"] = True
    return node
