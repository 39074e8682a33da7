"""Every exporter of the simulated platform; a module beside this one is found by being there.

A module has ``EXPORTERS``, or one ``EXPORTER``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib import import_module
from pkgutil import iter_modules

from obs.simulate.exporter import Exporter


def _found() -> Iterator[Exporter]:
    for name in sorted(module.name for module in iter_modules(__path__)):
        module = import_module(f"{__name__}.{name}")
        if hasattr(module, "EXPORTER"):
            yield module.EXPORTER
        yield from getattr(module, "EXPORTERS", ())


ALL: tuple[Exporter, ...] = tuple(_found())
SYSTEMS = frozenset(exporter.system for exporter in ALL)
NAMES = tuple(dict.fromkeys(exporter.name for exporter in ALL))


def exporters(systems: Collection[str]) -> tuple[Exporter, ...]:
    """Those of the enabled systems."""
    return tuple(exporter for exporter in ALL if exporter.system in systems)
