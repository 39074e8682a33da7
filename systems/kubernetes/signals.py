"""What pods, containers and volumes mean: the signals of Kubernetes."""

from __future__ import annotations

from model.expr import Expr, Matcher, Selector
from model.promql import (
    aggregate,
    binary,
    call,
    eq,
    increase,
    matching,
    max_by,
    metric,
    ne,
    over_time,
    rate,
    sum_by,
    unless,
)
from model.rule import RecordingRule, Signal

STATE_JOB = "kube-state-metrics"
CONTAINER = ("namespace", "pod", "container")
POD = ("namespace", "pod")
NODE_OF_POD = "dataops:pod:node"
VOLUME = ("namespace", "persistentvolumeclaim")
_OOM = eq("reason", "OOMKilled")
WHILE_IT_HOLDS = "kube-state-metrics exposes a reason only while it holds"
NO_WORKLOAD = "no workload may be running at the moment"
_NO_LIMIT = "cAdvisor exposes it for containers with a CPU limit only"


def oom_kills_per_container(workloads: Matcher) -> Expr:
    """OOM kills per container in 10 minutes, for containers that restart and for those that do not.

    A container that restarts counts by its restarts while its last termination was an OOM kill. One
    that never restarts (Spark's pods have restartPolicy Never) counts once, when it is first seen
    terminated so. Rating the reason itself, a gauge, could never fire.
    """
    restarts = max_by(increase(_restarts(workloads), "10m"), *CONTAINER)
    last = max_by(
        metric("kube_pod_container_status_last_terminated_reason", _OOM, workloads, may_be_absent=WHILE_IT_HOLDS),
        *CONTAINER,
    )
    state = metric("kube_pod_container_status_terminated_reason", _OOM, workloads, may_be_absent=WHILE_IT_HOLDS)
    earlier = max_by(over_time("max", state.ago("10m"), "1h"), *CONTAINER)
    # Without a look at the source itself, every old kill would look fresh when it is scraped for the first time.
    watched = max_by(over_time("max", metric("up", eq("job", STATE_JOB)).ago("10m"), "10m")) > 0
    fresh = binary("and", unless(max_by(state, *CONTAINER), earlier), watched, on=())
    return call("round", restarts) * last | fresh


def node_record(workloads: Matcher) -> RecordingRule:
    """The node of each pod. A pod of one name that is made anew elsewhere is on two for a moment: one is taken."""
    on = max_by(metric("kube_pod_info", ne("node", ""), workloads, may_be_absent=NO_WORKLOAD), *POD, "node")
    return RecordingRule(record=NODE_OF_POD, expr=aggregate("topk", on, POD, 1))


def with_node(expr: Expr) -> Expr:
    """``expr``, 1 for each pod or container with a trouble, with the label ``node``: who is told of the node needs not
    be told of its pods. A pod that no node has taken yet stays as it is."""
    node = max_by(metric(NODE_OF_POD, may_be_absent=NO_WORKLOAD), *POD, "node")
    return binary("or", binary("*", expr, node, on=POD, group_left=("node",)), expr, on=POD)


def _restarts(workloads: Matcher) -> Selector:
    return metric("kube_pod_container_status_restarts_total", workloads, may_be_absent=NO_WORKLOAD)


def pod_signals(workloads: Matcher) -> tuple[Signal, ...]:
    waiting = metric("kube_pod_container_status_waiting_reason", workloads, may_be_absent=WHILE_IT_HOLDS)
    phases = metric("kube_pod_status_phase", workloads, may_be_absent=NO_WORKLOAD)
    scope = ("cluster", "namespace")
    return (
        Signal(
            name="crash_loops",
            title="Containers in CrashLoopBackOff",
            description="1 for each container that was waiting to be restarted after a crash in the last 5 minutes.",
            good="Nothing is shown.",
            unit="short",
            # The reason comes and goes with each attempt: look at 5 minutes, not at the moment.
            expr=with_node(max_by(over_time("max", waiting.where(eq("reason", "CrashLoopBackOff")), "5m"), *CONTAINER)),
            legend="{{namespace}}/{{pod}}/{{container}} {{node}}",
            scope=scope,
        ),
        Signal(
            name="image_pull_failures",
            title="Containers without their image",
            description="1 for each container whose image could not be pulled in the last 5 minutes.",
            good="Nothing is shown.",
            unit="short",
            expr=with_node(
                max_by(
                    over_time("max", waiting.where(matching("reason", "ErrImagePull|ImagePullBackOff")), "5m"),
                    *CONTAINER,
                )
            ),
            legend="{{namespace}}/{{pod}}/{{container}} {{node}}",
            scope=scope,
        ),
        Signal(
            name="unhealthy_pods",
            title="Pods that do not start",
            description="1 for each pod that is pending or whose state is unknown.",
            good="Nothing is shown for longer than a pod takes to start.",
            unit="short",
            # Failed pods are left out: a job's failed pod stays until somebody deletes it.
            expr=with_node(
                max_by(
                    metric(
                        "kube_pod_status_phase",
                        matching("phase", "Pending|Unknown"),
                        workloads,
                        may_be_absent=NO_WORKLOAD,
                    ),
                    *POD,
                    "phase",
                )
                > 0
            ),
            legend="{{namespace}}/{{pod}} {{phase}} {{node}}",
            scope=scope,
        ),
        Signal(
            name="pods_by_phase",
            title="Pods by phase",
            description="Number of pods in each phase, by namespace.",
            good="Running and Succeeded only.",
            unit="short",
            # The metric is 0 or 1 for every phase of every pod: add, never count.
            expr=sum_by(max_by(phases, *POD, "phase"), "namespace", "phase"),
            legend="{{namespace}} {{phase}}",
            scope=scope,
        ),
        Signal(
            name="container_restarts",
            title="Container restarts in an hour",
            description="How often a container was restarted in the last hour.",
            good="0.",
            unit="short",
            # increase() extrapolates: three restarts read as 3.1.
            expr=call(
                "round",
                max_by(increase(_restarts(workloads), "1h"), *CONTAINER),
            ),
            legend="{{namespace}}/{{pod}}/{{container}}",
            record="dataops:container:restarts_1h",
            scope=scope,
        ),
        Signal(
            name="nodes_not_ready",
            title="Nodes not ready",
            description="1 for each node whose condition Ready is not true.",
            good="Nothing is shown.",
            unit="short",
            expr=max_by(metric("kube_node_status_condition", eq("condition", "Ready"), ne("status", "true")), "node")
            > 0,
            legend="{{node}}",
        ),
    )


def volume_signal(workloads: Matcher) -> Signal:
    return Signal(
        name="volume_usage",
        title="Volume use",
        description="Share of each claimed volume that is used. One full volume stops its pod, whatever the mean.",
        good="Below 80 %.",
        unit="percentunit",
        expr=max_by(metric("kubelet_volume_stats_used_bytes", workloads), *VOLUME)
        / max_by(metric("kubelet_volume_stats_capacity_bytes", workloads), *VOLUME),
        legend="{{namespace}}/{{persistentvolumeclaim}}",
        record="dataops:volume:usage_ratio",
        scope=("cluster", "namespace"),
        maximum=1,
    )


def resource_signals(workloads: Matcher) -> tuple[Signal, ...]:
    real = ne("container", "")  # pod-level and pause series would count the same use twice

    def used(name: str, why: str = NO_WORKLOAD) -> Selector:
        return metric(name, real, workloads, may_be_absent=why)

    cpu = rate(used("container_cpu_usage_seconds_total"), "5m")
    memory = used("container_memory_working_set_bytes")
    throttled = rate(used("container_cpu_cfs_throttled_periods_total", _NO_LIMIT), "5m")
    periods = rate(used("container_cpu_cfs_periods_total", _NO_LIMIT), "5m")
    # What four dashboards show is computed once: per pod it is some thousand series, by namespace a few.
    records = {
        "namespace_cpu": "dataops:namespace:cpu_cores",
        "namespace_memory": "dataops:namespace:memory_bytes",
    }
    rows: tuple[tuple[str, str, str, str, str, Expr], ...] = (
        ("namespace_cpu", "CPU used", "Cores used, by namespace.", "Below what the jobs requested.", "short",
         sum_by(max_by(cpu, *CONTAINER), "namespace")),
        ("namespace_memory", "Memory used", "Working set, by namespace.", "Below what the jobs requested.", "bytes",
         sum_by(max_by(memory, *CONTAINER), "namespace")),
        ("cpu_throttling", "CPU throttling", "Share of CPU periods in which a namespace's containers were held back.",
         "Below 10 %.", "percentunit",
         sum_by(throttled, "namespace") / sum_by(periods, "namespace")),
    )  # fmt: skip
    return tuple(
        Signal(
            name=name,
            title=title,
            description=description,
            good=good,
            unit=unit,
            expr=expr,
            legend="{{namespace}}",
            record=records.get(name),
            scope=("cluster", "namespace"),
        )
        for name, title, description, good, unit, expr in rows
    )
