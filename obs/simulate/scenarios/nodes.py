"""What goes wrong with nodes."""

from __future__ import annotations

from obs.simulate.exporters.node_exporter import MODES
from obs.simulate.platform.cluster import MEMORY_GIB
from obs.simulate.scenario import Change, Down, Rate, Scenario, Set

_CPU = "node_cpu_seconds_total"
_TOTAL = MEMORY_GIB * 2**30


def _busy(share: float) -> tuple[Change, ...]:
    """All CPUs busy to this share; what is not idle any more is spent in user mode."""
    taken = MODES["idle"] - (1 - share)
    return (
        Change(_CPU, Rate(1 - share), {"mode": "idle"}),
        Change(_CPU, Rate(MODES["user"] + taken), {"mode": "user"}),
    )


def _used(share: float) -> tuple[Change, ...]:
    left = (1 - share) * _TOTAL
    return (
        Change("node_memory_MemAvailable_bytes", Set(left)),
        Change("node_memory_MemFree_bytes", Set(left / 4)),
    )


def _scenario(name: str, title: str, description: str, changes: tuple[Change, ...], *alerts: str) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="nodes",
        changes=changes,
        alerts=alerts,
        within="18m",
    )


SCENARIOS = (
    _scenario(
        "high-cpu",
        "All nodes compute at their limit",
        "93 % of all CPU time is used: the next job has to wait.",
        _busy(0.93),
        "CPUCapacityLow",
        "CPUUsageHigh",
    ),
    _scenario("elevated-cpu", "Nodes are busy", "83 % of all CPU time is used.", _busy(0.83), "CPUUsageHigh"),
    _scenario(
        "high-memory",
        "Memory of all nodes runs out",
        "94 % of all memory is used: the kernel will kill soon.",
        _used(0.94),
        "MemoryCapacityLow",
        "MemoryUsageHigh",
    ),
    _scenario("elevated-memory", "Memory is short", "87 % of all memory is used.", _used(0.87), "MemoryUsageHigh"),
    _scenario(
        "busy-network",
        "A node's network is at its limit",
        "A node sends 1.1 GB/s over a link of 10 Gbit/s: every executor reads from its shuffle service.",
        (Change("node_network_transmit_bytes_total", Rate(1.1e9), {"device": "eth0"}),),
        "NodeNetworkBusy",
    ),
    _scenario(
        "dropped-packets",
        "Nodes drop packets",
        "Bursts overrun the receive rings: of 900 packets a second 40 are dropped.",
        (Change("node_network_receive_drop_total", Rate(40), {"device": "eth0"}),),
        "NodePacketsDropped",
    ),
    Scenario(
        name="node-exporter-down",
        title="The node exporters do not answer",
        description="Nothing is known of CPU, memory and disks of nodes.",
        system="nodes",
        changes=(Down("node-exporter"),),
        alerts=("NodeExporterSilent",),
        within="6m",
    ),
)
