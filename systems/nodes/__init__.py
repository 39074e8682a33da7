"""Nodes, as the node exporter of kube-prometheus-stack shows them."""

from __future__ import annotations

from pydantic import Field

from model.dashboard import Panel, PanelKind
from model.limits import over
from model.promql import avg_by, eq, max_by, metric, ne, rate, sum_by
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint, Relabeling, Scrape, ScrapeKind
from model.system import Capacity, Domain, RetentionClass, Section, System
from systems.base import Context, SystemSettings, above, silence
from systems.nodes.details import detail_signals
from systems.nodes.machine import machine_alerts, machine_signals
from systems.nodes.network import network_alerts, network_signals

JOB = "node-exporter"
# The chart's monitor gives node-exporter series no node name; components/ passes this relabeling to it.
NODE_LABEL = Relabeling(source_labels=("__meta_kubernetes_pod_node_name",), target_label="node")


class Settings(SystemSettings):
    """``link_mbit``: speed of the nodes' network in Mbit/s, where their drivers do not tell it (virtual machines)."""

    link_mbit: int | None = Field(default=None, ge=1)


_IDLE = rate(metric("node_cpu_seconds_total", eq("mode", "idle")), "5m")
_AVAILABLE = metric("node_memory_MemAvailable_bytes")
_TOTAL = metric("node_memory_MemTotal_bytes")
_REAL_FILESYSTEM = ne("fstype", "tmpfs")


def system(settings: Settings, context: Context) -> System:
    cluster_cpu = Signal(
        name="cluster_cpu_usage",
        title="CPU use of the cluster",
        description="Share of all CPU time of all nodes that is not idle, over 5 minutes.",
        good="Below 80 %: a fifth of the capacity is free for the next job.",
        unit="percentunit",
        expr=1 - avg_by(_IDLE),
        legend="{{cluster}}",
        record="dataops:cluster:cpu_usage_ratio",
        maximum=1,
    )
    cluster_memory = Signal(
        name="cluster_memory_usage",
        title="Memory use of the cluster",
        description="Share of the memory of all nodes that is not available to new processes.",
        good="Below 85 %.",
        unit="percentunit",
        expr=1 - sum_by(_AVAILABLE) / sum_by(_TOTAL),
        legend="{{cluster}}",
        record="dataops:cluster:memory_usage_ratio",
        maximum=1,
    )
    node_cpu = Signal(
        name="node_cpu_usage",
        title="CPU use by node",
        description="Share of a node's CPU time that is not idle, over 5 minutes.",
        good="No node stays near 100 % while others are idle.",
        unit="percentunit",
        expr=1 - avg_by(_IDLE, "node"),
        legend="{{node}}",
        record="dataops:node:cpu_usage_ratio",
        maximum=1,
        limits=over(warning=0.80, medium=0.85),
    )
    node_memory = Signal(
        name="node_memory_usage",
        title="Memory use by node",
        description="Share of a node's memory that is not available to new processes.",
        good="Below 90 %: above it the kernel starts to kill.",
        unit="percentunit",
        expr=1 - max_by(_AVAILABLE, "node") / max_by(_TOTAL, "node"),
        legend="{{node}}",
        record="dataops:node:memory_usage_ratio",
        maximum=1,
        limits=over(warning=0.85, medium=0.90),
    )
    disk = Signal(
        name="node_filesystem_usage",
        title="Fullest file system by node",
        description="Share of a node's fullest file system that is not available to ordinary processes.",
        good="Below 80 %.",
        unit="percentunit",
        expr=max_by(
            1
            - metric("node_filesystem_avail_bytes", _REAL_FILESYSTEM)
            / metric("node_filesystem_size_bytes", _REAL_FILESYSTEM),
            "node",
        ),
        legend="{{node}}",
        maximum=1,
    )
    own = (cluster_cpu, cluster_memory, node_cpu, node_memory, disk)
    network = {signal.name: signal for signal in network_signals(settings.link_mbit)}
    inside = {signal.name: signal for signal in (*detail_signals(), *machine_signals())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Node exporter",
        name="NodeExporterSilent",
        component="nodes",
        severity=Severity.HIGH,
        hides="no alert on CPU, memory or disks of nodes can fire",
    )
    compute = (
        Panel(title="CPU use of the cluster", kind=PanelKind.TIMESERIES, signals=(cluster_cpu,), width=12),
        Panel(title="Memory use of the cluster", kind=PanelKind.TIMESERIES, signals=(cluster_memory,), width=12),
        Panel(title="Resources by node", kind=PanelKind.TABLE, signals=(node_cpu, node_memory, disk)),
        Panel(title="CPU use by node", kind=PanelKind.TIMESERIES, signals=(node_cpu,)),
        Panel(title="Memory use by node", kind=PanelKind.TIMESERIES, signals=(node_memory,)),
        Panel(title="Fullest file system by node", kind=PanelKind.BARGAUGE, signals=(disk,)),
    )
    traffic = (network["node_network_received"], network["node_network_sent"])
    links = (
        Panel(title="Network traffic by node", kind=PanelKind.TIMESERIES, signals=traffic, width=12),
        Panel(title="Network use", kind=PanelKind.TIMESERIES, signals=(network["node_network_usage"],), width=12),
        Panel(title="Packets dropped", kind=PanelKind.TIMESERIES, signals=(network["node_packet_drops"],)),
        Panel(title="Packets by node", kind=PanelKind.TIMESERIES, signals=(network["node_packets"],)),
        Panel(title="Silent sources: nodes", kind=PanelKind.STAT, signals=(silent,)),
    )
    return System(
        name="nodes",
        title="Nodes",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=(
            Scrape(
                name="node-exporter",
                kind=ScrapeKind.PART,
                job=JOB,
                endpoints=(Endpoint(port="http-metrics", contract="node-exporter", relabelings=(NODE_LABEL,)),),
            ),
        ),
        signals=(*own, *network.values(), *inside.values(), silent),
        alerts=(
            *_capacity_alerts(cluster_cpu, cluster_memory),
            *network_alerts(network),
            *machine_alerts(inside),
            silent_alert,
        ),
        capacities=(
            Capacity(resource="cpu", usage="dataops:cluster:cpu_usage_ratio", days=7),
            Capacity(resource="memory", usage="dataops:cluster:memory_usage_ratio", days=7),
        ),
        sections=(
            Section(domain=Domain.CAPACITY, title="Compute resources", panels=compute),
            Section(domain=Domain.CAPACITY, title="Network resources", panels=links),
        ),
    )


def _capacity_alerts(cpu: Signal, memory: Signal) -> tuple[Alert, ...]:
    """Tiers of spec 30-rules C31 and C32: stricter warns, looser is high."""
    cluster = "of cluster {{ $labels.cluster }} is {{ $value | humanizePercentage }}"
    return (
        above(
            "CPUUsageHigh",
            cpu,
            0.8,
            for_="10m",
            severity=Severity.WARNING,
            component="infrastructure",
            summary=f"CPU use {cluster}",
            description="CPU use over all nodes has been above 80 % for 10 minutes.",
        ),
        above(
            "CPUCapacityLow",
            cpu,
            0.85,
            for_="10m",
            severity=Severity.HIGH,
            component="infrastructure",
            summary=f"CPU use {cluster}",
            description="CPU use over all nodes has been above 85 % for 10 minutes.",
        ),
        above(
            "MemoryUsageHigh",
            memory,
            0.85,
            for_="10m",
            severity=Severity.WARNING,
            component="infrastructure",
            summary=f"Memory use {cluster}",
            description="Memory use over all nodes has been above 85 % for 10 minutes.",
        ),
        above(
            "MemoryCapacityLow",
            memory,
            0.9,
            for_="10m",
            severity=Severity.HIGH,
            component="infrastructure",
            summary=f"Memory use {cluster}",
            description="Memory use over all nodes has been above 90 % for 10 minutes.",
        ),
    )
