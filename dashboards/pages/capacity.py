"""Below resource capacity: one pod, one volume, one node, the cluster, and what will be full when."""

from __future__ import annotations

from dashboards.pages.common import NAMESPACE, POD, logs_of
from dashboards.shelf import Group, Page, show
from model.dashboard import PanelKind, Variable

_PARENT = "dataops-capacity"
_VOLUME = "dataops:volume:usage_ratio"
_NODE = ("nodes", Variable(name="node", label="node", metric="dataops:node:cpu_usage_ratio"))

POD_PAGE = Page(
    uid="dataops-pod",
    title="Pod and workload",
    description="What one pod uses and was given, why its containers ended, and what they wrote.",
    parent=_PARENT,
    systems=("kubernetes",),
    keys=("pod",),
    variables=(NAMESPACE, POD),
    rows=(
        Group(
            title="State",
            panels=(
                show(PanelKind.TABLE, "kubernetes.unhealthy_pods"),
                show(PanelKind.TABLE, "kubernetes.pods_not_ready"),
                show(PanelKind.TABLE, "kubernetes.last_ends"),
                show(PanelKind.TIMESERIES, "kubernetes.container_restarts"),
                show(PanelKind.TABLE, "kubernetes.pods_missing"),
                show(PanelKind.TABLE, "kubernetes.pod_start_time"),
            ),
        ),
        Group(
            title="Use",
            panels=(
                show(PanelKind.TIMESERIES, "kubernetes.pod_cpu"),
                show(PanelKind.TIMESERIES, "kubernetes.pod_memory"),
                show(PanelKind.TIMESERIES, "kubernetes.memory_of_limit"),
                show(PanelKind.TIMESERIES, "kubernetes.cpu_throttling"),
                show(PanelKind.TIMESERIES, "kubernetes.pod_received", "kubernetes.pod_sent"),
            ),
        ),
        logs_of('{namespace=~".+", namespace=~"$namespace", pod=~"$pod"}', "Log of the pod"),
    ),
)

VOLUME = Page(
    uid="dataops-volume",
    title="Persistent volumes",
    description="How full one volume is, how fast it fills, and whether inodes run out first.",
    parent=_PARENT,
    systems=("kubernetes",),
    keys=("persistentvolumeclaim",),
    variables=(
        ("kubernetes", Variable(name="namespace", label="namespace", metric=_VOLUME)),
        ("kubernetes", Variable(name="claim", label="persistentvolumeclaim", metric=_VOLUME)),
    ),
    rows=(
        Group(
            title="Fullest volumes",
            panels=(
                show(PanelKind.BARGAUGE, "kubernetes.volume_usage", width=12),
                show(PanelKind.BARGAUGE, "kubernetes.volume_forecast", width=12),
                show(PanelKind.TABLE, "kubernetes.volumes_failed"),
            ),
        ),
        Group(
            title="Course",
            panels=(
                show(PanelKind.TIMESERIES, "kubernetes.volume_used", "kubernetes.volume_capacity", width=12),
                show(PanelKind.TIMESERIES, "kubernetes.volume_inodes", width=12),
                show(PanelKind.TIMESERIES, "kubernetes.storage_used", width=12),
            ),
        ),
    ),
)

NODE = Page(
    uid="dataops-node",
    title="Node",
    description="CPU, memory, disks and network of one node.",
    parent=_PARENT,
    systems=("nodes",),
    keys=("node",),
    related=("nodes",),
    variables=(_NODE,),
    rows=(
        Group(
            title="Compute",
            panels=(
                show(PanelKind.TIMESERIES, "nodes.node_cpu_usage"),
                show(PanelKind.TIMESERIES, "nodes.node_load"),
                show(PanelKind.TIMESERIES, "nodes.node_memory_usage"),
                show(PanelKind.TIMESERIES, "nodes.node_memory_free"),
                show(PanelKind.STAT, "kubernetes.node_pods"),
                show(PanelKind.TABLE, "kubernetes.node_pressure"),
                show(PanelKind.TIMESERIES, "nodes.node_clock_error"),
            ),
        ),
        Group(
            title="Disks",
            panels=(
                show(PanelKind.BARGAUGE, "nodes.node_mounts"),
                show(PanelKind.TIMESERIES, "nodes.node_disk_read", "nodes.node_disk_written"),
                show(PanelKind.TIMESERIES, "nodes.node_disk_busy"),
                show(PanelKind.BARGAUGE, "nodes.node_inodes"),
                show(PanelKind.TABLE, "nodes.node_read_only"),
                show(PanelKind.TABLE, "nodes.raid_disks_missing"),
            ),
        ),
        Group(
            title="Network",
            panels=(
                show(
                    PanelKind.TIMESERIES,
                    "nodes.node_network_received",
                    "nodes.node_network_sent",
                    title="Network traffic by node",
                ),
                show(PanelKind.TIMESERIES, "nodes.node_network_usage"),
                show(PanelKind.TIMESERIES, "nodes.node_packet_drops"),
                show(PanelKind.TIMESERIES, "nodes.node_conntrack"),
            ),
        ),
    ),
)

KUBERNETES = Page(
    uid="dataops-kubernetes",
    title="Kubernetes cluster",
    description="Nodes, pods and the control plane of a cluster in one view.",
    parent=_PARENT,
    systems=("kubernetes",),
    related=("kubernetes", "control_plane"),
    variables=(NAMESPACE,),
    rows=(
        Group(
            title="Cluster",
            panels=(
                show(PanelKind.TIMESERIES, "nodes.cluster_cpu_usage"),
                show(PanelKind.TIMESERIES, "nodes.cluster_memory_usage"),
                show(PanelKind.TIMESERIES, "kubernetes.free_capacity"),
                show(PanelKind.TABLE, "kubernetes.nodes_not_ready"),
                show(PanelKind.TABLE, "kubernetes.node_pressure"),
                show(PanelKind.BARGAUGE, "kubernetes.node_pods"),
            ),
        ),
        Group(
            title="Workloads",
            panels=(
                show(PanelKind.TIMESERIES, "kubernetes.pods_by_phase"),
                show(PanelKind.TIMESERIES, "kubernetes.namespace_cpu"),
                show(PanelKind.TIMESERIES, "kubernetes.namespace_memory"),
                show(PanelKind.TABLE, "kubernetes.crash_loops"),
                show(PanelKind.TABLE, "kubernetes.pods_missing"),
                show(PanelKind.TABLE, "kubernetes.jobs_failed"),
                show(PanelKind.TABLE, "kubernetes.rollouts"),
                show(PanelKind.TABLE, "kubernetes.autoscalers_at_limit"),
                show(PanelKind.BARGAUGE, "kubernetes.quota_usage"),
            ),
        ),
        Group(
            title="Control plane",
            panels=(
                show(PanelKind.TIMESERIES, "control_plane.api_requests"),
                show(PanelKind.TIMESERIES, "control_plane.api_error_ratio", "control_plane.api_slow_ratio"),
                show(PanelKind.TIMESERIES, "control_plane.etcd_fsync_p99", optional=True),
                show(PanelKind.TIMESERIES, "control_plane.pending_pods", optional=True),
            ),
        ),
    ),
)

TIMELINE = Page(
    uid="dataops-timeline",
    title="Resource timeline",
    description="What the platform used, beside what happened to it: one axis for all.",
    parent=_PARENT,
    systems=("kubernetes", "nodes"),
    variables=(NAMESPACE,),
    rows=(
        Group(
            title="Use",
            panels=(
                show(PanelKind.TIMESERIES, "kubernetes.namespace_cpu", width=24),
                show(PanelKind.TIMESERIES, "kubernetes.namespace_memory", width=24),
                show(PanelKind.TIMESERIES, "kubernetes.storage_used", width=24),
            ),
        ),
        Group(
            title="Events",
            panels=(
                show(PanelKind.STATE_TIMELINE, "platform.firing_alerts", width=24),
                show(PanelKind.TIMESERIES, "kubernetes.container_restarts", width=24),
                show(PanelKind.TIMESERIES, "kubernetes.oom_kills", width=24),
            ),
        ),
    ),
)
PAGES = (POD_PAGE, VOLUME, NODE, KUBERNETES, TIMELINE)
