"""How much of what there is, is used, asked for, or will be gone soon (spec 30-rules R05, R16, R25, N16, T22)."""

from __future__ import annotations

from model.expr import Expr, Matcher, Selector
from model.promql import binary, call, eq, length, matching, max_by, metric, ne, over_time, rate, sum_by, unless
from model.rule import Alert, RecordingRule, Severity, Signal
from systems.base import above
from systems.kubernetes.signals import CONTAINER, NO_WORKLOAD, POD, VOLUME

USAGE = "dataops:volume:usage_ratio"
_WEEK = "7d"
# As the Kubernetes mixin does: enough to see a trend, short enough to forget last week's.
_TREND = "6h"
_WORTH_LOOKING = 0.6
_RHYTHM = "5d"


def storage_used(volumes: Matcher) -> Signal:
    used = max_by(metric("kubelet_volume_stats_used_bytes", volumes), *VOLUME)
    return Signal(
        name="storage_used",
        title="Storage used",
        description="Bytes in use on claimed volumes, by namespace.",
        good="Grows no faster than the data does.",
        unit="bytes",
        expr=sum_by(used, "namespace"),
        legend="{{namespace}}",
        record="dataops:storage:usage_bytes",
        scope=("cluster", "namespace"),
    )


def storage_forecast() -> Signal:
    return Signal(
        name="volume_forecast",
        title="Volume use in 7 days",
        description="Share of each volume that will be used in a week if it goes on as in the last 6 hours.",
        good="Below 100 %.",
        unit="percentunit",
        # For each volume by itself, as a share: a sum over volumes that come and go bends the line.
        expr=call("clamp_min", call("predict_linear", metric(USAGE).over(_TREND), length(_WEEK)), 0),
        legend="{{namespace}}/{{persistentvolumeclaim}}",
        record="dataops:storage:capacity_forecast_7d",
        scope=("cluster", "namespace"),
    )


def _requested(what: Selector) -> Expr:
    """Requests of containers whose pods still hold them: those of an ended pod are free again."""
    held = metric("kube_pod_status_phase", matching("phase", "Pending|Running")) > 0
    return binary("*", max_by(what, *CONTAINER, "resource"), max_by(held, *POD), on=POD, group_left=())


def free_capacity() -> Signal:
    resources = matching("resource", "cpu|memory")
    allocatable = sum_by(max_by(metric("kube_node_status_allocatable", resources), "node", "resource"), "resource")
    requested = sum_by(_requested(metric("kube_pod_container_resource_requests", resources)), "resource")
    return Signal(
        name="free_capacity",
        title="Capacity left to schedule",
        description="Share of what the nodes may give to pods that no pod has asked for, by resource.",
        good="CPU above 20 %, memory above 15 %.",
        unit="percentunit",
        expr=1 - requested / allocatable,
        legend="{{resource}}",
        record="dataops:resource:node_allocatable_ratio",
        maximum=1,
    )


def idle_record(workloads: Matcher) -> RecordingRule:
    """Share of the requests of a namespace that its containers do not use, by resource.

    Container by container: what one uses too much does not make up for what another leaves.
    """

    def idle(resource: str, used: Expr) -> Expr:
        asked = max_by(_requests(resource, workloads), *CONTAINER, "resource")
        spare = call("clamp_min", binary("-", asked, max_by(used, *CONTAINER), on=CONTAINER, group_left=()), 0)
        # Containers of which no use is known yet count in neither sum.
        counted = binary("and", asked, max_by(used, *CONTAINER), on=CONTAINER)
        return sum_by(spare, "namespace", "resource") / (sum_by(counted, "namespace", "resource") > 0)

    real = ne("container", "")
    cpu = metric("container_cpu_usage_seconds_total", real, workloads, may_be_absent=NO_WORKLOAD)
    memory = metric("container_memory_working_set_bytes", real, workloads, may_be_absent=NO_WORKLOAD)
    return RecordingRule(
        record="dataops:resource:idle_ratio", expr=idle("cpu", rate(cpu, "5m")) | idle("memory", memory)
    )


def _requests(resource: str, workloads: Matcher) -> Selector:
    return metric(
        "kube_pod_container_resource_requests", eq("resource", resource), workloads, may_be_absent=NO_WORKLOAD
    )


def idle_resources(record: RecordingRule) -> Signal:
    return Signal(
        name="idle_resources",
        title="Requested and not used",
        description="Share of the requests of a namespace that its containers do not use, by resource.",
        good="Below 20 %: what is asked for and left idle is paid for all the same.",
        unit="percentunit",
        expr=record.query,
        legend="{{namespace}} {{resource}}",
        scope=("cluster", "namespace"),
        maximum=1,
    )


def _highest_before() -> Expr:
    """Each volume's highest use in the five days before the trend began; nothing of a volume that was not there."""
    return over_time("max", metric(USAGE).ago(_TREND), _RHYTHM)


def capacity_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    volume = "{{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }}"
    idle = "{{ $value | humanizePercentage }} of the {{ $labels.resource }} of {{ $labels.namespace }} is idle"
    return (
        above(
            "VolumeFillsSoon",
            signals["volume_forecast"],
            1,
            for_="1h",
            severity=Severity.WARNING,
            component="storage",
            summary=f"Volume {volume} will be full within a week",
            description="If the volume goes on filling as in the last 6 hours, it is full in less than 7 days. "
            "It is fuller than it was in the five days before.",
            # What fills by day and is cleared at night was as full in the days before this trend, and emptied again.
            guard=unless(metric(USAGE) > _WORTH_LOOKING, metric(USAGE) <= _highest_before()),
        ),
        above(
            "ResourcesIdle",
            signals["idle_resources"],
            0.30,
            for_="1h",
            severity=Severity.INFO,
            component="infrastructure",
            summary=idle,
            description="More than 30 % of what the namespace requests has been idle for an hour.",
        ),
    )
