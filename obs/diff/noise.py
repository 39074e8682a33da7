"""What changes in an object without a meaning: versions in labels, checksums, the order of what has none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_LABELS = ("helm.sh/chart", "chart", "heritage", "app.kubernetes.io/version", "app.kubernetes.io/managed-by")
_CHECKSUM = re.compile(r"checksum/|.*[-/](checksum|config-hash|sha256)$|rollme$")
_LINES = re.compile(
    rf"^\s*(?:(?:{'|'.join(map(re.escape, _LABELS))}|checksum/[\w.-]+):.*|# Source:.*|)$\n?", re.MULTILINE
)
# Lists whose order says nothing, by the field that tells their entries apart.
_SETS: Mapping[str, tuple[str, ...]] = {
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("name", "containerPort", "port"),
    "imagePullSecrets": ("name",),
    "subjects": ("kind", "namespace", "name"),
}


def bare(text: str) -> str:
    """A chart's text without the lines that are noise: equal bare texts are equal objects, and no parser is asked."""
    return _LINES.sub("", text)


def quiet(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest without noise."""
    found: dict[str, Any] = _quiet(manifest, "")
    if found.get("kind") == "PrometheusRule":
        _order_rules(found)
    data = found.get("data")
    if found.get("kind") == "ConfigMap" and isinstance(data, Mapping):
        found["data"] = {key: _parsed(str(key), value) for key, value in data.items()}
    return found


def _parsed(key: str, value: Any) -> Any:
    """JSON in a ConfigMap as structure: how it is written says nothing, and a diff has the lines of its fields."""
    if not key.endswith(".json") or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _quiet(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        kept = {k: _quiet(v, k) for k, v in value.items() if not _noise(key, str(k))}
        # An empty mapping of labels and none at all are the same.
        return {k: v for k, v in kept.items() if not (k in ("labels", "annotations") and v in (None, {}))}
    if isinstance(value, list):
        items = [_quiet(item, "") for item in value]
        by = _SETS.get(key)
        return sorted(items, key=lambda item: _identity(item, by)) if by else items
    return value


def _identity(item: Any, by: tuple[str, ...]) -> str:
    return json.dumps([item.get(field) for field in by] if isinstance(item, Mapping) else item, default=str)


def _noise(parent: str, key: str) -> bool:
    if parent in ("labels", "matchLabels") and key in _LABELS:
        return parent == "labels"
    return parent == "annotations" and _CHECKSUM.match(key) is not None


def _order_rules(manifest: dict[str, Any]) -> None:
    """Rules of a group are read as a set: alerts have no order, and a record that moves is the same record."""
    for group in (manifest.get("spec") or {}).get("groups") or ():
        group["rules"] = sorted(group.get("rules") or (), key=lambda rule: json.dumps(rule, sort_keys=True))
