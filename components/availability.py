"""What charts take so that a node that goes, or is drained, takes one replica at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def kept_apart(replicas: int, pods: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Values of charts that have ``podDisruptionBudget`` and ``topologySpreadConstraints``; nothing for one replica.

    ``pods`` are the labels to spread by, for a chart that does not fill them in itself.
    """
    if replicas == 1:
        return {}
    spread: dict[str, Any] = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
    }
    if pods is not None:
        spread["labelSelector"] = {"matchLabels": dict(pods)}
    return {
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": [spread],
    }
