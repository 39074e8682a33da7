"""Label selectors as Kubernetes evaluates them (apimachinery, LabelSelectorAsSelector)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obs.check.rendered import entries, mapping


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector takes what has these labels. None takes nothing, an empty one everything."""
    if selector is None:
        return False
    equal = all(labels.get(key) == value for key, value in mapping(selector.get("matchLabels")).items())
    return equal and all(_fulfils(one, labels) for one in entries(selector.get("matchExpressions")))


def _fulfils(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = requirement.get("key"), requirement.get("values") or ()
    match requirement.get("operator"):
        case "In":
            return labels.get(str(key)) in values
        case "NotIn":
            return labels.get(str(key)) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def shown(labels: Mapping[str, Any]) -> str:
    """Labels for a message."""
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items())) or "nothing"


def shown_selector(selector: Mapping[str, Any]) -> str:
    expressions = (
        f"{one.get('key')} {one.get('operator')} {', '.join(map(str, one.get('values') or ()))}".rstrip()
        for one in entries(selector.get("matchExpressions"))
    )
    parts = [*([shown(m)] if (m := mapping(selector.get("matchLabels"))) else []), *expressions]
    return "; ".join(parts) or "everything"
