"""Every fault that can be injected, one file for each system, found by being there."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from obs.simulate.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for module in sorted(module.name for module in iter_modules(__path__))
    for scenario in import_module(f"{__name__}.{module}").SCENARIOS
}
"""Name -> scenario."""

_TREND = "a trend must last for a day"
_HISTOGRAM = "a fault cannot change a histogram"
IN_NONE = {
    "Watchdog": "it fires always, by design",
    "AlertmanagerConfigsDiffer": "stack local has one Alertmanager",
    "ThanosCompactNotRunning": "it takes half a day",
    "ThanosQuerySlow": _HISTOGRAM,
    "LokiRequestsFailing": _HISTOGRAM,
    "TempoRequestsFailing": _HISTOGRAM,
    "GrafanaRequestsFailing": _HISTOGRAM,
    "AlloyPushesFailing": _HISTOGRAM,
    "CapacityRunsOut": _TREND,
    "CapacityRunsOutSoon": _TREND,
}
"""Alerts that no scenario brings about -> why."""
