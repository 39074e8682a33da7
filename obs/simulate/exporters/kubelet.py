"""The kubelet's own metrics, and /metrics/probes, which has nothing to say without probes."""

from __future__ import annotations

from obs.simulate.cluster import Cluster, Node
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.cluster import KUBELET_PORT
from obs.simulate.series import Rows, Table
from obs.simulate.values import Fixed, Value, Wave

CAPACITY = 50 * 2**30
INODES = 3_276_800.0
_USED = 0.42
_VOLUMES: tuple[tuple[str, Value | float], ...] = (
    ("kubelet_volume_stats_capacity_bytes", CAPACITY),
    ("kubelet_volume_stats_used_bytes", Wave(_USED * CAPACITY, 0.01)),
    ("kubelet_volume_stats_available_bytes", Wave((1 - _USED) * CAPACITY, 0.01)),
    ("kubelet_volume_stats_inodes", INODES),
    ("kubelet_volume_stats_inodes_used", 0.1 * INODES),
    ("kubelet_volume_stats_inodes_free", 0.9 * INODES),
)
_DEFAULTS = {
    "driver_name": "local.csi.example.com",
    "method_name": "NodePublishVolume",
    "grpc_status_code": "OK",
    "migrated": "false",
    "operation_type": "create",
    "operation_name": "volume_mount",
    "volume_plugin": "kubernetes.io/host-path",
    "plugin_name": "kubernetes.io/host-path",
    "access_mode": "RWO",
    "status": "success",
    "state": "actual_state_of_world",
    "runtime_handler": "runc",
    "container_type": "container",
    "code": "ErrImagePull",
    "eviction_signal": "memory.available",
    "preemption_signal": "memory.available",
    "resource_name": "nvidia.com/gpu",
    "lifecycle": "sync",
    "config": "desired",
}


def _table(cluster: Cluster, target: Target) -> Table:
    assert isinstance(target, Node)
    pods = cluster.pods_on(target.name)
    claims = sorted({(pod.namespace, claim) for pod in pods for claim in pod.claims})
    return Table(
        rows=(
            Rows(tuple({"namespace": n, "persistentvolumeclaim": c} for n, c in claims), "kubelet_volume_stats_.+"),
            Rows.of("container_state", "created", "exited", "running"),
            Rows.of("static", "true", "false"),
        ),
        defaults={"node": target.name, **_DEFAULTS},
        values=(
            *_VOLUMES,
            ("kubelet_(running|active|desired|working)_pods", float(len(pods))),
            ("kubelet_running_containers", lambda s: len(pods) * (s["container_state"] == "running")),
            ("kubelet_certificate_manager_.*ttl_seconds", Wave(2.6e7, 0.0)),
            (".*_(errors|warnings)_total|.*_renew_errors|kubelet_orphaned.*", Fixed(0)),
        ),
    )


def _on_node(path: str, contract: str | None) -> Exporter:
    return Exporter(
        name="kubelet", system="kubernetes", port=KUBELET_PORT, path=path, pods=None, contract=contract,
        table=_table,
    )  # fmt: skip


EXPORTERS = (_on_node("/metrics", "kubelet"), _on_node("/metrics/probes", None))
