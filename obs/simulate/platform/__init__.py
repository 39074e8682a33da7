"""Kubernetes objects of the simulated platform, as the real products make them.

They are written from the products' own charts and sources, never from our monitors: a monitor that selects
nothing here would select nothing on a real cluster.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from model.problems import did_you_mean
from obs.errors import ObsError
from obs.simulate.platform import cluster, workloads

Manifest = dict[str, Any]


class SimulationError(ObsError):
    """Something is to be simulated that there is no simulation of."""


_BASE = ("cluster", "manifests", "workloads")
"""Modules that systems stand on; every other is a system's, found by its name, with a function ``objects``."""


def _objects(system: str) -> list[Manifest]:
    """None for a system whose exporters come with the stack itself."""
    if system not in _systems():
        return []
    found: list[Manifest] = import_module(f"{__name__}.{system}").objects()
    return found


def _systems() -> set[str]:
    return {module.name for module in iter_modules(__path__)} - set(_BASE)


def objects(systems: Collection[str]) -> list[Manifest]:
    """The cluster and the workloads of the systems, in an order in which they can be applied.

    Raises SimulationError for a system that has no simulation.
    """
    check(systems)
    return [
        *cluster.objects(),
        *workloads.objects(),
        *(manifest for name in sorted(systems) for manifest in _objects(name)),
    ]


def check(systems: Collection[str]) -> None:
    """Raises SimulationError for a system that has no exporters here."""
    from obs.simulate.exporters import SYSTEMS  # they ask these objects for their labels and ports

    for name in systems:
        if name not in SYSTEMS:
            raise SimulationError(
                f"no simulation of the system {name!r}{did_you_mean(name, sorted(SYSTEMS))}: "
                "obs/simulate/exporters has none of it"
            )
