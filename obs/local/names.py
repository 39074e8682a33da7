"""What DNS would say in the cluster, in addresses of this machine: Services and the pods behind them.

Follows Services and EndpointSlices of the API server. A pod that does not run here is at an address where nobody
listens: who asks for it is refused, as by a server that is down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Manifest = Mapping[str, Any]
Key = tuple[str, str]
"""(namespace, name)."""

# thanos-query.monitoring.svc:10902, dnssrv+_grpc._tcp.NAME.NAMESPACE.svc.cluster.local, POD.NAME.NAMESPACE.svc:PORT
_NAME = re.compile(
    r"(?<![\w.-])(?P<all>dns(?:srv|srvnoa)?\+)?(?P<scheme>https?://)?(?:_(?P<port_name>[\w-]+)\._(?:tcp|udp)\.)?"
    r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)\.svc(?:\.cluster\.local)?\.?(?![\w-]|\.\w)(?::(?P<port>\d+))?"
)
_DEFAULT_PORTS = {"http://": 80, "https://": 443}


@dataclass(frozen=True)
class Endpoint:
    """A pod behind a Service: ``ports`` by the names of the Service's."""

    ip: str
    hostname: str
    ports: Mapping[str, int]


@dataclass(frozen=True)
class Service:
    """``ports``: number -> name."""

    ports: Mapping[int, str]
    headless: bool
    endpoints: tuple[Endpoint, ...] = ()


def services(found: Iterable[Manifest], slices: Iterable[Manifest]) -> dict[Key, Service]:
    """Every Service with the ready endpoints of its slices, from the items of the API's lists."""
    endpoints: dict[Key, list[Endpoint]] = {}
    for one in slices:
        metadata = one["metadata"]
        key = metadata["namespace"], (metadata.get("labels") or {}).get("kubernetes.io/service-name", "")
        ports = {str(port.get("name") or ""): int(port["port"]) for port in one.get("ports") or () if port.get("port")}
        endpoints.setdefault(key, []).extend(
            Endpoint(endpoint["addresses"][0], endpoint.get("hostname") or "", ports)
            for endpoint in one.get("endpoints") or ()
            if (endpoint.get("conditions") or {}).get("ready") is not False
        )
    return {
        (key := (service["metadata"]["namespace"], service["metadata"]["name"])): Service(
            ports={int(port["port"]): str(port.get("name") or "") for port in service["spec"].get("ports") or ()},
            headless=service["spec"].get("clusterIP") == "None",
            endpoints=tuple(sorted(endpoints.get(key, ()), key=lambda e: (e.hostname, e.ip))),
        )
        for service in found
    }


@dataclass(frozen=True)
class Names:
    """``forwards``: pod IP and port -> where that really listens. ``simulated``: IPs of pods that do not run here."""

    services: Mapping[Key, Service] = field(default_factory=dict)
    forwards: Mapping[str, str] = field(default_factory=dict)
    simulated: frozenset[str] = frozenset()

    def behind(self, host: str, port: int | str) -> Iterator[tuple[str, int]]:
        """(IP, port) of every pod behind NAME.NAMESPACE or POD.NAME.NAMESPACE; ``port`` is a number or its name."""
        *pod, name, namespace = host.split(".")
        service = self.services.get((namespace, name), Service({}, headless=True))
        for endpoint in service.endpoints:
            if pod and endpoint.hostname != pod[-1]:
                continue
            if isinstance(port, int) and (service.headless or pod):
                yield endpoint.ip, port
                continue
            found = endpoint.ports.get(service.ports.get(port, "") if isinstance(port, int) else port)
            if found is not None:
                yield endpoint.ip, found


class Lookup:
    """Answers for one container. ``unknown`` collects the names that had no answer yet, ``needed`` the addresses of
    those that it asks by themselves and not as one of several.

    ``nobody`` gives an address at which nobody listens, always the same one for the same name.
    """

    def __init__(self, names: Names, nobody: Callable[[str], str]) -> None:
        self._names, self._nobody = names, nobody
        self.unknown: set[str] = set()
        self.needed: set[str] = set()
        self.was_asked = False

    def text(self, value: str) -> str:
        """The text with an address for every Service's port in it; of several pods the first.

        A name without a port stays as it is.
        """

        def one(match: re.Match[str]) -> str:
            asked = _Asked.of(match)
            if asked is None:
                return match[0]
            found = self._addresses(asked)
            self.needed.update(found[:1])
            return asked.scheme + (found[0] if found else self._none(asked))

        return _NAME.sub(one, value)

    def every(self, value: str) -> list[str] | None:
        """An address for each pod where the whole value asks for all of them (``dns+``): maybe none. Else None."""
        match = _NAME.fullmatch(value)
        asked = _Asked.of(match) if match and match["all"] else None
        return None if asked is None else [asked.scheme + found for found in self._addresses(asked)]

    def _none(self, asked: _Asked) -> str:
        return self._nobody(asked.name)

    def _addresses(self, asked: _Asked) -> list[str]:
        self.was_asked = True
        found: dict[str, None] = {}
        behind = list(self._names.behind(asked.host, asked.port))
        for ip, port in behind:
            here = self._names.forwards.get(f"{ip}:{port}")
            if here is not None:
                found[here] = None
            elif ip not in self._names.simulated:
                self.unknown.add(asked.name)  # a pod that has just come
        if not behind:
            self.unknown.add(asked.name)
        return list(found)


@dataclass(frozen=True)
class _Asked:
    host: str
    port: int | str
    scheme: str

    @property
    def name(self) -> str:
        return f"{self.host}.svc:{self.port}"

    @staticmethod
    def of(match: re.Match[str]) -> _Asked | None:
        scheme = match["scheme"] or ""
        port = match["port_name"] or match["port"] or _DEFAULT_PORTS.get(scheme)
        if port is None:
            return None
        return _Asked(match["host"], int(port) if str(port).isdigit() else port, scheme)
