"""The operator's CRDs, and a comparison of a model with one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

CRDS = Path(__file__).parents[2] / "shared" / "crds" / "prometheus-operator-0.93.1"
# Each bound with the sign that makes tighter greater.
BOUNDS = {"minLength": 1, "minItems": 1, "minimum": 1, "maximum": -1}


class _Loader(yaml.CSafeLoader):
    """PyYAML has no constructor for a bare ``=``, which stands in an enum of these CRDs."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda _loader, node: node.value)


@cache
def crd_spec(kind: str) -> dict[str, Any]:
    """The schema of ``spec``: parsed once for all tests (0.1 s for the largest)."""
    crd = yaml.load((CRDS / f"crd-{kind}.yaml").read_text(), _Loader)
    (version,) = crd["spec"]["versions"]
    spec: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return spec


def differences(model: type[BaseModel], crd: dict[str, Any]) -> list[str]:
    """Every place where the model lets something through that the CRD refuses, or lacks a field."""
    schema = model.model_json_schema()
    return list(_compare("spec", schema, crd, schema.get("$defs", {})))


def _resolve(schema: dict[str, Any], defs: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in schema:
        return _resolve(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "anyOf" in schema:
        return [part for option in schema["anyOf"] for part in _resolve(option, defs) if part.get("type") != "null"]
    return [schema]


def _compare(path: str, schema: dict[str, Any], crd: dict[str, Any], defs: dict[str, Any]) -> Iterator[str]:
    types = {"integer", "string"} if crd.get("x-kubernetes-int-or-string") else {crd.get("type")}
    for part in _resolve(schema, defs):
        kind = part.get("type", "string" if "const" in part else None)
        if kind not in types:
            yield f"{path}: {kind} in the model, {'/'.join(sorted(map(str, types)))} in the CRD"
        elif kind == "object":
            yield from _compare_object(path, part, crd, defs)
        elif kind == "array":
            yield from _compare_bounds(path, part, crd)
            yield from _compare_uniqueness(path, part, crd)
            yield from _compare(f"{path}[]", part["items"], crd["items"], defs)
        else:
            yield from _compare_leaf(path, part, crd)


def _compare_object(path: str, part: dict[str, Any], crd: dict[str, Any], defs: dict[str, Any]) -> Iterator[str]:
    if "additionalProperties" in crd:
        if not isinstance(part.get("additionalProperties"), dict):
            yield f"{path}: a map in the CRD"
        else:
            yield from _compare(f"{path}.*", part["additionalProperties"], crd["additionalProperties"], defs)
        return
    if part.get("additionalProperties") is not False:
        yield f"{path}: the model lets unknown fields through"
    for name, field in part.get("properties", {}).items():
        if name not in crd["properties"]:
            yield f"{path}.{name}: not in the CRD"
        else:
            yield from _compare(f"{path}.{name}", field, crd["properties"][name], defs)
    for name in sorted(set(crd["properties"]) - set(part.get("properties", {}))):
        yield f"{path}.{name}: not in the model"
    for name in sorted(set(crd.get("required", [])) - set(part.get("required", []))):
        yield f"{path}.{name}: required by the CRD, optional in the model"


def _compare_leaf(path: str, part: dict[str, Any], crd: dict[str, Any]) -> Iterator[str]:
    values = part.get("enum") or ([part["const"]] if "const" in part else None)
    if "enum" in crd and not set(values or ["anything"]) <= set(crd["enum"]):
        yield f"{path}: {values or 'anything'} in the model, one of {crd['enum']} in the CRD"
    pattern = crd.get("pattern") if part.get("type") == "string" else None
    if pattern and values:
        # Go takes (?i) anywhere, Python at the start only.
        flags = re.IGNORECASE if "(?i)" in pattern else re.NOFLAG
        for value in values:
            if not re.search(pattern.replace("(?i)", ""), value, flags):
                yield f"{path}: {value!r} does not match {pattern}"
    elif pattern and part.get("pattern") != pattern:
        yield f"{path}: pattern {part.get('pattern')} in the model, {pattern} in the CRD"
    if not values:
        yield from _compare_bounds(path, part, crd)


def _compare_bounds(path: str, part: dict[str, Any], crd: dict[str, Any]) -> Iterator[str]:
    for bound, sign in BOUNDS.items():
        if bound in crd and (bound not in part or sign * part[bound] < sign * crd[bound]):
            yield f"{path}: {bound} {part.get(bound)} in the model, {crd[bound]} in the CRD"


def _compare_uniqueness(path: str, part: dict[str, Any], crd: dict[str, Any]) -> Iterator[str]:
    listed = crd.get("x-kubernetes-list-type")
    if listed in {"set", "map"} and part.get("x-kubernetes-list-type") != listed:
        yield f"{path}: items must differ by {crd.get('x-kubernetes-list-map-keys', 'value')}"
