"""Keep-lists of the monitors that come with parts of the stack, ours and the charts' (docs/adr/0008-cardinality.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cardinality import KeepLists

Values = dict[str, Any]
Keep = KeepLists | None
"""None where everything is stored."""

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


def kept(keep: Keep, contract: str, component: str | None = None, *, more: Iterable[str] = ()) -> str | None:
    """The keep-list of a monitor of ours; None where everything is stored."""
    return keep.of((contract, component), more=more) if keep is not None else None


def metric_relabelings(keep: Keep, *sources: str | tuple[str, str], key: str = "metricRelabelings") -> Values:
    """The key of a chart's monitor of these sources, each a contract or (contract, component); nothing where everything
    is stored."""
    if keep is None:
        return {}
    names = keep.of(*((source, None) if isinstance(source, str) else source for source in sources))
    return {key: [{"sourceLabels": ["__name__"], "action": "keep", "regex": names}]}


def monitor_values(keep: Keep, *sources: str | tuple[str, str]) -> Values:
    """``serviceMonitor`` of a chart that has everything else by default; no key where everything is stored."""
    found = metric_relabelings(keep, *sources)
    return {"serviceMonitor": found} if found else {}


def kubelet_relabelings(keep: Keep) -> Values:
    """Of the kubelet's monitor, which has three endpoints. Nothing reads the probes' results: pods say it better."""
    found = metric_relabelings(keep, "kubelet")
    for key, steps in metric_relabelings(keep, "cadvisor", key="cAdvisorMetricRelabelings").items():
        found |= {key: [*steps, *_OF_CADVISOR], "probes": False}
    return found
