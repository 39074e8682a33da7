"""Every fault that can be injected, one file for each system."""

from __future__ import annotations

from obs.simulate.scenario import Scenario
from obs.simulate.scenarios import argocd, everything, kubernetes, nodes, spark

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        *spark.SCENARIOS,
        *kubernetes.SCENARIOS,
        *nodes.SCENARIOS,
        *argocd.SCENARIOS,
        *everything.SCENARIOS,
    )
}
"""Name -> scenario."""

IN_NONE = {"Watchdog": "it fires always, by design"}
"""Alerts that no scenario brings about -> why."""
