"""When nodes and volumes are not fit for pods any more."""

from __future__ import annotations

from model.promql import eq, max_by, metric
from model.rule import Alert, Severity, Signal
from systems.base import above


def volumes_failed() -> Signal:
    return Signal(
        name="volumes_failed",
        title="Persistent volumes that failed",
        description="1 for each volume that could not be given back after its claim was deleted.",
        good="Nothing is shown.",
        unit="short",
        expr=max_by(
            metric("kube_persistentvolume_status_phase", eq("phase", "Failed"), may_be_absent="there may be no volume"),
            "persistentvolume",
        )
        > 0,
        legend="{{persistentvolume}}",
    )


def place_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    return (
        above(
            "VolumeInodesLow",
            signals["volume_inodes"],
            0.90,
            for_="15m",
            severity=Severity.HIGH,
            component="storage",
            summary="Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} uses "
            "{{ $value | humanizePercentage }} of its inodes",
            description="The volume has used more than 90 % of its inodes for 15 minutes. Without one left no file can "
            "be made, however much space there is.",
        ),
        # While it holds no pod comes to the node, and from pressure on memory, disk or process ids on pods are evicted.
        above(
            "NodePressure",
            signals["node_pressure"],
            0,
            for_="5m",
            severity=Severity.MEDIUM,
            component="kubernetes",
            summary="Node {{ $labels.node }} has {{ $labels.condition }}",
            description="The kubelet has told this condition for 5 minutes: pods are evicted, and no new ones come.",
        ),
        above(
            "PersistentVolumeFailed",
            signals["volumes_failed"],
            0,
            for_="5m",
            severity=Severity.WARNING,
            component="storage",
            summary="Volume {{ $labels.persistentvolume }} could not be given back",
            description="The claim was deleted, but not the storage behind the volume: it stays taken and is paid for.",
        ),
    )
