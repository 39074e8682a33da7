"""Reads where the cluster's metrics and dashboards are, so that nothing of it is typed a second time."""

from __future__ import annotations

import pulumi

UNDERSTOOD = 1

observability = pulumi.StackReference(pulumi.Config().require("observability"))


def check_version(version: float) -> int:
    """Refuses outputs of another meaning: within a version outputs are only added."""
    if version != UNDERSTOOD:
        raise pulumi.RunError(f"outputsVersion is {version:g}; this program understands {UNDERSTOOD}")
    return UNDERSTOOD


def folder_link(outputs: list[str]) -> str:
    """The capacity dashboard, narrowed to this team's cluster."""
    grafana, cluster = outputs
    return f"{grafana}/d/dataops-capacity?var-cluster={cluster}"


pulumi.export("understood", observability.require_output("outputsVersion").apply(check_version))
pulumi.export("prometheus", observability.require_output("prometheusUrl"))
pulumi.export(
    "capacityDashboard",
    pulumi.Output.all(observability.require_output("grafanaUrl"), observability.require_output("clusterName")).apply(
        folder_link
    ),
)
