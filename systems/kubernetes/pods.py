"""Whether pods get up and stay: readiness, start-up time, evictions (spec 30-rules T04 to T07)."""

from __future__ import annotations

from model.expr import Expr, Matcher
from model.promql import binary, call, eq, length, max_by, metric, over_time, unless
from model.rule import Alert, Severity, Signal
from systems.base import above
from systems.kubernetes.signals import NO_WORKLOAD, POD, STATE_JOB, with_node

_SCOPE = ("cluster", "namespace")
_RECENT = "1h"
SLOW_START = 300
"""Seconds; spec 30-rules T07."""


def pod_health_signals(workloads: Matcher) -> tuple[Signal, ...]:
    return (_not_ready(workloads), _evicted(workloads), _start_time(workloads))


def _not_ready(workloads: Matcher) -> Signal:
    def state(name: str, matcher: Matcher) -> Expr:
        return max_by(metric(name, matcher, workloads, may_be_absent=NO_WORKLOAD), *POD)

    ready = state("kube_pod_status_ready", eq("condition", "true"))
    running = state("kube_pod_status_phase", eq("phase", "Running"))
    return Signal(
        name="pods_not_ready",
        title="Running pods that are not ready",
        description="1 for each pod that runs and whose readiness probe says that it cannot work.",
        good="Nothing is shown for longer than a pod takes to start.",
        unit="short",
        # A pod that has ended is not ready either, and rightly so. The phase is 0 or 1: compare, never count.
        expr=with_node(binary("and", binary("==", running, 1), binary("==", ready, 0))),
        legend="{{namespace}}/{{pod}} {{node}}",
        scope=_SCOPE,
    )


def _evicted(workloads: Matcher) -> Signal:
    reason = metric("kube_pod_status_reason", eq("reason", "Evicted"), workloads, may_be_absent=NO_WORKLOAD)
    now = max_by(reason, *POD) > 0
    earlier = max_by(over_time("max", reason.ago("10m"), _RECENT), *POD) > 0
    # What was there before kube-state-metrics was scraped is not new.
    watched = max_by(over_time("max", metric("up", eq("job", STATE_JOB)).ago("10m"), "10m")) > 0
    return Signal(
        name="evicted_pods",
        title="Pods evicted in 10 minutes",
        description="1 for each pod that its node threw out in the last 10 minutes. It stays as a failed pod for days.",
        good="Nothing is shown.",
        unit="short",
        expr=binary("and", unless(now, earlier), watched, on=()),
        legend="{{namespace}}/{{pod}}",
        scope=_SCOPE,
    )


def _start_time(workloads: Matcher) -> Signal:
    started = max_by(metric("kube_pod_start_time", workloads, may_be_absent=NO_WORKLOAD), *POD)
    ready = max_by(
        metric("kube_pod_status_ready_time", workloads, may_be_absent="a pod has it from the first time it is ready"),
        *POD,
    )
    return Signal(
        name="pod_start_time",
        title="Start-up time of new pods",
        description="Time from the node's acceptance of a pod until it was ready, for pods of the last hour.",
        good="Below 5 minutes.",
        unit="s",
        # Both are points in time. An older pod that lost its readiness and got it back did not start slowly.
        expr=binary("and", ready - started, call("time") - started < length(_RECENT)),
        legend="{{namespace}}/{{pod}}",
        scope=_SCOPE,
    )


def pod_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    pod = "{{ $labels.namespace }}/{{ $labels.pod }}"
    return (
        above(
            "PodNotReady",
            signals["pods_not_ready"],
            0,
            for_="10m",
            severity=Severity.HIGH,
            component="kubernetes",
            summary=f"{pod} runs and is not ready",
            description="The pod has been running without being ready for 10 minutes: no Service sends it anything.",
        ),
        above(
            "PodEvicted",
            signals["evicted_pods"],
            0,
            for_="0s",
            at_once="an eviction is final, and the signal keeps it for 10 minutes",
            severity=Severity.MEDIUM,
            component="kubernetes",
            summary=f"{pod} was evicted",
            description="Its node ran short of memory, disk or process ids and threw the pod out; its work is lost.",
        ),
        above(
            "PodStartSlow",
            signals["pod_start_time"],
            SLOW_START,
            for_="0s",
            at_once="a start is measured once, when it is over; the value never changes",
            severity=Severity.MEDIUM,
            component="kubernetes",
            summary=f"{pod} took {{{{ $value | humanizeDuration }}}} to start",
            description="The pod was ready only more than 5 minutes after its node had accepted it.",
        ),
    )
