"""What is asked of one pod, workload, volume or node once a domain has pointed there."""

from __future__ import annotations

from model.expr import Expr, Matcher, Selector
from model.limits import over
from model.promql import binary, call, count_by, eq, matching, max_by, metric, ne, rate, sum_by
from model.rule import Signal
from systems.kubernetes.signals import CONTAINER, NO_WORKLOAD, POD, VOLUME, WHILE_IT_HOLDS

_POD = "{{namespace}}/{{pod}}"
_NOTHING = "Nothing is shown."
_REAL = ne("container", "")
_HOST = "pods on the network of their node have none of their own"


def detail_signals(workloads: Matcher, volumes: Matcher) -> tuple[Signal, ...]:
    of_workloads = (part(workloads) for part in (_use, _ends, _rollouts, _spare))
    return (*(signal for signals in of_workloads for signal in signals), *_places(volumes))


_Row = tuple[str, str, str, str, str, Expr, str]
"""name, title, description, what is good, unit, expression, legend"""


_ANY = {"failed_pods": over(warning=0)}
"""What is bad as soon as there is one, though no alert tells of it."""


def _signals(*rows: _Row) -> tuple[Signal, ...]:
    return tuple(
        Signal(
            name=name,
            title=title,
            description=said,
            good=good,
            unit=unit,
            expr=expr,
            legend=legend,
            limits=_ANY.get(name, ()),
        )
        for name, title, said, good, unit, expr, legend in rows
    )


def _use(workloads: Matcher) -> tuple[Signal, ...]:
    def of(name: str, *matchers: Matcher, why: str = NO_WORKLOAD) -> Selector:
        return metric(name, *matchers, workloads, may_be_absent=why)

    def network(name: str) -> Expr:
        return sum_by(max_by(rate(of(name, why=_HOST), "5m"), *POD, "interface"), *POD)

    memory = max_by(of("container_memory_working_set_bytes", _REAL), *CONTAINER)
    limits = of("kube_pod_container_resource_limits", eq("resource", "memory"), why="a container may have no limit")
    limit = max_by(limits, *CONTAINER) > 0
    cpu = max_by(rate(of("container_cpu_usage_seconds_total", _REAL), "5m"), *CONTAINER)
    return _signals(
        ("pod_cpu", "CPU by pod", "Cores that a pod uses.", "Below what it requests.", "short",
                sum_by(cpu, *POD), _POD),
        ("pod_memory", "Memory by pod", "Working set of a pod: what the kernel cannot take back.",
                "Level or slowly rising, below its limit.", "bytes", sum_by(memory, *POD), _POD),
        ("memory_of_limit", "Memory of the limit",
                "Share of a container's memory limit in use; at 100 % the kernel kills it.", "Below 90 %.",
                "percentunit", memory / limit, "{{namespace}}/{{pod}}/{{container}}"),
        ("pod_received", "Network by pod", "Bytes that a pod receives per second.", "As the work needs.", "Bps",
                network("container_network_receive_bytes_total"), f"{_POD} received"),
        ("pod_sent", "Sent by pod", "Bytes that a pod sends per second.", "As the work needs.", "Bps",
                network("container_network_transmit_bytes_total"), f"{_POD} sent"),
    )  # fmt: skip


def _ends(workloads: Matcher) -> tuple[Signal, ...]:
    last = metric("kube_pod_container_status_last_terminated_reason", workloads, may_be_absent=WHILE_IT_HOLDS)
    failed = metric("kube_pod_status_phase", eq("phase", "Failed"), workloads, may_be_absent=NO_WORKLOAD)
    return _signals(
        ("last_ends", "Why containers last ended", "1 for each container that was restarted, with the reason.",
                "Completed only.", "short", max_by(last, *CONTAINER, "reason"),
                "{{namespace}}/{{pod}}/{{container}} {{reason}}"),
        ("failed_pods", "Failed pods", "1 for each pod that ended with an error and is still there.", _NOTHING,
                "short", max_by(failed, *POD) > 0, _POD),
    )  # fmt: skip


def _rollouts(workloads: Matcher) -> tuple[Signal, ...]:
    generation = metric(
        "kube_deployment_status_observed_generation",
        workloads,
        may_be_absent="no namespace of the workloads may have a Deployment",
    )
    changed = max_by(call("changes", generation.over("1d")), "namespace", "deployment")
    return _signals(
        ("rollouts", "Roll-outs in a day", "How often the specification of a Deployment changed in 24 hours.",
                "As often as somebody deployed.", "short", changed > 0, "{{namespace}}/{{deployment}}"),
    )  # fmt: skip


def _spare(workloads: Matcher) -> tuple[Signal, ...]:
    """Requested and not used, by pod: what right-sizing gives back."""

    def unused(resource: str, used: Expr) -> Expr:
        asked = metric(
            "kube_pod_container_resource_requests", eq("resource", resource), workloads, may_be_absent=NO_WORKLOAD
        )
        spare = binary("-", max_by(asked, *CONTAINER), max_by(used, *CONTAINER), on=CONTAINER)
        return sum_by(call("clamp_min", spare, 0), *POD) > 0

    cpu = metric("container_cpu_usage_seconds_total", _REAL, workloads, may_be_absent=NO_WORKLOAD)
    memory = metric("container_memory_working_set_bytes", _REAL, workloads, may_be_absent=NO_WORKLOAD)
    return _signals(
        ("spare_cpu", "CPU asked for and not used", "Cores that a pod requests and does not use now.",
                "Less than a fifth of what it requests.", "short", unused("cpu", rate(cpu, "5m")), _POD),
        ("spare_memory", "Memory asked for and not used", "Bytes that a pod requests and does not use now.",
                "Less than a fifth of what it requests.", "bytes", unused("memory", memory), _POD),
    )  # fmt: skip


def _places(volumes: Matcher) -> tuple[Signal, ...]:
    def of_volume(name: str) -> Expr:
        return max_by(metric(name, volumes), *VOLUME)

    pressure = metric("kube_node_status_condition", matching("condition", ".+Pressure|NetworkUnavailable"),
                      eq("status", "true"))  # fmt: skip
    volume = "{{namespace}}/{{persistentvolumeclaim}}"
    return _signals(
        ("volume_used", "Bytes used by volume", "Bytes in use on a claimed volume.", "Below its capacity.",
                "bytes", of_volume("kubelet_volume_stats_used_bytes"), volume),
        ("volume_capacity", "Capacity by volume", "Size of a claimed volume.", "Above what is used.", "bytes",
                of_volume("kubelet_volume_stats_capacity_bytes"), f"{volume} capacity"),
        ("volume_inodes", "Inodes used by volume",
                "Share of a volume's inodes in use: without one no file can be made, however much space is left.",
                "Below 80 %.", "percentunit", of_volume("kubelet_volume_stats_inodes_used")
                / (of_volume("kubelet_volume_stats_inodes") > 0), volume),
        ("node_pressure", "Nodes under pressure", "1 for each condition of a node that keeps pods away.",
                _NOTHING, "short", max_by(pressure, "node", "condition") > 0, "{{node}} {{condition}}"),
        ("node_pods", "Pods by node", "Pods that a node holds.", "Below 110, which a kubelet takes by default.",
                "short", count_by(max_by(metric("kube_pod_info", ne("node", "")), *POD, "node"), "node"), "{{node}}"),
    )  # fmt: skip
