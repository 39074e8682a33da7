"""Every text of a stack in which one part may name another."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import yaml

from obs.check.grafana_json import DASHBOARD_LABEL
from obs.check.rendered import Item, Rendered, dig, entries, mapping
from obs.check.wiring.address import Address, addresses, is_link
from obs.check.wiring.pods import WORKLOADS
from obs.documents import MASK, load

# What holds no addresses, or is looked at elsewhere. The rest of custom resources and Ingresses is.
_WITHOUT = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "HorizontalPodAutoscaler",
        "Namespace",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "PrometheusRule",
        "Role",
        "RoleBinding",
        "Service",
        "ServiceAccount",
        "StorageClass",
    }
)
_DATA = {"ConfigMap", "Secret"}
# The collector's chart calls its file `relay`.
_PARSED = ("", ".yaml", ".yml", ".json")
# Kind -> the paths of its spec that name a Service by name, namespace and port.
_SERVICE_FIELDS = {
    "Prometheus": re.compile(r"alerting\.alertmanagers\[\d+\]"),
    "HTTPRoute": (_ROUTE := re.compile(r"rules\[\d+\]\.backendRefs\[\d+\]")),
    "GRPCRoute": _ROUTE,
}
_HOST_KEYS = ("hostname", "host", "service")


@dataclass(frozen=True)
class Mention:
    """One address, and the object that has it; ``place`` says where in it."""

    item: Item
    place: str
    address: Address


def mentions(rendered: Rendered) -> list[Mention]:
    """Every address in the stack, once for each object and place."""
    found = (mention for item in rendered.without(_WITHOUT) for mention in _of_item(item, rendered))
    return list(dict.fromkeys(found))


def _of_item(item: Item, rendered: Rendered) -> Iterator[Mention]:
    own = rendered.namespaces
    texts = _texts_of(item)
    for place, text, whole in texts:
        for address in addresses(text, item.namespace, own, whole=whole):
            yield Mention(item, place, replace(address, link=address.link or is_link(place)))
    for place, address in _fields(item):
        yield Mention(item, place, address)


def _texts_of(item: Item) -> Iterator[tuple[str, str, bool]]:
    """(place, text, whether the text is one value)"""
    if item.kind in _DATA:
        if DASHBOARD_LABEL not in item.labels:
            for key, text in data(item).items():
                yield from ((key, value, whole) for value, whole in _values(key, text))
    else:
        path = WORKLOADS.get(item.kind, ())
        for place, text in _strings(dig(item.manifest, *path, "spec"), ""):
            yield place, text, True


def data(item: Item) -> dict[str, str]:
    """The texts of a ConfigMap or Secret by key; what is secret or no text is left out."""
    plain = {**mapping(item.manifest.get("stringData")), **_decoded(item)}
    return {str(key): text for key, text in plain.items() if isinstance(text, str) and text != MASK}


def _decoded(item: Item) -> dict[str, Any]:
    found = dict(mapping(item.manifest.get("data")))
    if item.kind != "Secret":
        return found
    for key, value in found.items():
        try:
            found[key] = base64.b64decode(str(value), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            found[key] = MASK
    return found


def _values(key: str, text: str) -> Iterator[tuple[str, bool]]:
    """A YAML or JSON file value by value, so that comments and what is switched off say nothing; others whole."""
    parsed = None
    if PurePosixPath(key).suffix in _PARSED:
        with contextlib.suppress(yaml.YAMLError):
            parsed = load(text)
    if isinstance(parsed, Mapping | list):
        yield from ((value, True) for _, value in _strings(parsed, "", in_file=True))
    else:
        yield text, "\n" not in text.strip()


def _strings(value: Any, path: str, *, in_file: bool = False) -> Iterator[tuple[str, str]]:
    """(path, text) of every text but images; nothing below what says ``enabled: false``."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        if value.get("enabled") is False:
            return
        if in_file:
            yield from ((path, text) for text in _host_and_port(value))
        for key, inner in value.items():
            if key != "image":
                yield from _strings(inner, f"{path}.{key}".lstrip("."), in_file=in_file)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _strings(inner, f"{path}[{number}]", in_file=in_file)


def _host_and_port(value: Mapping[str, Any]) -> Iterator[str]:
    """Host and port as two fields (the collector's resolvers: hostname and port, service and ports)."""
    several = value.get("ports")
    ports = [*(several if isinstance(several, list) else ()), value.get("port")]
    for key in _HOST_KEYS:
        host = value.get(key)
        if isinstance(host, str) and host and ":" not in host:
            yield from (f"{host}:{port}" for port in ports if str(port).isdigit())


def _fields(item: Item) -> Iterator[tuple[str, Address]]:
    """Services that fields name: back ends of Ingresses and routes, Alertmanagers of a Prometheus."""
    for path, block in _blocks(item.manifest.get("spec"), ""):
        if item.kind == "Ingress" and "service" in block:
            service = mapping(block["service"])
            port = mapping(service.get("port"))
            yield path, _field(service, item.namespace, port.get("number") or port.get("name"))
        elif (pattern := _SERVICE_FIELDS.get(item.kind)) is not None and pattern.fullmatch(path):
            yield path, _field(block, item.namespace, block.get("port"))


def _field(block: Mapping[str, Any], home: str, port: Any) -> Address:
    service, namespace = str(block.get("name")), str(block.get("namespace") or home)
    shown = f"{service}.{namespace}:{port}" if port is not None else f"{service}.{namespace}"
    return Address(shown, service, namespace, port)


def _blocks(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        if path:
            yield path, value
        for key, inner in value.items():
            yield from _blocks(inner, f"{path}.{key}".lstrip("."))
    else:
        for number, inner in enumerate(entries(value)):
            yield from _blocks(inner, f"{path}[{number}]")
