"""Secrets and ConfigMaps that pods, the operator's resources and Ingresses refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from obs.check.rendered import Item, Rendered, dig, entries, mapping
from obs.check.wiring.pods import WORKLOADS, containers

_CUSTOM = (
    "Prometheus",
    "Alertmanager",
    "ThanosRuler",
    "ServiceMonitor",
    "PodMonitor",
    "Probe",
    "ScrapeConfig",
    "AlertmanagerConfig",
)
_SELECTOR = {"name", "key", "optional"}
_ISSUERS = ("cert-manager.io/issuer", "cert-manager.io/cluster-issuer")


@dataclass(frozen=True)
class Reference:
    """``kind`` (Secret or ConfigMap) ``name`` in the namespace of ``item``; ``key`` where one is named."""

    item: Item
    place: str
    kind: str
    name: str
    key: str | None = None
    optional: bool = False


def references(rendered: Rendered) -> list[Reference]:
    """Every reference of the stack, once for each object and place."""
    found = [
        *(r for kind, path in WORKLOADS.items() for item in rendered.of(kind) for r in _of_workload(item, path)),
        *(r for item in rendered.of(*_CUSTOM) for r in _of_custom(item)),
        *(r for item in rendered.of("Ingress") for r in _of_ingress(item)),
        *(r for item in rendered.of("ServiceAccount") for r in _pull_secrets(item, item.manifest)),
    ]
    return [reference for reference in dict.fromkeys(found) if reference.name]


def _of_workload(item: Item, path: tuple[str, ...]) -> Iterator[Reference]:
    yield from _of_pod(item, mapping(dig(item.manifest, *path, "spec")))


def _of_pod(item: Item, spec: Mapping[str, Any]) -> Iterator[Reference]:
    volumes = {str(v.get("name")): list(_of_volume(item, v)) for v in entries(spec.get("volumes"))}
    for found in volumes.values():
        yield from found
    for container in containers(spec):
        yield from _of_environment(item, container)
        for mount in entries(container.get("volumeMounts")):
            yield from _of_part(mount, volumes.get(str(mount.get("name")), []))
    yield from _pull_secrets(item, spec)


def _of_volume(item: Item, volume: Mapping[str, Any]) -> Iterator[Reference]:
    place = f"volume {volume.get('name')}"
    for source in (volume, *entries(dig(volume, "projected", "sources"))):
        for field, kind, name in (("secret", "Secret", "secretName"), ("configMap", "ConfigMap", "name")):
            block = mapping(source.get(field))
            # A projected Secret is named by `name`, a mounted one by `secretName`.
            named = str(block.get(name) or block.get("name") or "")
            keys: list[str | None] = [str(one.get("key")) for one in entries(block.get("items"))]
            optional = bool(block.get("optional"))
            yield from (Reference(item, place, kind, named, key, optional) for key in keys or [None] if named)


def _of_part(mount: Mapping[str, Any], volume: list[Reference]) -> Iterator[Reference]:
    """One file of a volume: the kubelet makes an empty folder of a key that is not there."""
    part = str(mount.get("subPath") or "")
    if part and len(volume) == 1 and volume[0].key is None:
        yield replace(volume[0], key=part.partition("/")[0])


def _of_environment(item: Item, container: Mapping[str, Any]) -> Iterator[Reference]:
    for variable in entries(container.get("env")):
        for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
            block = mapping(dig(variable, "valueFrom", field))
            name, key = str(block.get("name") or ""), str(block.get("key") or "")
            yield Reference(item, f"variable {variable.get('name')}", kind, name, key, bool(block.get("optional")))
    for source in entries(container.get("envFrom")):
        for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
            block = mapping(source.get(field))
            yield Reference(item, "envFrom", kind, str(block.get("name") or ""), None, bool(block.get("optional")))


def _pull_secrets(item: Item, spec: Mapping[str, Any]) -> Iterator[Reference]:
    for entry in entries(spec.get("imagePullSecrets")):
        yield Reference(item, "imagePullSecrets", "Secret", str(entry.get("name") or ""), ".dockerconfigjson")


def _of_custom(item: Item) -> Iterator[Reference]:
    spec = item.spec
    yield from _of_pod(item, spec)
    if item.kind == "Alertmanager" and spec.get("configSecret"):
        yield Reference(item, "configSecret", "Secret", str(spec["configSecret"]), "alertmanager.yaml")
    for field, kind in (("secrets", "Secret"), ("configMaps", "ConfigMap")):
        names = spec.get(field)
        yield from (Reference(item, field, kind, str(name)) for name in (names if isinstance(names, list) else ()))
    for path, block in _selectors(spec, ""):
        kind = "ConfigMap" if path.endswith(("configMap", "configMapKeyRef")) else "Secret"
        yield Reference(item, path, kind, str(block["name"]), str(block["key"]), bool(block.get("optional")))


def _selectors(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every {name, key}: the operator's resources have no other field of that shape than references."""
    if isinstance(value, Mapping):
        if {"name", "key"} <= value.keys() <= _SELECTOR:
            yield path, value
        for key, inner in value.items():
            if key not in ("containers", "initContainers", "volumes"):
                yield from _selectors(inner, f"{path}.{key}".lstrip("."))
    else:
        for number, inner in enumerate(entries(value)):
            yield from _selectors(inner, f"{path}[{number}]")


def _of_ingress(item: Item) -> Iterator[Reference]:
    annotations = mapping(dig(item.manifest, "metadata", "annotations"))
    if any(issuer in annotations for issuer in _ISSUERS):
        return  # cert-manager makes the Secret
    for entry in entries(item.spec.get("tls")):
        yield Reference(item, "tls", "Secret", str(entry.get("secretName") or ""), "tls.crt")
