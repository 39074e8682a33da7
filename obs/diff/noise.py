"""What changes in an object without a meaning: versions in labels, checksums, the order of what has none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from obs.diff.order import as_set, filtering, ordered, sets_of

_LABELS = ("helm.sh/chart", "chart", "heritage", "app.kubernetes.io/version", "app.kubernetes.io/managed-by")
_CHECKSUM = re.compile(r"checksum/|.*[-/](checksum|config-hash|sha256)$|rollme$")
_LINES = re.compile(
    rf"^\s*(?:(?:{'|'.join(map(re.escape, _LABELS))}|checksum/[\w.-]+):.*|# Source:.*|)$\n?", re.MULTILINE
)


def bare(text: str) -> str:
    """A chart's text without the lines that are noise: equal bare texts are equal objects, and no parser is asked."""
    return _LINES.sub("", text)


def quiet(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest without noise."""
    kind, data = manifest.get("kind"), manifest.get("data")
    if kind == "ConfigMap" and isinstance(data, Mapping):
        manifest = {**manifest, "data": {key: _parsed(str(key), value) for key, value in data.items()}}
    found: dict[str, Any] = _quiet(manifest, "", sets_of(str(kind)))
    if kind == "PrometheusRule":
        _order_rules(found)
    return found


def _parsed(key: str, value: Any) -> Any:
    """JSON in a ConfigMap as structure: how it is written says nothing, and a diff has the lines of its fields."""
    if not key.endswith(".json") or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _quiet(value: Any, key: str, sets: Mapping[str, tuple[str, ...]]) -> Any:
    if isinstance(value, Mapping):
        kept = filtering({k: _quiet(v, k, sets) for k, v in value.items() if not _noise(key, str(k))})
        # An empty mapping of labels and none at all are the same.
        return {k: v for k, v in kept.items() if not (k in ("labels", "annotations") and v in (None, {}))}
    if isinstance(value, list):
        items = [_quiet(item, "", sets) for item in value]
        by = sets.get(key)
        return items if by is None else as_set(items, by)
    return ordered(value) if isinstance(value, str) else value


def _noise(parent: str, key: str) -> bool:
    if parent in ("labels", "matchLabels") and key in _LABELS:
        return parent == "labels"
    return parent == "annotations" and _CHECKSUM.match(key) is not None


def _order_rules(manifest: dict[str, Any]) -> None:
    """Rules of a group are read as a set: alerts have no order, and a record that moves is the same record."""
    for group in (manifest.get("spec") or {}).get("groups") or ():
        group["rules"] = sorted(group.get("rules") or (), key=lambda rule: json.dumps(rule, sort_keys=True))
