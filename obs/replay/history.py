"""The made-up past: a small cluster with nightly batches, deployments, restarts of exporters, and incidents.

Everything is by the minute and the same in every run. What must not be told is there too: a pod that is not ready for
8 minutes, a processor that is full for 7, a volume at 79 %, an exporter that is scraped anew.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from obs.replay.score import Incident

DAYS = 14
MINUTES = DAYS * 24 * 60
NODES = ("worker-1", "worker-2", "worker-3")
PODS = tuple(f"etl-{number}" for number in range(6))
_HOUR, _DAY = 60, 24 * 60
_NAMESPACE = "spark-jobs"
_MEMORY = 64 * 2**30
_VOLUME = 100 * 2**30


def at(day: int, hour: int, minute: int = 0) -> int:
    return day * _DAY + hour * _HOUR + minute


INCIDENTS = (
    Incident("a pod hangs", at(0, 9), at(0, 9, 40), ("PodNotReady",), 14),
    Incident("a pod crashes", at(1, 11), at(1, 11, 30), ("PodCrashLooping",), 12),
    Incident("out of memory", at(2, 14), at(2, 14, 12), ("OOMKillFrequent", "OOMKill"), 10,
             ("ContainerRestartingOften",), 65),
    Incident("a single kill", at(3, 16), at(3, 16, 5), ("OOMKill",), 8),
    Incident("a container restarts", at(4, 10), at(4, 11), ("ContainerRestartingOften",), 60, (), 70),
    Incident("a node is gone", at(5, 13), at(5, 13, 45), ("NodeNotReady",), 10, ("PodNotReady",)),
    Incident("a volume fills", at(6, 8), at(6, 10), ("StorageUsageHigh", "StorageCapacityLow"), 90,
             ("VolumeFillsSoon",), 400),
    Incident("no state metrics", at(7, 15), at(7, 15, 30), ("KubeStateMetricsSilent",), 7),
    Incident("kubelets silent", at(8, 9), at(8, 9, 30), ("KubeletSilent",), 7),
    Incident("processors full", at(9, 12), at(9, 13), ("CPUCapacityLow", "CPUUsageHigh"), 20),
    Incident("memory full", at(10, 12), at(10, 13), ("MemoryCapacityLow", "MemoryUsageHigh"), 20),
    Incident("no exporter of nodes", at(11, 7), at(11, 7, 30), ("NodeExporterSilent",), 7),
    Incident("a pod finds no node", at(12, 18), at(12, 18, 45), ("PodNotStarting",), 20),
    Incident("a pod hangs again", at(13, 9), at(13, 9, 25), ("PodNotReady",), 14),
)  # fmt: skip


def during(name: str, minute: int) -> bool:
    (one,) = (incident for incident in INCIDENTS if incident.name == name)
    return one.start <= minute < one.end


@dataclass
class Series:
    """``values`` by the minute; None where nothing was scraped."""

    name: str
    labels: dict[str, str]
    values: list[float | None] = field(default_factory=list)

    def text(self) -> dict[str, str]:
        """As promtool takes it: equal values are written once."""
        labels = {"cluster": "replay", **self.labels}
        selector = self.name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"
        return {"series": selector, "values": " ".join(_runs(self.values))}


def _runs(values: list[float | None]) -> Iterator[str]:
    begin = 0
    for here in range(1, len(values) + 1):
        if here == len(values) or values[here] != values[begin]:
            value, more = values[begin], here - begin - 1
            if value is None:
                yield f"_x{more + 1}"
            else:
                yield f"{value:g}x{more}" if more else f"{value:g}"
            begin = here


def history() -> list[Series]:
    chance = random.Random(2026)
    return [*_pods(), *_nodes(chance), *_volume(), *_targets()]


def _state(minute: int) -> bool:
    """Whether kube-state-metrics is scraped: it is rolled out anew on Tuesdays."""
    return not during("no state metrics", minute) and minute % (7 * _DAY) not in range(at(1, 6), at(1, 6, 2))


def _series(name: str, labels: dict[str, str], value: object, seen: object = None) -> Series:
    """``value`` and ``seen`` are functions of the minute."""
    assert callable(value)
    there = seen if callable(seen) else lambda _: True
    return Series(name, labels, [value(m) if there(m) else None for m in range(MINUTES)])


def _pods() -> Iterator[Series]:
    def ready(pod: str, minute: int) -> float:
        hangs = pod == PODS[0] and (during("a pod hangs", minute) or during("a pod hangs again", minute))
        lost = pod == PODS[2] and during("a node is gone", minute)
        # Deployed every day, ready after 3 minutes; once it takes 8.
        into = minute % _DAY - at(0, 10, 30 + 5 * PODS.index(pod))
        slow = 8 if minute // _DAY == 3 else 3
        return float(not (hangs or lost or 0 <= into < slow))

    for number, pod in enumerate(PODS):
        of = {"namespace": _NAMESPACE, "pod": pod}
        container = {**of, "container": "main"}
        node = NODES[number % len(NODES)]
        yield _series("kube_pod_info", {**of, "node": node}, lambda _: 1.0, _state)
        yield _series("kube_pod_status_phase", {**of, "phase": "Running"}, lambda _: 1.0, _state)
        yield _series("kube_pod_status_ready", {**of, "condition": "true"}, lambda m, pod=pod: ready(pod, m), _state)
        kills: tuple[int, ...] = (
            (at(2, 14), at(2, 14, 2), at(2, 14, 4), at(2, 14, 6), at(2, 14, 8)) if number == 1 else ()
        )
        kills += (at(3, 16),) if number == 4 else ()
        restarts = [*kills, *((at(4, 10, 5 + 10 * n) for n in range(5)) if number == 3 else ())]
        restarts += [day * _DAY + 17 * _HOUR for day in range(0, DAYS, 3)] if number == 5 else []
        yield _series(
            "kube_pod_container_status_restarts_total",
            container,
            lambda m, times=tuple(restarts): float(sum(t <= m for t in times)),
            _state,
        )
        if kills:
            yield _series(
                "kube_pod_container_status_last_terminated_reason",
                {**container, "reason": "OOMKilled"},
                lambda _: 1.0,
                lambda m, times=kills: _state(m) and m >= min(times),
            )
    waiting = {"namespace": _NAMESPACE, "pod": PODS[1], "container": "main", "reason": "CrashLoopBackOff"}
    crashes = lambda m: _state(m) and during("a pod crashes", m) and m % 6 < 4  # noqa: E731 - it comes and goes
    yield _series("kube_pod_container_status_waiting_reason", waiting, lambda _: 1.0, crashes)
    pending = {"namespace": _NAMESPACE, "pod": "etl-new", "phase": "Pending"}
    new = lambda m: _state(m) and (during("a pod finds no node", m) or m % _DAY in range(120, 129))  # noqa: E731
    yield _series("kube_pod_status_phase", pending, lambda _: 1.0, new)


def _nodes(chance: random.Random) -> Iterator[Series]:
    def load(minute: int) -> float:
        if during("processors full", minute):
            return 0.95
        batch = minute % _DAY in range(at(0, 2), at(0, 4))
        full = minute % _DAY in range(at(0, 2, 10), at(0, 2, 17))  # shorter than anybody waits
        return min(0.97, (0.96 if full else 0.7 if batch else 0.35) + chance.uniform(-0.03, 0.03))

    loads = [load(m) for m in range(MINUTES)]
    for node in NODES:
        idle, values = 0.0, []
        for minute, busy in enumerate(loads):
            # A node is started anew once: its counters begin again.
            idle = 0.0 if minute == at(6, 3) and node == NODES[0] else idle + 60 * (1 - busy)
            values.append(None if during("no exporter of nodes", minute) else round(idle, 2))
        yield Series("node_cpu_seconds_total", {"node": node, "cpu": "0", "mode": "idle"}, [*values])
        free = [
            (0.06 if during("memory full", m) else 0.22 if m % _DAY in range(at(0, 2), at(0, 4)) else 0.5) * _MEMORY
            for m in range(MINUTES)
        ]
        scraped = lambda m: not during("no exporter of nodes", m)  # noqa: E731
        yield _series("node_memory_MemAvailable_bytes", {"node": node}, free.__getitem__, scraped)
        yield _series("node_memory_MemTotal_bytes", {"node": node}, lambda _: float(_MEMORY), scraped)
        gone = lambda m, node=node: float(node == NODES[2] and during("a node is gone", m))  # noqa: E731
        condition = {"node": node, "condition": "Ready", "status": "unknown"}
        yield _series("kube_node_status_condition", condition, gone, _state)


def _volume() -> Iterator[Series]:
    def used(minute: int) -> float:
        """Grows by day and is cleared every night; once it is not."""
        incident = next(i for i in INCIDENTS if i.name == "a volume fills")
        if during("a volume fills", minute):
            return 0.7 + 0.23 * min(1.0, (minute - incident.start) / 40)
        highest = 0.79 if minute // _DAY == 9 else 0.55
        return round(0.5 + (highest - 0.5) * abs((minute % _DAY) / _DAY * 2 - 1), 3)

    of = {"namespace": _NAMESPACE, "persistentvolumeclaim": "history"}
    scraped = lambda m: not during("kubelets silent", m)  # noqa: E731
    yield _series("kubelet_volume_stats_used_bytes", of, lambda m: used(m) * _VOLUME, scraped)
    yield _series("kubelet_volume_stats_capacity_bytes", of, lambda _: float(_VOLUME), scraped)


def _targets() -> Iterator[Series]:
    silent = {
        "kube-state-metrics": "no state metrics",
        "kubelet": "kubelets silent",
        "node-exporter": "no exporter of nodes",
    }
    for job, incident in silent.items():
        missed = at(2, 20) + len(job)  # one scrape fails now and then
        yield _series(
            "up", {"job": job}, lambda m, i=incident, x=missed: float(not during(i, m) and m % (3 * _DAY) != x)
        )
