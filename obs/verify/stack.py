"""Which stack a Prometheus belongs to: the one whose cluster has the name in Prometheus' external labels."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from obs.errors import ObsError
from obs.stack_config import read_stack_config, stacks
from obs.verify.client import Refused, Server


def cluster_told(prometheus: Server) -> str | None:
    """The external label ``cluster``; None without one, and from a Thanos querier, which has no configuration."""
    try:
        text = prometheus.data("/api/v1/status/config")["yaml"]
    except Refused:
        return None
    config = yaml.safe_load(text) or {}
    label = ((config.get("global") or {}).get("external_labels") or {}).get("cluster")
    return None if label is None else str(label)


def find_stack(prometheus: Server, told: str | None, project: Path) -> str:
    """The stack of a Prometheus. Raises ObsError that names the stacks where none or several fit."""
    clusters = {stack: _cluster(project, stack) for stack in stacks(project)}
    fitting = [stack for stack, cluster in clusters.items() if told is not None and cluster == told]
    if len(fitting) == 1:
        return fitting[0]
    says = f"has the external label cluster={told}" if told is not None else "tells no external label cluster"
    fits = f"{len(fitting)} stacks have that cluster" if fitting else "no stack is told by it"
    known = ", ".join(f"{stack} (cluster {cluster})" for stack, cluster in clusters.items())
    raise ObsError(f"{prometheus.shown} {says}: {fits}; name one with --stack: {known}")


def _cluster(project: Path, stack: str) -> str:
    config = read_stack_config(project, stack)
    return str(json.loads(config.values.get(f"{config.project}:cluster", "{}")).get("name", "unknown"))
