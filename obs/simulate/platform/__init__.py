"""Kubernetes objects of the simulated platform, as the real products make them.

They are written from the products' own charts and sources, never from our monitors: a monitor that selects
nothing here would select nothing on a real cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from model.problems import did_you_mean
from obs.errors import ObsError
from obs.simulate.platform import argocd, cluster, spark, workloads

Manifest = dict[str, Any]


class SimulationError(ObsError):
    """Something is to be simulated that there is no simulation of."""


# kube-prometheus-stack itself brings the exporters of the first two.
_OBJECTS: dict[str, Callable[[], list[Manifest]]] = {
    "kubernetes": list,
    "nodes": list,
    "argocd": argocd.objects,
    "spark": spark.objects,
}


def objects(systems: Collection[str]) -> list[Manifest]:
    """The cluster and the workloads of the systems, in an order in which they can be applied.

    Raises SimulationError for a system that has no simulation.
    """
    check(systems)
    return [
        *cluster.objects(),
        *workloads.objects(),
        *(manifest for name in sorted(systems) for manifest in _OBJECTS[name]()),
    ]


def check(systems: Collection[str]) -> None:
    """Raises SimulationError for a system that lacks its objects here or its exporters."""
    from obs.simulate.exporters import SYSTEMS  # they ask these objects for their labels and ports

    for name in systems:
        if name not in _OBJECTS:
            raise SimulationError(f"no simulation of the system {name!r}{did_you_mean(name, _OBJECTS)}")
        if name not in SYSTEMS:
            raise SimulationError(f"no simulation of the system {name!r}: obs/simulate/exporters has none of it")
