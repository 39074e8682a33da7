"""Every exporter of the simulated platform."""

from __future__ import annotations

from collections.abc import Collection

from obs.simulate.exporter import Exporter
from obs.simulate.exporters import argocd, cadvisor, kube_state_metrics, kubelet, node_exporter, spark

ALL: tuple[Exporter, ...] = (
    kube_state_metrics.EXPORTER,
    *kubelet.EXPORTERS,
    cadvisor.EXPORTER,
    node_exporter.EXPORTER,
    *argocd.EXPORTERS,
    *spark.EXPORTERS,
)
SYSTEMS = frozenset(exporter.system for exporter in ALL)
NAMES = tuple(dict.fromkeys(exporter.name for exporter in ALL))


def exporters(systems: Collection[str]) -> tuple[Exporter, ...]:
    """Those of the enabled systems."""
    return tuple(exporter for exporter in ALL if exporter.system in systems)
