"""The pods of a stack: of workloads as their templates say, of the operator's resources as the operator makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs.check.rendered import Item, Rendered, dig, entries, mapping

_TEMPLATE = ("spec", "template")
# Kind -> where its pod template stands.
WORKLOADS: Mapping[str, tuple[str, ...]] = {
    "Deployment": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
    "Pod": (),
}
_TCP, _UDP = "TCP", "UDP"


@dataclass(frozen=True)
class Port:
    name: str
    number: int
    protocol: str = _TCP


@dataclass(frozen=True)
class Operated:
    """How the operator (v0.93, pkg/*/statefulset.go and operator.go) makes pods and a Service of a resource.

    ``app`` is the value of app.kubernetes.io/name and the prefix of the StatefulSet, ``own_label`` a label that
    holds the resource's name, ``web`` the number of the port that spec.portName names, ``more`` further ports of
    the container, ``served`` those of the Service beside web: name -> container's port.
    """

    app: str
    own_label: str
    service: str
    web: int
    more: tuple[Port, ...]
    served: Mapping[str, str]


OPERATED: Mapping[str, Operated] = {
    "Prometheus": Operated("prometheus", "prometheus", "prometheus-operated", 9090, (), {}),
    "Alertmanager": Operated(
        "alertmanager",
        "alertmanager",
        "alertmanager-operated",
        9093,
        (Port("mesh-tcp", 9094), Port("mesh-udp", 9094, _UDP)),
        {"tcp-mesh": "mesh-tcp", "udp-mesh": "mesh-udp"},
    ),
    "ThanosRuler": Operated(
        "thanos-ruler", "thanos-ruler", "thanos-ruler-operated", 10902, (Port("grpc", 10901),), {"grpc": "grpc"}
    ),
}
_SIDECAR = (Port("http", 10902), Port("grpc", 10901))
_RELOADER = Port("reloader-web", 8080)


@dataclass(frozen=True, eq=False)
class Pods:
    """The pods of one workload: alike but for their number.

    ``sets`` are the StatefulSets that own them, name -> replicas, ``service`` their governing Service; both are
    empty for other kinds. ``spec`` is the pod's, of an operator's resource the resource's.
    """

    item: Item
    labels: Mapping[str, str]
    spec: Mapping[str, Any]
    ports: tuple[Port, ...]
    sets: Mapping[str, int]
    service: str = ""

    @property
    def namespace(self) -> str:
        return self.item.namespace

    @property
    def on_host_network(self) -> bool:
        return bool(self.spec.get("hostNetwork"))

    @property
    def alone(self) -> bool:
        """Whether there is one pod, which no policy can keep from itself."""
        return sum(self.sets.values()) == 1 if self.sets else self.item.kind == "Deployment" and self._replicas == 1

    @property
    def _replicas(self) -> int:
        return _number(self.item.spec.get("replicas"), 1)

    def declared(self, port: int | str) -> set[int]:
        """The container ports of that name or number which the containers declare: monitors find no others."""
        return {p.number for p in self.ports if port in (p.name, p.number)}

    def numbers(self, port: int | str, protocol: str = _TCP) -> set[int]:
        """The container ports that a target port means: a number means itself, declared or not."""
        if isinstance(port, int):
            return {port}
        return {p.number for p in self.ports if p.name == port and p.protocol == protocol}


def containers(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*entries(spec.get("containers")), *entries(spec.get("initContainers"))]


def pods(rendered: Rendered) -> list[Pods]:
    """The pods of every workload and of every resource that the operator turns into one."""
    made = (_of_workload(item, path) for kind, path in WORKLOADS.items() for item in rendered.of(kind))
    operated = (_of_operator(item, how) for kind, how in OPERATED.items() for item in rendered.of(kind))
    return [*made, *operated]


def _of_workload(item: Item, path: tuple[str, ...]) -> Pods:
    template = mapping(dig(item.manifest, *path))
    spec = mapping(template.get("spec"))
    stateful = item.kind == "StatefulSet"
    return Pods(
        item=item,
        labels=mapping(dig(template, "metadata", "labels")),
        spec=spec,
        ports=tuple(_declared(spec)),
        sets={item.name: _number(item.spec.get("replicas"), 1)} if stateful else {},
        service=str(item.spec.get("serviceName") or "") if stateful else "",
    )


def _declared(spec: Mapping[str, Any]) -> Iterator[Port]:
    for container in containers(spec):
        for port in entries(container.get("ports")):
            yield Port(str(port.get("name") or ""), port["containerPort"], str(port.get("protocol") or _TCP))


def _of_operator(item: Item, how: Operated) -> Pods:
    spec = item.spec
    web = () if spec.get("listenLocal") else (Port(web_port(item), how.web), _RELOADER)
    sidecar = _SIDECAR if spec.get("thanos") is not None else ()
    name = f"{how.app}-{item.name}"
    names = [name, *(f"{name}-shard-{n}" for n in range(1, _number(spec.get("shards"), 1)))]
    return Pods(
        item=item,
        labels={
            **mapping(dig(spec, "podMetadata", "labels")),
            "app.kubernetes.io/name": how.app,
            "app.kubernetes.io/managed-by": "prometheus-operator",
            "app.kubernetes.io/instance": item.name,
            how.own_label: item.name,
            **({"operator.prometheus.io/name": item.name} if item.kind == "Prometheus" else {}),
        },
        spec=spec,
        ports=(*web, *how.more, *sidecar, *_declared(spec)),
        sets=dict.fromkeys(names, _number(spec.get("replicas"), 1)),
        service=str(spec.get("serviceName") or how.service),
    )


def web_port(item: Item) -> str:
    return str(item.spec.get("portName") or "web")


def _number(value: Any, default: int) -> int:
    return value if isinstance(value, int) else default
