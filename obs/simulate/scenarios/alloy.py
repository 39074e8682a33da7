"""What goes wrong with the agents that read logs, and what they read."""

from __future__ import annotations

from obs.simulate.scenario import Change, Down, Scenario, Set, Step
from systems.alloy.error_lines import ERROR_LINES


def _scenario(name: str, title: str, description: str, alert: str, within: str, *changes: Change | Down) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="alloy",
        changes=changes,
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "lines-given-up",
        "The agents give lines up",
        "Loki has not answered for longer than they repeat.",
        "AlloyEntriesDropped",
        "16m",
        Change("loki_write_dropped_entries_total", Step(200, every="30s"), {"reason": "ingester_error"}),
    ),
    _scenario(
        "agents-unhealthy",
        "Components of the agents are not healthy",
        "The agents may not list pods.",
        "AlloyComponentsUnhealthy",
        "20m",
        Change("alloy_component_controller_running_components", Set(1), {"health_type": "unhealthy"}),
    ),
    _scenario(
        "errors-in-logs",
        "A workload logs errors",
        "A release of ojeomneo writes an error for every second request; its answers are as fast and as good as ever.",
        "ErrorLogsHigh",
        "22m",
        Change(ERROR_LINES, Step(30, every="30s"), {"namespace": "ojeomneo", "app": "ojeomneo-server"}),
    ),
    _scenario(
        "alloy-down",
        "The agents do not answer",
        "No line of any pod reaches Loki.",
        "AlloySilent",
        "6m",
        Down("alloy"),
    ),
)
