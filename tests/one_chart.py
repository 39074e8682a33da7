"""One pinned chart with our values, rendered by helm; only that chart's archive is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from components.charts import CHARTS, archive_path
from components.metrics import OPERATOR_APIS
from obs import helm
from obs.chart_archive import ChartError

NAMESPACE = "monitoring"


def needs_charts(*names: str) -> pytest.MarkDecorator:
    """Skips a test, saying why, unless helm and the archives of these charts are at hand."""
    missing = [str(CHARTS[name]) for name in names if not archive_path(CHARTS[name]).is_file()]
    reason = f"not in the chart cache: {', '.join(missing)}; run `obs charts pull`" if missing else ""
    try:
        helm.find()
    except ChartError as error:
        reason = reason or str(error)
    return pytest.mark.skipif(bool(reason), reason=reason or "all there")


def text(chart: str, release: str, values: Mapping[str, Any], *, kube_version: str = "1.31") -> str:
    """Everything that the chart makes of the values, as helm prints it."""
    return helm.template(
        helm.find(),
        archive_path(CHARTS[chart]),
        release=release,
        namespace=NAMESPACE,
        values=values,
        kube_version=kube_version,
        api_versions=OPERATOR_APIS,
    )


def objects(chart: str, release: str, values: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """(kind, name) -> object."""
    documents = yaml.load_all(text(chart, release, values), Loader=yaml.CSafeLoader)
    return {(d["kind"], d["metadata"]["name"]): d for d in documents if d}


def pods(found: Mapping[tuple[str, str], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Name of the workload -> its pod template."""
    workloads = ("Deployment", "StatefulSet", "DaemonSet")
    return {name: o["spec"]["template"] for (kind, name), o in found.items() if kind in workloads}


def not_restricted(pod: Mapping[str, Any]) -> list[str]:
    """What keeps a pod from the level ``restricted``, and a root file system that can be written to."""
    spec = pod["spec"]
    shared = spec.get("securityContext") or {}
    problems = []
    for container in [*spec["containers"], *(spec.get("initContainers") or [])]:
        own = {**shared, **(container.get("securityContext") or {})}
        wanted = {
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        problems += [
            f"{container['name']}: {key} is {own.get(key)}" for key, want in wanted.items() if own.get(key) != want
        ]
    problems += [f"{key} is on" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    problems += [f"volume {v['name']} is of the node" for v in spec.get("volumes") or [] if "hostPath" in v]
    return problems
