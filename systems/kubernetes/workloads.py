"""Whether workloads have what they were promised: pods, Jobs, autoscalers, quotas.

They see what no pod tells: one that was never made, as a quota, a webhook or a missing service account refused it.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.expr import Expr, Matcher, Selector
from model.promql import binary, call, eq, matching, max_by, metric, over_time, unless
from model.rule import Alert, Severity, Signal
from systems.base import above
from systems.kubernetes.signals import STATE_JOB

_SCOPE = ("cluster", "namespace")
_WORKLOAD = ("namespace", "kind", "workload")
_NONE = "no namespace of the workloads may have one"
_ROLLOUT = "10m"
"""A workload whose number of new pods changed in this time is being rolled out or scaled, and not at fault."""
_NEWS = "1h"
_AROUND = "15m"
"""How far around a point in the past is looked, so that a scrape that failed then makes no news now."""
_PODS_STOPPED_BY = matching(
    "resource",
    r"((requests|limits)\.)?(cpu|memory|ephemeral-storage)|(count/)?pods|requests\.storage|persistentvolumeclaims"
    r"|count/jobs\.batch",
)
"""Of a quota on Services or Secrets being used up is meant, and no job waits for it."""


@dataclass(frozen=True)
class _Kind:
    """How kube-state-metrics counts the pods of one kind of workload."""

    kind: str
    wanted: str
    there: str
    updated: str

    @property
    def label(self) -> str:
        return self.kind.lower()

    def missing(self, workloads: Matcher) -> Expr:
        def of(name: str) -> Selector:
            return metric(f"kube_{self.label}_{name}", workloads, may_be_absent=_NONE)

        def largest(expr: Expr) -> Expr:
            return max_by(expr, "namespace", self.label)

        # Where more are there than wanted, as while it is scaled down, nothing is missing.
        share = 1 - largest(of(self.there)) / (largest(of(self.wanted)) > 0) > 0
        steady = binary("==", largest(call("changes", of(self.updated).over(_ROLLOUT))), 0)
        named = call("label_replace", binary("and", share, steady), "workload", "$1", self.label, "(.+)")
        return max_by(call("label_replace", named, "kind", self.kind, "", ""), *_WORKLOAD)


_KINDS = (
    _Kind("Deployment", "spec_replicas", "status_replicas_available", "status_replicas_updated"),
    _Kind("StatefulSet", "replicas", "status_replicas_ready", "status_replicas_updated"),
    _Kind(
        "DaemonSet",
        "status_desired_number_scheduled",
        "status_number_available",
        "status_updated_number_scheduled",
    ),
)


def workload_signals(workloads: Matcher) -> tuple[Signal, ...]:
    return (_pods_missing(workloads), _jobs_failed(workloads), _autoscalers(workloads), _quotas(workloads))


def _pods_missing(workloads: Matcher) -> Signal:
    deployments, stateful, daemons = (kind.missing(workloads) for kind in _KINDS)
    return Signal(
        name="pods_missing",
        title="Workloads without all their pods",
        description="Share of the pods that a Deployment, StatefulSet or DaemonSet wants and that are not available. "
        "One that was rolled out or scaled in the last 10 minutes is left out.",
        good="Nothing is shown.",
        unit="percentunit",
        expr=deployments | stateful | daemons,
        legend="{{namespace}}/{{workload}} {{kind}}",
        record="dataops:workload:pods_missing_ratio",
        scope=_SCOPE,
        maximum=1,
    )


def _jobs_failed(workloads: Matcher) -> Signal:
    failed = metric(
        "kube_job_failed",
        eq("condition", "true"),
        workloads,
        may_be_absent="kube-state-metrics exposes it for a Job that failed only",
    )
    job = ("namespace", "job_name")
    earlier = max_by(over_time("max", failed.ago(_NEWS), _AROUND), *job) > 0
    # A failed Job stays for days. What was there before kube-state-metrics was scraped is not new.
    watched = max_by(over_time("max", metric("up", eq("job", STATE_JOB)).ago(_NEWS), _AROUND)) > 0
    return Signal(
        name="jobs_failed",
        title="Jobs that failed in an hour",
        description="1 for each Job that gave up in the last hour: its pods failed as often as they may.",
        good="Nothing is shown.",
        unit="short",
        expr=binary("and", unless(max_by(failed, *job) > 0, earlier), watched, on=()),
        legend="{{namespace}}/{{job_name}}",
        scope=_SCOPE,
    )


def _autoscalers(workloads: Matcher) -> Signal:
    def of(name: str) -> Expr:
        none = "no namespace of the workloads may have an autoscaler"
        selector = metric(f"kube_horizontalpodautoscaler_{name}", workloads, may_be_absent=none)
        return max_by(selector, "namespace", "horizontalpodautoscaler")

    most = of("spec_max_replicas")
    # One that may have a single number of pods only is always at it.
    moves = binary(">", most, of("spec_min_replicas"))
    return Signal(
        name="autoscalers_at_limit",
        title="Autoscalers at their limit",
        description="Pods of an autoscaler that wants as many as it may have, or more.",
        good="Nothing is shown; what is shown needs a higher maxReplicas, or less to do.",
        unit="short",
        expr=binary("and", binary(">=", of("status_desired_replicas"), most), moves),
        legend="{{namespace}}/{{horizontalpodautoscaler}}",
    )


def _quotas(workloads: Matcher) -> Signal:
    def of(type_: str) -> Expr:
        which = (eq("type", type_), _PODS_STOPPED_BY, workloads)
        quota = metric("kube_resourcequota", *which, may_be_absent="a namespace may have none")
        return max_by(quota, "namespace", "resourcequota", "resource")

    return Signal(
        name="quota_usage",
        title="Quotas in use",
        description="Share of a namespace's quota that is in use, for what pods and volumes need.",
        good="Below 90 %: what asks for more is refused.",
        unit="percentunit",
        # A quota of 0 forbids; it is not used up.
        expr=of("used") / (of("hard") > 0),
        legend="{{namespace}} {{resource}} {{resourcequota}}",
        scope=_SCOPE,
        maximum=1,
    )


def workload_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    workload = "{{ $labels.kind }} {{ $labels.namespace }}/{{ $labels.workload }}"
    return (
        above(
            "WorkloadUnavailable",
            signals["pods_missing"],
            0.99,
            for_="10m",
            severity=Severity.HIGH,
            component="kubernetes",
            summary=f"{workload} has no pod that can work",
            description="None of the pods that the workload wants has been available for 10 minutes: it is down.",
        ),
        above(
            "WorkloadPodsMissing",
            signals["pods_missing"],
            0,
            for_="15m",
            severity=Severity.MEDIUM,
            component="kubernetes",
            summary=f"{workload} lacks {{{{ $value | humanizePercentage }}}} of its pods",
            description="The workload has had fewer available pods than it wants for 15 minutes, and none is coming.",
        ),
        above(
            "JobFailed",
            signals["jobs_failed"],
            0,
            for_="0s",
            at_once="a Job that gave up is final, and the signal keeps it for an hour",
            severity=Severity.MEDIUM,
            component="kubernetes",
            summary="Job {{ $labels.namespace }}/{{ $labels.job_name }} failed",
            description="The Job's pods failed as often as they may, or it took too long; it does not try again.",
        ),
        above(
            "AutoscalerAtMaximum",
            signals["autoscalers_at_limit"],
            0,
            for_="30m",
            severity=Severity.WARNING,
            component="kubernetes",
            summary="Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} has all its pods",
            description="The autoscaler has wanted all the {{ $value }} pods that it may have for 30 minutes.",
        ),
        above(
            "QuotaUsedUp",
            signals["quota_usage"],
            0.99,
            for_="30m",
            severity=Severity.WARNING,
            component="kubernetes",
            summary="Quota of {{ $labels.namespace }} on {{ $labels.resource }} is used up",
            description="More than 99 % of the quota {{ $labels.resourcequota }} has been in use for 30 minutes: "
            "new pods or volumes are refused.",
        ),
    )
