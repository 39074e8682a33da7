"""When Kubernetes needs a person."""

from __future__ import annotations

from model.rule import CONFIRMED, Alert, Severity, Signal
from systems.base import above

NODE_NOT_READY = "NodeNotReady"


def alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    """Tiers of spec 30-rules."""
    container = "{{ $labels.namespace }}/{{ $labels.pod }}/{{ $labels.container }}"
    volume = "{{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }}"
    return (
        above(
            "OOMKillFrequent",
            signals["oom_kills"],
            3,
            for_=CONFIRMED,
            severity=Severity.CRITICAL,
            component="kubernetes",
            summary="{{ $value | humanize }} OOM kills in 10 minutes in {{ $labels.namespace }}",
            description="More than 3 containers of the namespace were killed for memory in 10 minutes: jobs are lost.",
        ),
        above(
            "OOMKill",
            signals["oom_kills"],
            0,
            for_="0s",
            at_once="a kill is no state: it is counted, and the signal keeps it for 10 minutes",
            severity=Severity.WARNING,
            component="kubernetes",
            summary="OOM kill in {{ $labels.namespace }}",
            description="At least one container of the namespace was killed for memory in the last 10 minutes.",
        ),
        above(
            "PodCrashLooping",
            signals["crash_loops"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            component="kubernetes",
            summary=f"{container} is in CrashLoopBackOff",
            description="The container has been crashing and restarting for 5 minutes or more.",
        ),
        above(
            "ImagePullFailing",
            signals["image_pull_failures"],
            0,
            for_="10m",
            severity=Severity.HIGH,
            component="kubernetes",
            summary=f"{container} cannot pull its image",
            description="The container has waited 10 minutes for its image: wrong tag, or no access to its registry.",
        ),
        above(
            "PodNotStarting",
            signals["unhealthy_pods"],
            0,
            for_="15m",
            severity=Severity.MEDIUM,
            component="kubernetes",
            summary="{{ $labels.namespace }}/{{ $labels.pod }} is {{ $labels.phase }}",
            description="The pod has been pending or unknown for 15 minutes: no node has room, or a volume is missing.",
        ),
        above(
            "ContainerRestartingOften",
            signals["container_restarts"],
            3,
            for_="5m",
            severity=Severity.HIGH,
            component="kubernetes",
            summary=f"{container} restarted {{{{ $value | humanize }}}} times in an hour",
            description="More than 3 restarts within an hour: the container runs, but it does not stay up.",
        ),
        above(
            NODE_NOT_READY,
            signals["nodes_not_ready"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            component="kubernetes",
            summary="Node {{ $labels.node }} is not ready",
            description="The node has not reported ready for 5 minutes; its pods will be moved or are lost.",
        ),
        above(
            "StorageUsageHigh",
            signals["volume_usage"],
            0.80,
            for_="15m",
            severity=Severity.WARNING,
            component="storage",
            summary=f"Volume {volume} is {{{{ $value | humanizePercentage }}}} full",
            description="The volume has been more than 80 % full for 15 minutes.",
        ),
        above(
            "StorageCapacityLow",
            signals["volume_usage"],
            0.85,
            for_="15m",
            severity=Severity.HIGH,
            component="storage",
            summary=f"Volume {volume} is {{{{ $value | humanizePercentage }}}} full",
            description="The volume has been more than 85 % full for 15 minutes. Grow or clear it, or its pod stops.",
        ),
        above(
            "CPUThrottlingHigh",
            signals["cpu_throttling"],
            0.10,
            for_="15m",
            severity=Severity.WARNING,
            component="kubernetes",
            summary="CPU of {{ $labels.namespace }} is throttled in {{ $value | humanizePercentage }} of periods",
            description="The CPU limits of the namespace hold its containers back: jobs run slower than they could.",
        ),
    )
