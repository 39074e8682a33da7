"""What goes wrong with pods, containers, volumes and their sources."""

from __future__ import annotations

from collections.abc import Mapping

from obs.simulate.exporters.cadvisor import PERIODS
from obs.simulate.exporters.kubelet import CAPACITY
from obs.simulate.platform.spark import APPLICATIONS, HISTORY_CLAIM, executor_name
from obs.simulate.platform.workloads import DATA_PROCESSING, INGEST, SPARK_JOBS
from obs.simulate.scenario import Appear, Change, Down, Ramp, Rate, Recur, Scenario, Set, Step, Timestamp

_POD = f"{INGEST}-0"
_CONTAINER = {"namespace": DATA_PROCESSING, "pod": _POD, "container": INGEST}
_LAST, _WAITING = "kube_pod_container_status_last_terminated_reason", "kube_pod_container_status_waiting_reason"
_RESTARTS = "kube_pod_container_status_restarts_total"
_INGEST = {"namespace": DATA_PROCESSING, "pod": _POD}
_EVICTED = {"namespace": DATA_PROCESSING, "pod": "report-{n}", "uid": "report-{n}-uid"}
_READY = "kube_pod_status_ready"
_VOLUME = {"persistentvolumeclaim": HISTORY_CLAIM, "namespace": SPARK_JOBS}
_DOWN_FOR = "6m"


def _killed_executors(at_once: int, every: str) -> tuple[Change, ...]:
    """Executors never restart: each that the kernel kills stays as a failed pod, until the driver removes it."""
    application, again = APPLICATIONS[0], Recur(every, lasts="30m")
    changes: list[Change] = []
    for number in range(at_once):
        name = executor_name(application, f"{{n}}{number}")
        pod = {"namespace": application.namespace, "pod": name, "uid": f"{name}-uid"}
        killed = {**pod, "container": "spark-kubernetes-executor", "reason": "OOMKilled"}
        changes += [
            Change("kube_pod_container_status_terminated_reason", again, killed),
            Change("kube_pod_status_phase", again, {**pod, "phase": "Failed"}),
        ]
    return tuple(changes)


def _pending(name: str) -> Change:
    pod = {"namespace": DATA_PROCESSING, "pod": name, "uid": f"{name}-uid"}
    return Change("kube_pod_status_phase", Appear(), {**pod, "phase": "Pending"})


def _reason(metric: str, container: Mapping[str, str], reason: str) -> Change:
    return Change(metric, Appear(), {**container, "uid": f"{container['pod']}-uid", "reason": reason})


def _silent(name: str, exporter: str, title: str, description: str, alert: str) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="kubernetes",
        changes=(Down(exporter),),
        alerts=(alert,),
        within=_DOWN_FOR,
    )


_NEW = "monthly-report-x2f9k"
SCENARIOS = (
    Scenario(
        name="oom-kills",
        title="Executors are killed for memory",
        description="A skewed stage: the kernel kills five executors at once, and every 5 minutes their successors.",
        system="kubernetes",
        changes=_killed_executors(5, "5m"),
        alerts=("OOMKill", "OOMKillFrequent"),
        within="4m",
    ),
    Scenario(
        name="oom-kill",
        title="An executor is killed for memory",
        description="Now and then, every 8 minutes, the kernel kills an executor.",
        system="kubernetes",
        changes=_killed_executors(1, "8m"),
        alerts=("OOMKill",),
        within="2m",
    ),
    Scenario(
        name="oom-restarts",
        title="A container is killed for memory again and again",
        description="A container restarts every 2 minutes because its memory limit is too low.",
        system="kubernetes",
        changes=(Change(_RESTARTS, Step(1, every="2m"), _CONTAINER), _reason(_LAST, _CONTAINER, "OOMKilled")),
        alerts=("ContainerRestartingOften", "OOMKill", "OOMKillFrequent"),
        within="20m",
    ),
    Scenario(
        name="crash-loop",
        title="A container crashes at its start",
        description="Its process ends with an error; the kubelet waits longer and longer before the next attempt.",
        system="kubernetes",
        changes=(
            Change(_RESTARTS, Step(1, every="5m"), _CONTAINER),
            _reason(_LAST, _CONTAINER, "Error"),
            _reason(_WAITING, _CONTAINER, "CrashLoopBackOff"),
            Change("kube_pod_container_status_ready", Set(0), _CONTAINER),
        ),
        alerts=("ContainerRestartingOften", "PodCrashLooping"),
        within="30m",
    ),
    Scenario(
        name="container-restarts",
        title="A container does not stay up",
        description="A container is restarted every 12 minutes: it runs, fails its liveness probe, starts again.",
        system="kubernetes",
        changes=(Change(_RESTARTS, Step(1, every="12m"), _CONTAINER), _reason(_LAST, _CONTAINER, "Error")),
        alerts=("ContainerRestartingOften",),
        within="60m",
    ),
    Scenario(
        name="image-pull-failing",
        title="An image cannot be pulled",
        description="A new pod names a tag that the registry does not have; it stays pending.",
        system="kubernetes",
        changes=(
            _pending(_NEW),
            _reason(_WAITING, {"namespace": DATA_PROCESSING, "pod": _NEW, "container": "report"}, "ImagePullBackOff"),
        ),
        alerts=("ImagePullFailing", "PodNotStarting"),
        within="18m",
    ),
    Scenario(
        name="pod-pending",
        title="A pod finds no node",
        description="A new pod asks for more memory than any node has left.",
        system="kubernetes",
        changes=(_pending(_NEW),),
        alerts=("PodNotStarting",),
        within="18m",
    ),
    Scenario(
        name="pod-not-ready",
        title="A pod does not answer its readiness probe",
        description="A pod runs on, but its thread pool is full: no Service sends it anything any more.",
        system="kubernetes",
        changes=(
            Change(_READY, Set(0), {**_INGEST, "condition": "true"}),
            Change(_READY, Set(1), {**_INGEST, "condition": "false"}),
        ),
        alerts=("PodNotReady",),
        within="14m",
    ),
    Scenario(
        name="pod-evictions",
        title="A node throws pods out",
        description="A node's disk is full: every 8 minutes its kubelet evicts a pod of the report.",
        system="kubernetes",
        changes=(
            Change("kube_pod_status_reason", Recur("8m", lasts="30m"), {**_EVICTED, "reason": "Evicted"}),
            Change("kube_pod_status_phase", Recur("8m", lasts="30m"), {**_EVICTED, "phase": "Failed"}),
        ),
        alerts=("PodEvicted",),
        within="2m",
    ),
    Scenario(
        name="slow-start",
        title="A pod takes eight minutes to start",
        description="A new pod pulls a large image: it was ready only 8 minutes after its node had accepted it.",
        system="kubernetes",
        changes=(
            Change("kube_pod_start_time", Timestamp(), _INGEST),
            Change("kube_pod_status_ready_time", Timestamp(480), _INGEST),
        ),
        alerts=("PodStartSlow",),
        within="2m",
    ),
    Scenario(
        name="node-not-ready",
        title="A node is gone",
        description="A node does not report any more, and its kubelet does not answer.",
        system="kubernetes",
        changes=(
            Change("kube_node_status_condition", Set(0), {"node": "worker-3", "condition": "Ready", "status": "true"}),
            Change(
                "kube_node_status_condition", Set(1), {"node": "worker-3", "condition": "Ready", "status": "unknown"}
            ),
            Down("kubelet", node="worker-3"),
        ),
        alerts=("NodeNotReady",),
        within="8m",
    ),
    Scenario(
        name="full-volume",
        title="A volume is full",
        description="The volume of Spark's history server fills up to 97 % within 5 minutes.",
        system="kubernetes",
        changes=(
            Change("kubelet_volume_stats_used_bytes", Ramp(0.97 * CAPACITY, over="5m"), _VOLUME),
            Change("kubelet_volume_stats_available_bytes", Ramp(0.03 * CAPACITY, over="5m"), _VOLUME),
        ),
        alerts=("StorageCapacityLow", "StorageUsageHigh"),
        within="25m",
    ),
    Scenario(
        name="filling-volume",
        title="A volume fills up",
        description="The volume of Spark's history server grows to 83 %.",
        system="kubernetes",
        changes=(
            Change("kubelet_volume_stats_used_bytes", Ramp(0.83 * CAPACITY, over="5m"), _VOLUME),
            Change("kubelet_volume_stats_available_bytes", Ramp(0.17 * CAPACITY, over="5m"), _VOLUME),
        ),
        alerts=("StorageUsageHigh",),
        within="25m",
    ),
    Scenario(
        name="growing-volume",
        title="A volume grows",
        description="The volume of Spark's history server grows to 75 %: not full yet, but soon.",
        system="kubernetes",
        changes=(
            Change("kubelet_volume_stats_used_bytes", Ramp(0.75 * CAPACITY, over="30m"), _VOLUME),
            Change("kubelet_volume_stats_available_bytes", Ramp(0.25 * CAPACITY, over="30m"), _VOLUME),
        ),
        alerts=("VolumeFillsSoon",),
        within="100m",
    ),
    Scenario(
        name="idle-resources",
        title="A namespace asks for more than it uses",
        description=f"The containers of {DATA_PROCESSING} ask for 4 cores each and use a fraction of one.",
        system="kubernetes",
        changes=(
            Change(
                "kube_pod_container_resource_requests",
                Set(4),
                {"namespace": DATA_PROCESSING, "resource": "cpu"},
            ),
        ),
        alerts=("ResourcesIdle",),
        within="65m",
    ),
    Scenario(
        name="cpu-throttling",
        title="CPU limits hold jobs back",
        description=f"Containers in {DATA_PROCESSING} are held back in 40 % of their CPU periods.",
        system="kubernetes",
        changes=(
            Change("container_cpu_cfs_throttled_periods_total", Rate(0.4 * PERIODS), {"namespace": DATA_PROCESSING}),
        ),
        alerts=("CPUThrottlingHigh",),
        within="22m",
    ),
    _silent(
        "kube-state-metrics-down",
        "kube-state-metrics",
        "kube-state-metrics does not answer",
        "Nothing is known of pods and nodes any more.",
        "KubeStateMetricsSilent",
    ),
    _silent(
        "kubelet-down",
        "kubelet",
        "The kubelets do not answer",
        "Nothing is known of volumes and of what containers use.",
        "KubeletSilent",
    ),
)
