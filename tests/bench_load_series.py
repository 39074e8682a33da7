"""Half a million series as production would have them: the simulated platform's exporters on a cluster of its size.

Nothing is invented here: names, labels and values come from the contracts and the simulation. What is multiplied is
what a cluster has more of: nodes, pods, tables, DAGs, topics.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import NamedTuple

from simulated_cluster import SYSTEMS, simulated_cluster, targets
from simulated_stack import fixed_labels, target_labels

from model.quantity import seconds
from model.scrape import Endpoint, Scrape
from obs.simulate.cluster import Cluster, Container, Node, Pod
from obs.simulate.exporter import Exporter, Target
from obs.simulate.exporters import exporters
from obs.simulate.series import Series
from obs.simulate.values import Clock, Events, Fixed, Growth, Moment, Shifted, Since, Value, Wave
from obs.verify.reads import reads
from plan import Plan


class Scale(NamedTuple):
    """``pods`` are of workloads that expose nothing themselves; ``many``: with production's replicas and objects."""

    nodes: int
    pods: int
    many: bool


LARGE = Scale(nodes=60, pods=1_060, many=True)
"""Half a million series; nodes are what docs/sizes.md says of the size medium, which production has."""
SMALL = Scale(nodes=2, pods=0, many=False)
NAMESPACES = ("spark-jobs", "data-processing", "airflow", "trino", *(f"team-{n}" for n in range(1, 21)))
# Pods of these exporters are more than one in a cluster of that size.
_REPLICAS = {"trino-worker": 20, "spark-driver": 15, "istio-sidecar": 60, "kafka-broker": 5, "ceph-exporter": 3}
# contract -> labels of its objects, and how many of each there are for one of the simulation.
_OBJECTS: Mapping[str, Mapping[str, int]] = {
    "airflow": {"dag_id": 50},
    "argocd": {"name": 200, "repo": 20},
    "bitbucket": {"repository": 50},
    "ceph": {"pool_id": 8, "ceph_daemon": 10},
    "iceberg": {"table": 300},
    "isilon": {"path": 50},
    "istio": {"destination_workload": 5},
    "jenkins": {"jenkins_job": 50},
    "kafka-broker-jmx": {"topic": 60},
    "kafka-exporter": {"topic": 60},
    "kube-apiserver": {"resource": 60},
    "minio": {"bucket": 5},
    "node-exporter": {"cpu": 4, "device": 2},
    "oracle-exporter": {"tablespace": 20},
    "spark": {"executor_id": 8},
}
SHOWN, FAR = 6, 24
"""Hours with a sample at every scrape: what a dashboard shows when it opens, and the whole history."""
_NOW = Moment(now=86_400.0, epoch=0.0)


def cluster(scale: Scale) -> Cluster:
    """The simulated cluster at that scale."""
    there = simulated_cluster()
    nodes = [Node(f"worker-{n}", f"10.1.{n // 250}.{n % 250}") for n in range(1, scale.nodes + 1)]
    address = (f"10.{200 + n // 62500}.{n // 250 % 250}.{n % 250}" for n in count(1))
    names = {node.name for node in there.nodes}
    found = [pod for pod in there.pods if not (pod.host_network and pod.node in names)]
    agents = [pod for pod in there.pods if pod not in found]
    for pod in agents:
        on = [n for n in nodes if n.name != pod.node] if pod.node == agents[0].node else []
        found += [pod, *(replace(pod, name=f"{pod.name}-{n.name}", node=n.name, ip=n.ip) for n in on)]
    by_name = {exporter.name: exporter for exporter in exporters(SYSTEMS)}
    for name, replicas in _REPLICAS.items() if scale.many else ():
        for one in (target for target in targets(by_name[name], there) if isinstance(target, Pod)):
            found += [_copy(one, n, next(address), nodes) for n in range(2, replicas + 1)]
    found += [_worker(n, next(address), nodes) for n in range(scale.pods)]
    return Cluster(tuple(found), tuple({node.name: node for node in (*there.nodes, *nodes)}.values()))


def _copy(pod: Pod, number: int, ip: str, nodes: list[Node]) -> Pod:
    own = {key: f"{pod.labels[key]}-{number}" for key in ("spark-app-name", "spark-app-selector") if key in pod.labels}
    name, node = f"{pod.name}-{number}", nodes[number % len(nodes)].name
    return replace(pod, name=name, uid=f"{pod.uid}-{number}", ip=ip, node=node, labels={**pod.labels, **own})


def _worker(number: int, ip: str, nodes: list[Node]) -> Pod:
    """Four pods to a deployment, two containers each; every tenth has a volume."""
    owner = f"etl-{number // 4}-6b7f9c5d4"
    return Pod(
        namespace=NAMESPACES[number // 4 % len(NAMESPACES)],
        name=f"{owner}-x{number:05}",
        uid=f"uid-etl-{number}",
        ip=ip,
        node=nodes[number % len(nodes)].name,
        containers=tuple(Container(name, f"registry.example.com/{name}:1.0.0") for name in ("main", "sidecar")),
        owner=("ReplicaSet", owner),
        claims=(f"data-{number}",) if number % 10 == 0 else (),
    )


def lines(plan: Plan, name: str, there: Cluster, scale: Scale) -> Iterator[str]:
    """One line of tsdbload for each series that the plan's scrapes bring in; ``name`` is the cluster's.

    What no rule and no panel reads is coarse throughout: it is in the index like all else, and no query sees its
    samples.
    """
    fine = {name: FAR if name in _far(plan) else SHOWN for name in reads(plan)}
    answering = [(exporter, target) for exporter in exporters(SYSTEMS) for target in targets(exporter, there)]
    for scrape in (scrape for system in plan.systems for scrape in system.scrapes):
        for endpoint in scrape.endpoints:
            for exporter, target in _of(scrape, endpoint, answering):
                own = _labels(scrape, endpoint, exporter, target) | {"cluster": name}
                yield line({"__name__": "up", **own}, Fixed(1), FAR)
                for family in exporter.families(there, target):
                    for series in family.series:
                        objects = _OBJECTS.get(exporter.contract or "", {}) if scale.many else {}
                        for labels in _stored(series, objects, own, honor=endpoint.honor_labels):
                            yield line(labels, series.value, fine.get(series.name, 0))


def _far(plan: Plan) -> frozenset[str]:
    """Series of which a rule or a panel reads more than what a dashboard shows when it opens."""
    found = [read.selector for readers in reads(plan).values() for read in readers]
    return frozenset(s.name for s in found if s.range is not None and seconds(s.range) > SHOWN * 3600)


def line(labels: Mapping[str, str], value: Value, fine: int) -> str:
    kind, numbers = _KINDS[type(value)](value)
    there = {key: text for key, text in labels.items() if text}
    return json.dumps({"labels": there, "kind": kind, "numbers": numbers, "fine": fine})


def _stored(
    series: Series, objects: Mapping[str, int], own: Mapping[str, str], *, honor: bool
) -> Iterator[dict[str, str]]:
    """As scraping stores it: of two labels of one name the target's wins, unless it honours the exporter's."""
    said = dict((*series.labels, *series.extra))
    if not honor:
        said = {f"exported_{key}" if key in own else key: value for key, value in said.items()}
    labels = {"__name__": series.name, **own, **said}
    label, copies = next(((k, n) for k, n in objects.items() if k in said), ("", 1))
    yield labels
    for number in range(2, copies + 1):
        yield {**labels, label: f"{labels[label]}-{number}"}


def _labels(scrape: Scrape, endpoint: Endpoint, exporter: Exporter, target: Target) -> dict[str, str]:
    """What discovery and relabelings set. Where a step copies what only an object says, the target's name stands."""
    ip, path = target.ip, endpoint.path
    own = {"job": scrape.job, "instance": f"{ip}:{exporter.port}", "metrics_path": path}
    own |= target_labels(target, exporter.port) | fixed_labels(endpoint)
    copied = {step.target_label for step in endpoint.relabelings if step.target_label and not step.replacement}
    return {**dict.fromkeys(sorted(copied - own.keys()), target.name), **own}


def _of(scrape: Scrape, endpoint: Endpoint, answering: list[tuple[Exporter, Target]]) -> list[tuple[Exporter, Target]]:
    """Who has what the endpoint promises, as in simulated_stack."""
    promised = (endpoint.contract, endpoint.component)
    found = [(e, t) for e, t in answering if (e.contract, e.component) == promised]
    return [(e, t) for e, t in found if isinstance(t, Pod) and scrape.selector.items() <= t.labels.items()] or found


def _fixed(value: Value) -> tuple[str, list[float]]:
    return "fixed", [value.at(_NOW)]


def _events(value: Events) -> tuple[str, list[float]]:
    return "events", [value.per_minute, value.share, value.each, value.phase]


def _wave(value: Wave) -> tuple[str, list[float]]:
    return "wave", [value.mean, value.swing, value.period, value.phase]


# What is shifted by a fault does not occur here; the start of a process is a day before the end.
_KINDS: Mapping[type, Callable[..., tuple[str, list[float]]]] = {
    Fixed: _fixed,
    Since: _fixed,
    Shifted: _fixed,
    Growth: lambda value: ("growth", [value.per_second]),
    Events: _events,
    Wave: _wave,
    Clock: lambda value: ("clock", [value.ago]),
}
