"""Keep-lists as values of charts, whose monitors are theirs (docs/adr/0008-cardinality.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Values = dict[str, Any]
Keep = Mapping[str, str]
"""Contract -> a regular expression of the names that are stored."""

# What the chart drops of cAdvisor by other labels than the name; a list of ours replaces the chart's.
_OF_CADVISOR = (
    {"sourceLabels": ["__name__", "scope"], "action": "drop", "regex": "container_memory_failures_total;hierarchy"},
    {
        "sourceLabels": ["__name__", "interface"],
        "action": "drop",
        "regex": "container_network_.*;(cali|cilium|cni|lxc|nodelocaldns|tunl).*",
    },
    {"sourceLabels": ["id", "pod"], "action": "drop", "regex": ".+;"},
)


def metric_relabelings(keep: Keep, contract: str, *, key: str = "metricRelabelings") -> Values:
    """The key of a chart's monitor; nothing where everything is stored."""
    if contract not in keep:
        return {}
    return {key: [{"sourceLabels": ["__name__"], "action": "keep", "regex": keep[contract]}]}


def kubelet_relabelings(keep: Keep) -> Values:
    """Of the kubelet's monitor, which has three endpoints. Nothing reads the probes' results: pods say it better."""
    found = metric_relabelings(keep, "kubelet")
    for key, steps in metric_relabelings(keep, "cadvisor", key="cAdvisorMetricRelabelings").items():
        found |= {key: [*steps, *_OF_CADVISOR], "probes": False}
    return found
