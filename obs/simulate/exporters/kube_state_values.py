"""Values of kube-state-metrics: state sets that agree with the pods' phases, times, and amounts."""

from __future__ import annotations

from collections.abc import Mapping

from obs.simulate.platform import cluster as platform
from obs.simulate.series import Labels, ValueOf
from obs.simulate.values import Clock, Since, Value

_GIB = 2**30
_DAY = 86400.0
QUOTA = 40.0
"""Cores of a namespace."""
MOST_PODS = 6.0
"""Of an autoscaler."""
Phases = Mapping[tuple[str, str], str]
"""(namespace, pod) -> phase."""


def values(phases: Phases) -> tuple[tuple[str, ValueOf | Value | float], ...]:
    def phase(labels: Labels) -> str:
        return phases.get((labels["namespace"], labels["pod"]), "Running")

    def in_phase(labels: Labels) -> float:
        return phase(labels) == labels["phase"]

    def ready(labels: Labels) -> float:
        return labels["condition"] == ("true" if phase(labels) == "Running" else "false")

    def running(labels: Labels) -> float:
        return phase(labels) == "Running"

    return (
        ("kube_pod_status_phase", in_phase),
        ("kube_pod_status_ready", ready),
        ("kube_pod_container_status_(ready|running)", running),
        ("kube_pod_container_status_waiting", lambda labels: phase(labels) == "Pending"),
        ("kube_pod_container_status_terminated", lambda labels: phase(labels) in ("Succeeded", "Failed")),
        *_STATES,
        *_AMOUNTS,
        (".*_(created|start_time|.*_time|.*_timestamp|.*_started)", Since()),
        (".*metadata_resource_version", 1000.0),
        (".+", 1.0),
    )


def _node_condition(labels: Labels) -> float:
    return labels["status"] == ("true" if labels["condition"] == "Ready" else "false")


def _deployment_condition(labels: Labels) -> float:
    return labels["status"] == ("false" if labels["condition"] == "ReplicaFailure" else "true")


def _bytes_or(cores: float, memory: float, other: float = 1.0) -> ValueOf:
    return lambda labels: {"cpu": cores, "memory": memory, "pods": 110.0}.get(labels["resource"], other)


_ZERO = (
    "kube_pod_(init_)?container_status_restarts_total|.*_exitcode|.*_unavailable.*|.*_misscheduled|.*_spec_paused"
    "|.*_spec_suspend.*|.*_status_suspended|kube_job_status_(failed|active)|.*unschedulable|.*_schedule_invalid"
    "|kube_pod_init_container_status_(running|waiting)|.*_persistentvolumeclaims_readonly|.*terminating_replicas"
    "|kube_pod_overhead.*|kube_pod_status_reason|kube_persistentvolumeclaim_status_condition"
    "|kube_statefulset_ordinals_start"
)
_STATES: tuple[tuple[str, ValueOf | Value | float], ...] = (
    ("kube_pod_status_scheduled", lambda labels: labels["condition"] == "true"),
    ("kube_job_(complete|failed)", lambda labels: labels["condition"] == "true"),
    ("kube_pod_status_qos_class", lambda labels: labels["qos_class"] == "Burstable"),
    ("kube_namespace_status_phase", lambda labels: labels["phase"] == "Active"),
    ("kube_persistentvolume(claim)?_status_phase", lambda labels: labels["phase"] == "Bound"),
    ("kube_node_status_condition", _node_condition),
    ("kube_(deployment|horizontalpodautoscaler)_status_condition", _deployment_condition),
    ("kube_namespace_status_condition", lambda labels: labels["status"] == "false"),
    (_ZERO, 0.0),
)
_AMOUNTS: tuple[tuple[str, ValueOf | Value | float], ...] = (
    ("kube_node_status_(allocatable|capacity)", _bytes_or(platform.CORES, platform.MEMORY_GIB * _GIB)),
    ("kube_pod_.*resource_requests", _bytes_or(0.1, _GIB / 4)),
    ("kube_pod_.*resource_limits", _bytes_or(2, 2 * _GIB)),
    ("kube_persistentvolume_capacity_bytes", 100 * 1e9),
    ("kube_resourcequota", lambda labels: QUOTA if labels["type"] == "hard" else QUOTA / 4),
    ("kube_horizontalpodautoscaler_spec_max_replicas", MOST_PODS),
    ("kube_persistentvolumeclaim_resource_requests_storage_bytes", 50.0 * _GIB),
    ("kube_lease_renew_time", Clock(2)),
    ("kube_cronjob_next_schedule_time", Since(30 * _DAY)),
)
