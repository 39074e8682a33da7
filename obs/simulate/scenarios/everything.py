"""When nothing answers any more."""

from __future__ import annotations

from obs.simulate.exporters import NAMES
from obs.simulate.scenario import Down, Scenario

SCENARIOS = (
    Scenario(
        name="everything-down",
        title="Nothing answers",
        description="No exporter of any system can be reached: only the silence tells.",
        system="kubernetes",
        changes=tuple(map(Down, NAMES)),
        alerts=(
            "ArgoCDControllerSilent",
            "KubeStateMetricsSilent",
            "KubeletSilent",
            "NodeExporterSilent",
            "SparkOperatorSilent",
        ),
        within="6m",
    ),
)
