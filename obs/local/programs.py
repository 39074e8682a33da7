"""The images that run here: which program each is, and what it must be told beside other addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from obs.local.ports import LOOPBACK

Config = dict[str, Any]


class Place(Protocol):
    """Where a container is: its pod's ports on this machine."""

    def address(self, port: int) -> str: ...

    @property
    def main_port(self) -> int:
        """Where the pod's first program answers, in the pod."""
        ...


class Flags:
    """Arguments of the form --name=value, or -name=value."""

    def __init__(self, args: list[str]) -> None:
        self.args = args

    def default(self, listens: Mapping[str, int]) -> None:
        """Flags that say where to listen, for those that are not there."""
        for name, port in listens.items():
            if not any(split(a)[0] == name for a in self.args):
                self.set(name, f":{port}")

    def set(self, name: str, value: str) -> None:
        self.drop(name)
        self.args.append(f"--{name}={value}")

    def drop(self, name: str) -> None:
        self.args = [a for a in self.args if split(a)[0] != name]


def split(arg: str) -> tuple[str, str | None]:
    """(name, value) of a flag; a name is empty for what is none."""
    match = re.fullmatch(r"--?([^=]+)(?:=(.*))?", arg, re.DOTALL)
    return (match[1], match[2]) if match else ("", None)


def _as_it_is(_flags: Flags, _place: Place) -> None:
    pass


def _same(config: Config, _place: Place) -> Config:
    return config


def _none(_flag: str, _config: Any) -> Iterator[str]:
    yield from ()


@dataclass(frozen=True, kw_only=True)
class Program:
    """How a container image runs here. ``port`` is where it answers in its pod; ``listens``: flag -> port of what it
    listens on without being told, which would be every interface.

    Addresses, names and paths in flags and in files that ``configs`` name (flags, as an expression) are turned for
    every program; ``flags`` and ``config`` do what only this one needs, before that. ``outward`` tells what of a
    configuration (the flag, the content) leads out of this machine without an address. ``optional`` are flags that
    are left out while nobody is behind the name in them; ``asks_seldom`` are flags whose server must say that it is
    ready before this one starts, because it would look again much later. One that ``watches`` its files is not started
    again for them. ``by_title``: several of the tool run, and each is called as its pod.
    """

    tool: str
    port: int
    listens: Mapping[str, int] = field(default_factory=dict)
    flags: Callable[[Flags, Place], None] = _as_it_is
    configs: str = ""
    config: Callable[[Config, Place], Config] = _same
    outward: Callable[[str, Any], Iterator[str]] = _none
    optional: frozenset[str] = frozenset()
    asks_seldom: frozenset[str] = frozenset()
    watches: bool = False
    by_title: bool = False


# --- Prometheus and its operator


def _alertmanager(flags: Flags, _place: Place) -> None:
    flags.set("cluster.listen-address", "")
    flags.drop("cluster.peer")


def _reloader(flags: Flags, place: Place) -> None:
    main = f"http://localhost:{place.main_port}"
    flags.set("reload-url", f"{main}/-/reload")
    flags.set("runtimeinfo-url", f"{main}/api/v1/status/runtimeinfo")


# --- Thanos

_HTTP, _GRPC = {"http-address": 10902}, {"grpc-address": 10901}
_LISTENS = {
    "sidecar": _HTTP | _GRPC,
    "query": _HTTP | _GRPC,
    "query-frontend": _HTTP,
    "store": _HTTP | _GRPC,
    "compact": _HTTP,
    "rule": _HTTP | _GRPC,
    "receive": _HTTP | _GRPC | {"remote-write.address": 19291, "receive.capnproto-address": 19391},
}


def _thanos(flags: Flags, _place: Place) -> None:
    """Each subcommand listens on something else."""
    flags.default(_LISTENS[next(arg for arg in flags.args if not arg.startswith("-"))])


def _thanos_outward(flag: str, config: Any) -> Iterator[str]:
    """A store of a cloud knows its own address."""
    if flag.startswith("objstore.") and config.get("type") != "FILESYSTEM":
        yield f"--{flag} is of type {config.get('type')}"


# --- the collector


def _otelcol(config: Config, place: Place) -> Config:
    telemetry = ((config.get("service") or {}).get("telemetry") or {}).get("metrics") or {}
    for reader in telemetry.get("readers") or ():
        prometheus = ((reader.get("pull") or {}).get("exporter") or {}).get("prometheus")
        if prometheus:
            host, _, port = place.address(int(prometheus["port"])).partition(":")
            prometheus |= {"host": host, "port": int(port)}
    for name, exporter in (config.get("exporters") or {}).items():
        if _kind(name) == "loadbalancing":
            exporter["resolver"] = {"static": {"hostnames": _backends(exporter["resolver"])}}
    for name, processor in (config.get("processors") or {}).items():
        if _kind(name) == "k8sattributes":
            # $KUBECONFIG instead of the token that a kubelet would mount.
            config["processors"][name] = {**(processor or {}), "auth_type": "kubeConfig"}
    return config


def _kind(component: str) -> str:
    """load_balancing/traces -> loadbalancing: the collector knows both spellings."""
    return component.partition("/")[0].replace("_", "")


def _otelcol_outward(_flag: str, config: Any) -> Iterator[str]:
    for name, processor in (config.get("processors") or {}).items():
        kind, given = _kind(name), processor or {}
        if kind == "k8sattributes" and given.get("auth_type") != "kubeConfig":
            yield f"processor {name} asks another API server than the local one"
        elif kind == "resourcedetection" and (asked := sorted({*given.get("detectors", ())} - {"env", "system"})):
            yield f"processor {name} asks for {', '.join(asked)}"


def _backends(resolver: Config) -> list[str]:
    """The instances behind a resolver that would ask DNS or the API for their addresses, as names to be looked up."""
    if "dns" in resolver:
        return [f"dns+{resolver['dns']['hostname']}:{resolver['dns'].get('port', 4317)}"]
    if "k8s" in resolver:
        ports = resolver["k8s"].get("ports") or [4317]
        return [f"dns+{resolver['k8s']['service']}.svc:{port}" for port in ports]
    return list((resolver.get("static") or {}).get("hostnames") or ())


# --- Loki


def _loki_flags(flags: Flags, _place: Place) -> None:
    for name in ("memberlist.advertise-addr", "memberlist.join", "memberlist.bind-addr"):
        flags.drop(name)


def _loki(config: Config, place: Place) -> Config:
    """One process: a ring of its own in memory, nothing told to its vendor, and no wait for others to join."""
    server = config.setdefault("server", {})
    for kind, port in (("http", 3100), ("grpc", 9095)):
        address = place.address(int(server.get(f"{kind}_listen_port", port)))
        server |= {f"{kind}_listen_address": LOOPBACK, f"{kind}_listen_port": int(address.rpartition(":")[2])}
    config.pop("memberlist", None)
    common = config.setdefault("common", {})
    common |= {"instance_addr": LOOPBACK, "ring": {"kvstore": {"store": "inmemory"}, "instance_addr": LOOPBACK}}
    config.setdefault("ingester", {}).setdefault("lifecycler", {})["min_ready_duration"] = "0s"
    config["analytics"] = {"reporting_enabled": False}
    return config


def _loki_outward(_flag: str, config: Any) -> Iterator[str]:
    if (config.get("analytics") or {}).get("reporting_enabled") is not False:
        yield "analytics tell Loki's vendor"
    stores = {*((config.get("common") or {}).get("storage") or {})} - {"filesystem", "hedging", "congestion_control"}
    stores |= {s["object_store"] for s in (config.get("schema_config") or {}).get("configs") or ()} - {"filesystem"}
    if stores:
        yield f"its store is {', '.join(sorted(stores))}"


RELOADER = "prometheus-config-reloader"
_WEB = "web.listen-address"
_OTELCOL = Program(
    tool="otelcol", port=13133, configs="config", config=_otelcol, outward=_otelcol_outward, by_title=True
)
PROGRAMS: Mapping[str, Program] = {
    "prometheus": Program(tool="prometheus", port=9090, listens={_WEB: 9090}, watches=True),
    "alertmanager": Program(tool="alertmanager", port=9093, listens={_WEB: 9093}, flags=_alertmanager, watches=True),
    "prometheus-operator": Program(tool="prometheus-operator", port=8080, listens={_WEB: 8080}),
    RELOADER: Program(tool=RELOADER, port=8080, listens={"listen-address": 8080}, flags=_reloader, watches=True),
    "thanos": Program(
        tool="thanos",
        port=10902,
        flags=_thanos,
        # Contents and files; --http.config is about TLS, --reloader.config-file is Prometheus' own.
        configs=r"(?!http\.|reloader\.).*config(-file)?|prometheus\.http-client(-file)?|receive\.hashrings(-file)?",
        outward=_thanos_outward,
        optional=frozenset({"endpoint", "endpoint-group"}),
        # The frontend is not ready before it has found its querier so, and looks every 10 s.
        asks_seldom=frozenset({"query-frontend.downstream-url"}),
        by_title=True,
    ),
    "opentelemetry-collector-contrib": _OTELCOL,
    "opentelemetry-collector-k8s": _OTELCOL,
    "loki": Program(
        tool="loki", port=3100, flags=_loki_flags, configs=r"config\.file", config=_loki, outward=_loki_outward
    ),
    "statsd-exporter": Program(
        tool="statsd_exporter",
        port=9102,
        listens={_WEB: 9102, "statsd.listen-udp": 9125, "statsd.listen-tcp": 9125},
    ),
}
"""Last part of an image's name -> how it runs here."""
