"""Monitored systems, one module each; a module is found by being there.

A module ``systems/<name>.py`` has a class ``Settings`` (its part of the stack's settings) and a
function ``system(settings, context) -> System``.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from model.system import System
from systems.base import Context, SystemSettings

_SHARED = ("access", "base", "capacity", "objectives", "own", "pipeline")
"""Modules that systems use."""
OWN = (
    "prometheus",
    "alertmanager",
    "prometheus_operator",
    "grafana",
    "thanos",
    "loki",
    "tempo",
    "alloy",
    "collector",
)
"""The parts of the stack itself: watched where they are deployed, without being named (``selfMonitoring``)."""


def available() -> list[str]:
    """Names of the systems that this program can monitor."""
    return sorted(m.name for m in iter_modules(__path__) if m.name not in _SHARED)


def settings_class(name: str) -> type[SystemSettings]:
    """The settings of a system. Raises ModuleNotFoundError for a name that is not :func:`available`."""
    found: type[SystemSettings] = import_module(f"systems.{name}").Settings
    return found


def build(name: str, settings: SystemSettings, context: Context) -> System:
    """The system's value. Raises ValueError where its name is not its module's."""
    system: System = import_module(f"systems.{name}").system(settings, context)
    if system.name != name:
        raise ValueError(f"{system.where}: system {system.name!r} must have the name of its module, {name!r}")
    return system
