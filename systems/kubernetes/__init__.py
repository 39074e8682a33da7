"""Pods, containers and volumes, from kube-state-metrics and the kubelets.

Two instances of kube-state-metrics (a rolling restart, or HA) expose every series twice: each
expression takes the maximum per object before it adds or joins.
"""

from __future__ import annotations

from model.dashboard import Panel, PanelKind
from model.promql import CLUSTER, eq, matching, ne, sum_by
from model.route import BELOW_CRITICAL, Inhibition
from model.rule import RecordingRule, Severity, Signal
from model.scrape import METRICS_PATH, Endpoint, Scrape, ScrapeKind
from model.system import Capacity, Domain, RetentionClass, Section, System
from systems.base import Context, SystemSettings, silence
from systems.kubernetes.alerts import NODE_NOT_READY, alerts
from systems.kubernetes.capacity import (
    USAGE,
    capacity_alerts,
    free_capacity,
    idle_record,
    idle_resources,
    storage_forecast,
    storage_used,
)
from systems.kubernetes.details import detail_signals
from systems.kubernetes.places import place_alerts, volumes_failed
from systems.kubernetes.pods import pod_alerts, pod_health_signals
from systems.kubernetes.signals import (
    STATE_JOB,
    VOLUME,
    node_record,
    oom_kills_per_container,
    pod_signals,
    resource_signals,
    volume_signal,
)
from systems.kubernetes.workloads import workload_alerts, workload_signals

KUBELET_JOB = "kubelet"


class Settings(SystemSettings):
    """Nothing to choose yet: the sources come with kube-prometheus-stack."""


def system(settings: Settings, context: Context) -> System:
    workloads = context.in_workloads
    oom_kills = RecordingRule(record="dataops:container:oom_kills_10m", expr=oom_kills_per_container(workloads))
    oom = Signal(
        name="oom_kills",
        title="OOM kills in 10 minutes",
        description="Containers of the platform's workloads that the kernel killed for memory, by namespace.",
        good="None.",
        unit="short",
        expr=sum_by(oom_kills.query, "namespace"),
        legend="{{namespace}}",
        record="dataops:namespace:oom_kills_10m",
        scope=("cluster", "namespace"),
    )
    idle = idle_record(workloads)
    pods = (*pod_signals(workloads), *pod_health_signals(workloads), *workload_signals(workloads))
    in_volumes = context.in_volumes
    volumes = (volume_signal(in_volumes), volumes_failed(), storage_used(in_volumes), storage_forecast())
    resources = (*resource_signals(workloads), free_capacity(), idle_resources(idle))
    silent = [
        silence(
            context,
            job=job,
            title=title,
            name=name,
            component="kubernetes",
            severity=Severity.HIGH,
            hides=hides,
        )
        for job, title, name, hides in (
            (STATE_JOB, "kube-state-metrics", "KubeStateMetricsSilent", "no alert on pods or workloads can fire"),
            (KUBELET_JOB, "Kubelets", "KubeletSilent", "no alert on volumes can fire"),
        )
    ]
    details = detail_signals(workloads, in_volumes)
    by_name = {s.name: s for s in (oom, *pods, *volumes, *resources, *details, *(signal for signal, _ in silent))}
    return System(
        name="kubernetes",
        title="Kubernetes",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=_scrapes(),
        signals=tuple(by_name.values()),
        records=(node_record(workloads), oom_kills, idle),
        inhibitions=(
            # Beyond 5 minutes nothing of its pods is news: they are unreachable or moved.
            Inhibition(
                source=(eq("alertname", NODE_NOT_READY),),
                target=(ne("pod", ""), ne("node", ""), matching("severity", BELOW_CRITICAL)),
                equal=(CLUSTER, "node"),
            ),
        ),
        alerts=(
            *alerts(by_name),
            *pod_alerts(by_name),
            *workload_alerts(by_name),
            *place_alerts(by_name),
            *capacity_alerts(by_name),
            *(alert for _, alert in silent),
        ),
        capacities=(Capacity(resource="volume", usage=USAGE, labels=VOLUME),),
        sections=_sections(by_name),
    )


def _scrapes() -> tuple[Scrape, ...]:
    # Both kubelet endpoints keep the exporter's labels.
    kubelet = [
        Endpoint(
            port="https-metrics",
            contract=contract,
            path=where,
            scheme="https",
            honor_labels=True,
            relabelings=(METRICS_PATH,),
        )
        for contract, where in (("kubelet", "/metrics"), ("cadvisor", "/metrics/cadvisor"))
    ]
    return (
        Scrape(
            name="kube-state-metrics",
            kind=ScrapeKind.PART,
            job=STATE_JOB,
            endpoints=(Endpoint(port="http", contract="kube-state-metrics", honor_labels=True),),
        ),
        Scrape(
            name="kubelet",
            kind=ScrapeKind.PART,
            job=KUBELET_JOB,
            of_nodes=True,
            endpoints=tuple(kubelet),
        ),
    )


def _sections(signals: dict[str, Signal]) -> tuple[Section, ...]:
    def panel(kind: PanelKind, *names: str, width: int = 8, title: str = "") -> Panel:
        shown = tuple(signals[name] for name in names)
        return Panel(title=title or shown[0].title, kind=kind, signals=shown, width=width)

    return (
        Section(
            domain=Domain.GITOPS,
            title="Deployment verification",
            panels=(
                panel(PanelKind.TIMESERIES, "pods_by_phase"),
                panel(PanelKind.TIMESERIES, "container_restarts"),
                panel(PanelKind.TABLE, "image_pull_failures"),
                panel(PanelKind.TABLE, "crash_loops"),
                panel(PanelKind.TABLE, "unhealthy_pods"),
                panel(PanelKind.TABLE, "pods_not_ready"),
                panel(PanelKind.TABLE, "evicted_pods"),
                panel(PanelKind.TABLE, "pod_start_time"),
                panel(PanelKind.TABLE, "nodes_not_ready"),
                panel(PanelKind.TABLE, "rollouts"),
            ),
        ),
        Section(
            domain=Domain.CAPACITY,
            title="Workloads and volumes",
            panels=(
                panel(PanelKind.TIMESERIES, "free_capacity"),
                panel(PanelKind.BARGAUGE, "volume_usage"),
                panel(PanelKind.BARGAUGE, "volume_forecast"),
                panel(PanelKind.TIMESERIES, "storage_used"),
                panel(PanelKind.TIMESERIES, "namespace_cpu"),
                panel(PanelKind.TIMESERIES, "namespace_memory"),
                panel(PanelKind.TIMESERIES, "cpu_throttling"),
                panel(PanelKind.TIMESERIES, "oom_kills"),
                panel(
                    PanelKind.STAT,
                    "kube_state_metrics_silent",
                    "kubelet_silent",
                    title="Silent sources: Kubernetes",
                ),
            ),
        ),
        Section(
            domain=Domain.OPTIMISATION,
            title="Resource use",
            panels=(panel(PanelKind.TIMESERIES, "idle_resources", width=12),),
        ),
    )
