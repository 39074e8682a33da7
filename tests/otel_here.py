"""The collector's configurations on one machine: the very same, but for where they listen, send and keep.

``MY_POD_IP`` of the process is what all its servers listen on, as in the cluster; ports and addresses are changed here.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from obs.errors import ObsError

Config = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one collector runs.

    ``ports``: port in the pod -> port on this machine, for every port that it listens on. ``addresses``: host:port of a
    Service -> host:port here, for everything that it sends to but the samplers, which are ``samplers``. ``storage`` is
    the folder of its queue. ``kubernetes`` says whether the process has KUBECONFIG; without it pods are not named.
    """

    ports: Mapping[int, int]
    addresses: Mapping[str, str] = field(default_factory=dict)
    samplers: Sequence[str] = ()
    storage: Path | None = None
    kubernetes: bool = False


def localised(config: Mapping[str, Any], place: Place) -> Config:
    """A configuration as rendered, for a process on this machine. Raises ObsError for what ``place`` does not say."""
    found: Config = copy.deepcopy(dict(config))
    for holder, key in _listens(found):
        host, _, port = str(holder[key]).rpartition(":")
        holder[key] = f"{host}:{_of(place.ports, int(port))}" if host else _of(place.ports, int(port))
    for name, exporter in found["exporters"].items():
        if name.startswith("load_balancing"):
            exporter["resolver"] = {"static": {"hostnames": list(place.samplers)}}
        elif "endpoint" in exporter and not name.startswith("prometheus"):
            exporter["endpoint"] = _sent_to(exporter["endpoint"], place.addresses)
    if storage := found["extensions"].get("file_storage"):
        storage["directory"] = storage["compaction"]["directory"] = str(place.storage)
    _pods(found, place.kubernetes)
    return found


def _listens(config: Config) -> Iterator[tuple[Config, str]]:
    """Everything with a port that a server opens, as (mapping, key)."""
    for protocol in config["receivers"]["otlp"]["protocols"].values():
        yield protocol, "endpoint"
    yield config["extensions"]["health_check"], "endpoint"
    if exporter := config["exporters"].get("prometheus"):
        yield exporter, "endpoint"
    for reader in config["service"]["telemetry"]["metrics"]["readers"]:
        yield reader["pull"]["exporter"]["prometheus"], "port"


def _of(ports: Mapping[int, int], port: int) -> int:
    if port not in ports:
        raise ObsError(f"otelcol listens on {port} too; there is no port of this machine for it")
    return ports[port]


def _sent_to(endpoint: str, addresses: Mapping[str, str]) -> str:
    scheme, separator, rest = endpoint.rpartition("://")
    address, slash, path = rest.partition("/")
    if address not in addresses:
        raise ObsError(f"otelcol sends to {address}; nothing on this machine stands for it")
    return f"{scheme}{separator}{addresses[address]}{slash}{path}"


def _pods(config: Config, kubernetes: bool) -> None:
    if "k8s_attributes" not in config["processors"]:
        return
    if kubernetes:
        config["processors"]["k8s_attributes"]["auth_type"] = "kubeConfig"
        return
    del config["processors"]["k8s_attributes"]
    for pipeline in config["service"]["pipelines"].values():
        pipeline["processors"].remove("k8s_attributes")
