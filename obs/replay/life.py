"""What happens on a healthy platform within two weeks, and is nobody's alert.

Pods restart and are rolled out, a node is drained and started anew, kube-state-metrics runs twice for some minutes,
scrapes fail, jobs fail now and then, and faults come and pass before anyone need be woken. Everything is by the minute
and the same in every run.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from obs.replay.rhythm import DAY, DAYS, MINUTES, WARM
from obs.simulate.cluster import Cluster, Container, Pod

NODE = "worker-2"
"""It is drained and started anew."""
_DRAINED = (WARM + 6) * DAY + 150
_AWAY = (_DRAINED + 5, _DRAINED + 9)
"""Minutes in which the node starts anew."""
_CLAIMS = {
    "jenkins-0": "jenkins-home",
    "events-broker-0": "data-events-broker-0",
    "events-ingest-0": "buffer-events-ingest-0",
    "minio-0": "export-minio-0",
    "etcd-0": "data-etcd-0",
}
"""Pods that have a volume, as those of StatefulSets do."""
_ON_NODES = ("kube-prometheus-stack-node-exporter", "kube-proxy", "rook-ceph-exporter")
PASSING: tuple[tuple[str, int], ...] = (
    ("argocd-out-of-sync", 3),
    ("argocd-degraded", 3),
    ("pod-pending", 9),
    ("pod-not-ready", 7),
    ("elevated-cpu", 6),
    ("high-cpu", 4),
    ("elevated-memory", 6),
    ("high-memory", 4),
    ("busy-network", 5),
    ("kafka-consumer-stuck", 5),
    ("kafka-replica-behind", 3),
    ("redis-connections", 2),
    ("redis-memory", 2),
    ("oracle-sessions", 5),
    ("oracle-locks", 4),
    ("web-heap", 4),
    ("jenkins-long-queue", 3),
    ("jenkins-heap", 4),
    ("ceph-osd-slow", 4),
    ("ceph-health-warning", 5),
    ("minio-slow", 4),
    ("hive-metastore-slower", 3),
    ("spark-worker-lost", 2),
    ("trino-worker-lost", 3),
    ("executor-memory", 3),
    ("certificate-not-ready", 5),
    ("isilon-slow", 5),
    ("container-restarts", 14),
    ("queue-fills", 3),
    ("reconcile-fails", 3),
    ("sidecar-disconnected", 2),
    ("coredns-errors", 2),
    ("apiserver-slow", 3),
    ("etcd-slow-disk", 3),
)
"""Scenario -> minutes after which it is over: it never lasts as long as its alert waits, and none spends a budget. Each
happens once."""


@dataclass(frozen=True)
class Stay:
    """A pod from a minute to another, and when its containers started anew meanwhile."""

    pod: Pod
    begin: int = 0
    end: int = MINUTES + 1
    pending: int = 0
    """Minutes from its beginning until it is ready."""


@dataclass(frozen=True)
class Passing:
    scenario: str
    begin: int
    end: int


@dataclass(frozen=True)
class Life:
    """Who is there when. ``restarts``: name of a pod or node -> minutes at which its processes started anew.

    ``silent``: name of a pod or node -> minutes at which no scrape of it succeeds. ``unready``: pod -> minutes.
    """

    stays: tuple[Stay, ...]
    nodes: Cluster
    passing: tuple[Passing, ...] = ()
    restarts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    silent: Mapping[str, frozenset[int]] = field(default_factory=dict)
    unready: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def boundaries(self) -> list[int]:
        """Minutes at which the cluster changes."""
        edges = {m for s in self.stays for m in (s.begin, s.end, s.begin + s.pending)}
        return sorted(m for m in edges | {0} if m <= MINUTES)

    @cache  # noqa: B019 - one life is one run
    def cluster(self, minute: int) -> Cluster:
        """The pods of a minute; asked with a boundary, as between two of them nothing changes."""
        there = [s for s in self.stays if s.begin <= minute < s.end]
        pods = [replace(s.pod, phase="Pending") if minute < s.begin + s.pending else s.pod for s in there]
        return Cluster(tuple(sorted(pods, key=lambda p: (p.namespace, p.name))), self.nodes.nodes)

    def since(self, name: str, minute: int) -> int | None:
        """When the processes that run at a minute started; None for before the replay."""
        return max((m for m in self.restarts.get(name, ()) if m <= minute), default=None)

    def __hash__(self) -> int:
        return id(self)


def still(cluster: Cluster) -> Life:
    """Nothing happens."""
    return Life(tuple(Stay(pod) for pod in cluster.pods), cluster)


def life(cluster: Cluster) -> Life:
    """Two weeks of a cluster of the simulation."""
    chance = random.Random(2026)
    pods = [replace(p, claims=(_CLAIMS[p.name],)) if p.name in _CLAIMS else p for p in cluster.pods]
    stays = [*_moved(_rolled(pods, chance)), *_batches(pods)]
    restarts, silent = _restarts(stays, cluster, chance), _missed(stays, cluster, chance)
    unready: dict[str, frozenset[int]] = {}
    for name, minutes in restarts.items():
        # The scrape of the minute in which it starts fails; its probe succeeds a minute later.
        silent[name] = silent.get(name, frozenset()) | {*minutes}
        unready[name] = frozenset(m for at in minutes for m in range(at - 1, at + 2))
    away = frozenset(range(*_AWAY))
    for name in (NODE, *(s.pod.name for s in stays if s.pod.host_network and s.pod.node == NODE)):
        silent[name] = silent.get(name, frozenset()) | away
    return Life(tuple(stays), cluster, tuple(_passing(chance)), restarts, silent, unready)


def away(minute: int) -> bool:
    """Whether the node is being started anew."""
    return _AWAY[0] <= minute < _AWAY[1]


def drained(minute: int) -> bool:
    """Whether nothing may be scheduled on the node."""
    return _DRAINED <= minute < _AWAY[1] + 5


def _rolled(pods: list[Pod], chance: random.Random) -> Iterator[Stay]:
    """Every Deployment is rolled out some times in working hours, with the old pod there until the new one is ready.

    A new pod of kube-state-metrics says the same of everything while the old one still does.
    """
    for pod in pods:
        name = pod.name
        stays = [(pod, 0)]
        if pod.owner[0] == "ReplicaSet" or name.endswith(
            ("-ksm", "-grafana", "-operator", "thanos-query", "-exporter")
        ):
            days = sorted(chance.sample([d for d in range(WARM + DAYS) if d % 7 < 5], 3))
            for number, day in enumerate(days, start=1):
                new = replace(pod, name=f"{name}-v{number}", uid=f"{pod.uid}-v{number}", ip=f"{pod.ip}{number}")
                stays.append((new, day * DAY + chance.randrange(9 * 60, 17 * 60)))
        for (one, begin), (_, end) in zip(stays, [*stays[1:], (pod, MINUTES - 4)], strict=True):
            yield Stay(one, begin, end + 5, chance.choice((1, 2, 3)) if begin else 0)


def _moved(stays: Iterator[Stay]) -> Iterator[Stay]:
    """A node is drained: who was on it goes on elsewhere, under the same name where it has one of its own."""
    for number, stay in enumerate(stays):
        pod = stay.pod
        stays_put = pod.host_network or pod.name.startswith(_ON_NODES) or pod.node != NODE
        if stays_put or not stay.begin < _DRAINED < stay.end:
            yield stay
            continue
        elsewhere = f"worker-{(1, 3)[number % 2]}"
        own = pod.owner[0] == "ReplicaSet"
        named = f"{pod.name}-m" if own else pod.name
        yield replace(stay, end=_DRAINED + number % 3)
        new = replace(pod, name=named, node=elsewhere, ip=f"{pod.ip}9", uid=f"{pod.uid}-m" if own else pod.uid)
        yield replace(stay, pod=new, begin=_DRAINED + number % 3 + (0 if own else 1), pending=2)


def _batches(pods: list[Pod]) -> Iterator[Stay]:
    """Pods of the nightly batch: they wait for the autoscaler's node, work, and are gone."""
    like = next(pod for pod in pods if pod.namespace == "spark-jobs")
    for day in range(WARM + DAYS):
        for number in range(4):
            begin = day * DAY + 60 + 7 * number
            pod = Pod(
                like.namespace, f"nightly-{day}-exec-{number}", f"nightly-{day}-{number}-uid", f"10.244.7.{number}",
                "worker-1", containers=(Container("batch", "registry.example.com/batch:1.0.0"),),
            )  # fmt: skip
            yield Stay(pod, begin, begin + 110, 6 + number)


def _restarts(stays: list[Stay], cluster: Cluster, chance: random.Random) -> dict[str, tuple[int, ...]]:
    """Each process fails once or twice in two weeks and is started anew; what moved or is new starts there."""
    found: dict[str, set[int]] = {}
    for stay in stays:
        starts = found.setdefault(stay.pod.name, set())
        if stay.begin:
            starts.add(stay.begin)
        if stay.end - stay.begin > DAY:
            starts.add(chance.randrange(stay.begin + DAY // 2, stay.end - 1))
        if stay.pod.host_network and stay.pod.node == NODE:
            starts.add(_AWAY[1] - 1)
    for node in cluster.nodes:
        found[node.name] = {_AWAY[1] - 1} if node.name == NODE else set()
    return {name: tuple(sorted(minutes)) for name, minutes in found.items()}


def _missed(stays: list[Stay], cluster: Cluster, chance: random.Random) -> dict[str, frozenset[int]]:
    """A scrape fails every three days or so."""
    names = sorted({*(s.pod.name for s in stays), *(n.name for n in cluster.nodes)})
    return {name: frozenset(chance.sample(range(MINUTES), 5)) for name in names}


def _passing(chance: random.Random) -> Iterator[Passing]:
    """Each by day or by night, an hour or more apart."""
    room = (MINUTES - WARM * DAY - 600) // len(PASSING)
    order = [*PASSING]
    chance.shuffle(order)
    for number, (name, lasts) in enumerate(order):
        begin = WARM * DAY + 300 + number * room + chance.randrange(room - 60)
        yield Passing(name, begin, begin + lasts)
