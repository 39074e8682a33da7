"""kube-state-metrics: series for each object of the cluster, and for one of each kind that this cluster has none of."""

from __future__ import annotations

from collections.abc import Iterable

from obs.simulate.cluster import Cluster, Container, Pod
from obs.simulate.exporter import Exporter, Target
from obs.simulate.exporters import kube_state_values
from obs.simulate.platform import cluster as platform
from obs.simulate.platform.workloads import DATA_PROCESSING, REPORTS
from obs.simulate.series import Labels, Rows, Table

# Its namespace is none of the workloads': what real clusters only have at times is here always, and harms nobody.
BATCH = "batch"
_DONE = Pod(BATCH, "archive-29384720-x7k2p", "archive-uid", "10.244.9.1", "worker-1", "Succeeded",
            containers=(Container("archive", "registry.example.com/archive:1.0.0"),), owner=("Job", "archive-29384720"),
            claims=("archive",))  # fmt: skip
_STARTING = Pod(BATCH, "import-29384721-m4q8d", "import-uid", "10.244.9.2", "worker-2", "Pending",
                containers=(Container("import", "registry.example.com/import:1.0.0"),),
                owner=("Job", "import-29384721"))  # fmt: skip


def _table(cluster: Cluster, _target: Target) -> Table:
    pods = (*cluster.pods, _DONE, _STARTING)
    phases = {(pod.namespace, pod.name): pod.phase for pod in pods}
    return Table(
        rows=(*_containers(pods), *_pods(pods), *_nodes(cluster), *_owners(pods), *_storage(pods), *_STATES),
        defaults=_DEFAULTS,
        values=kube_state_values.values(phases),
    )


EXPORTER = Exporter(
    name="kube-state-metrics",
    system="kubernetes",
    port=8080,
    pods={"app.kubernetes.io/name": "kube-state-metrics"},
    contract="kube-state-metrics",
    table=_table,
)


def pod_labels(pod: Pod) -> dict[str, str]:
    kind, owner = pod.owner
    return {
        "namespace": pod.namespace,
        "pod": pod.name,
        "uid": pod.uid,
        "node": pod.node,
        "pod_ip": pod.ip,
        "ip": pod.ip,
        "ip_family": "4",
        "host_ip": platform.NODES.get(pod.node, pod.ip),
        "created_by_kind": kind,
        "created_by_name": owner,
        "owner_kind": kind,
        "owner_name": owner,
        "owner_is_controller": "true",
        "host_network": str(pod.host_network).lower(),
        "name": "default-scheduler",
    }


def container_labels(pod: Pod, container: Container) -> dict[str, str]:
    own = {"container": container.name, "image": container.image, "image_spec": container.image}
    own |= {"image_id": f"{container.image}@sha256", "container_id": f"containerd://{pod.uid}-{container.name}"}
    return {**pod_labels(pod), **own}


def _pods(pods: Iterable[Pod]) -> Iterable[Rows]:
    rare = "completion_time|deletion_timestamp|overhead_.+|runtimeclass_name_info|resourceclaim_info"
    rare += "|status_disruption_reason|status_unschedulable|status_unscheduled_time"
    claims = [{**pod_labels(p), "persistentvolumeclaim": c, "volume": "data"} for p in pods for c in p.claims]
    return (
        Rows((pod_labels(_DONE),), f"kube_pod_({rare})"),
        Rows(tuple(claims), "kube_pod_spec_volumes_.+"),
        Rows(tuple(pod_labels(pod) for pod in pods), "kube_pod_(?!.*container).+|kube_pod_status_container_ready_time"),
    )


def _containers(pods: Iterable[Pod]) -> Iterable[Rows]:
    """Reasons and earlier ends are exposed only where there are any."""
    done, starting = container_labels(_DONE, _DONE.containers[0]), container_labels(_STARTING, _STARTING.containers[0])
    return (
        Rows(({**starting, "reason": "ContainerCreating"},), "kube_pod_(init_)?container_status_waiting_reason"),
        Rows(({**done, "reason": "Completed"},), "kube_pod_(init_)?container_status_(last_)?terminated_reason"),
        Rows((done,), "kube_pod_container_status_last_terminated_.+|kube_pod_init_container_.+"),
        Rows(
            tuple(container_labels(pod, c) for pod in pods for c in pod.containers),
            "kube_pod_container_.+",
        ),
        Rows(({"resource": "cpu", "unit": "core"}, {"resource": "memory", "unit": "byte"}), "kube_pod_.*resource_.+"),
    )


def _nodes(cluster: Cluster) -> Iterable[Rows]:
    conditions = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
    rows: tuple[Labels, ...] = tuple(
        {"node": n.name, "internal_ip": n.ip, "address": n.ip, "type": "InternalIP", "system_uuid": f"{n.name}-system"}
        for n in cluster.nodes
    )
    resources = ({"resource": "cpu", "unit": "core"}, {"resource": "memory", "unit": "byte"},
                 {"resource": "pods", "unit": "integer"})  # fmt: skip
    return (
        Rows(rows, "kube_node_.+"),
        Rows.of("condition", *conditions, only="kube_node_status_condition"),
        Rows(resources, "kube_node_status_(allocatable|capacity)"),
    )


def _owners(pods: Iterable[Pod]) -> Iterable[Rows]:
    """Controllers as their pods name them; a Deployment's name is its ReplicaSet's without the hash."""
    owned = {(pod.owner[0], pod.namespace, pod.owner[1]) for pod in pods}
    for kind in ("ReplicaSet", "StatefulSet", "DaemonSet"):
        label = kind.lower()
        rows = tuple({"namespace": n, label: name} for k, n, name in sorted(owned) if k == kind)
        yield Rows(rows or ({"namespace": BATCH, label: "example"},), f"kube_{label}_.+")
    rows = tuple({"namespace": n, "deployment": m.rpartition("-")[0]} for k, n, m in sorted(owned) if k == "ReplicaSet")
    yield Rows(rows or ({"namespace": BATCH, "deployment": "example"},), "kube_deployment_.+")
    yield Rows.of("namespace", *sorted({pod.namespace for pod in pods}), only="kube_namespace_.+")
    conditions = ("Available", "Progressing", "ReplicaFailure")
    yield Rows.of("condition", *conditions, only="kube_deployment_status_condition")
    yield Rows.of("reason", "MinimumReplicasAvailable", only="kube_deployment_status_condition")


def _storage(pods: Iterable[Pod]) -> Iterable[Rows]:
    claims = sorted({(pod.namespace, claim) for pod in pods for claim in pod.claims})
    volumes = tuple(
        {"persistentvolume": f"disk-{i}", "volumename": f"disk-{i}", "claim_namespace": n, "name": c}
        for i, (n, c) in enumerate(claims, start=1)
    )
    bound = tuple(
        {"namespace": n, "persistentvolumeclaim": c, "volumename": f"disk-{i}"}
        for i, (n, c) in enumerate(claims, start=1)
    )
    return Rows(bound, "kube_persistentvolumeclaim_.+"), Rows(volumes, "kube_persistentvolume_.+")


_TRUTHS = "kube_(node|namespace|deployment|horizontalpodautoscaler)_status_condition|kube_persistentvolumeclaim_.+"
_STATES = (
    Rows(({"namespace": DATA_PROCESSING, "horizontalpodautoscaler": REPORTS},), "kube_horizontalpodautoscaler_.+"),
    Rows(({"namespace": DATA_PROCESSING, "resourcequota": "compute", "resource": "requests.cpu"},),
         "kube_resourcequota.*"),
    Rows.of("type", "hard", "used", only="kube_resourcequota"),
    Rows.of("phase", "Pending", "Running", "Succeeded", "Failed", "Unknown", only="kube_pod_status_phase"),
    Rows.of("phase", "Active", "Terminating", only="kube_namespace_status_phase"),
    Rows.of("phase", "Bound", "Lost", "Pending", only="kube_persistentvolumeclaim_status_phase"),
    Rows.of("phase", "Available", "Bound", "Failed", "Pending", "Released", only="kube_persistentvolume_status_phase"),
    Rows.of("condition", "true", "false", "unknown", only="kube_pod_status_(ready|scheduled)|kube_job_.+"),
    Rows.of("qos_class", "BestEffort", "Burstable", "Guaranteed", only="kube_pod_status_qos_class"),
    Rows.of("reason", "Evicted", "NodeAffinity", "NodeLost", "Shutdown", "UnexpectedAdmissionError",
            only="kube_pod_status_reason"),
    Rows.of("status", "true", "false", "unknown", only=_TRUTHS),
)  # fmt: skip
_DEFAULTS = {
    "namespace": BATCH,
    "storageclass": platform.STORAGE_CLASS,
    "reclaim_policy": "Retain",
    "volumemode": "Filesystem",
    "access_mode": "ReadWriteOnce",
    "kubelet_version": platform.KUBELET_VERSION,
    "pod_cidr": "10.244.0.0/24",
    "service_account": "default",
    "priority_class": "workload",
    "reason": "Completed",
    "job_name": _DONE.owner[1],
    "cronjob": "archive",
    "service": "archive",
    "schedule": "0 3 * * *",
    "timezone": "Etc/UTC",
    "resource": "cpu",
    "unit": "core",
    "type": "Opaque",
    "key": "dedicated",
    "value": "spark",
    "effect": "NoExecute",
    "operator": "Equal",
    "toleration_seconds": "300",
    "condition": "Ready",
    "revision": "6b7f9c5d4",
    "ephemeral": "false",
    "role": "worker",
    "kernel_version": "6.1.0",
    "os_image": "Debian GNU/Linux 12 (bookworm)",
    "container_runtime_version": "containerd://2.1.4",
    "owner_kind": "CronJob",
    "owner_name": "archive",
    "owner_is_controller": "true",
    "provisioner": "kubernetes.io/no-provisioner",
    "concurrency_policy": "Forbid",
}
