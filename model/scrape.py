"""How a system is scraped, and which labels scraping adds to what the exporter exposes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from model.quantity import seconds
from model.source import Defined


class ScrapeKind(StrEnum):
    SERVICE_MONITOR = "ServiceMonitor"
    POD_MONITOR = "PodMonitor"
    STATIC = "ScrapeConfig"
    """Targets by address, outside the cluster or behind a Service of another team."""
    PART = "part"
    """The monitor comes with a part of the stack (a chart, an exporter); the definition says what it adds."""


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key of a Secret in the stack's namespace."""

    secret: str
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BasicAuth:
    username: SecretKey
    password: SecretKey


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token in the header Authorization."""

    token: SecretKey


@dataclass(frozen=True, kw_only=True, slots=True)
class ScrapeSecret:
    """A Secret that the stack makes for its scrapes: ``plain`` key -> text, ``secret`` key -> Pulumi config key."""

    name: str
    plain: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """How a target's certificate is checked, and the client's own; without ``ca`` the system's authorities count."""

    ca: SecretKey | None = None
    cert: SecretKey | None = None
    key: SecretKey | None = None
    server_name: str | None = None
    insecure_skip_verify: bool = False


# Target labels that the operator's generated relabelings set
# (prometheus-operator pkg/prometheus/promcfg.go, generateServiceMonitorConfig and generatePodMonitorConfig).
_OF_PODS = ("job", "instance", "namespace", "pod", "container", "endpoint")
_OF_SERVICES = (*_OF_PODS, "service")
_OF_ADDRESSES = ("job", "instance")
_OF_NODES = ("job", "instance", "namespace", "endpoint", "service", "node")


@dataclass(frozen=True, kw_only=True, slots=True)
class Relabeling:
    """One relabeling step, field names as in the operator's RelabelConfig; the actions whose labels can be told."""

    target_label: str | None = None
    source_labels: tuple[str, ...] = ()
    regex: str | None = None
    replacement: str | None = None
    action: Literal["replace", "keep", "drop"] = "replace"


# Two endpoints on one port have the same job and instance: without this their series `up` collide.
METRICS_PATH = Relabeling(source_labels=("__metrics_path__",), target_label="metrics_path")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One port of a target.

    ``contract`` and ``component`` name what it exposes; ``optins`` are the switches of that contract
    which this deployment turns on; the rest as in a ServiceMonitor endpoint. ``port`` is the name of a port, and
    empty for targets that are given by address. ``keep`` is a regular expression of the names that are stored, all
    where it is None; a plan sets it, no system does.
    """

    port: str = ""
    contract: str
    component: str | None = None
    path: str = "/metrics"
    interval: str = "30s"
    scheme: Literal["http", "https"] = "http"
    honor_labels: bool = False
    relabelings: tuple[Relabeling, ...] = ()
    optins: frozenset[str] = frozenset()
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    auth: BasicAuth | Bearer | None = None
    tls: Tls | None = None
    scrape_timeout: str | None = None
    keep: str | None = None

    def keeps(self, name: str) -> bool:
        """Whether a series of that name is stored."""
        return self.keep is None or re.fullmatch(self.keep, name) is not None

    def __post_init__(self) -> None:
        if not isinstance(self.port, str):
            raise ValueError(f"port must be the name of a port, not {self.port!r}")  # noqa: TRY004 - a wrong value
        seconds(self.interval)


@dataclass(frozen=True, kw_only=True)
class Scrape(Defined):
    """One monitor. ``selector`` are the labels of the Service (or Pod) in ``namespaces`` (empty: all).

    ``targets`` (host:port) are for kind STATIC, which has one endpoint. A scrape of more samples than
    ``sample_limit`` fails as a whole. ``stores_all`` is the reason why nothing of it is dropped where
    stacks are lean.

    ``job`` is the value that the label ``job`` gets. ``of_nodes``: the Service's endpoints are Nodes
    (kubelet), not Pods. ``may_be_absent`` is the reason why a sound system may have no target of it.
    """

    name: str
    kind: ScrapeKind
    endpoints: tuple[Endpoint, ...]
    selector: Mapping[str, str] = field(default_factory=dict)
    namespaces: tuple[str, ...] = ()
    job: str
    of_nodes: bool = False
    may_be_absent: str | None = None
    targets: tuple[str, ...] = ()
    sample_limit: int | None = None
    stores_all: str | None = None

    @property
    def is_scraped(self) -> bool:
        """False where a part writes its series to Prometheus itself: it has no port to scrape, and never a target."""
        return self.kind is not ScrapeKind.PART or any(endpoint.port for endpoint in self.endpoints)

    def __post_init__(self) -> None:
        if (self.kind is ScrapeKind.STATIC) != bool(self.targets):
            raise ValueError(f"{self.where}: {self.name}: targets are for kind STATIC, which has nothing else")
        if self.targets and len(self.endpoints) != 1:
            raise ValueError(f"{self.where}: {self.name}: kind STATIC has one endpoint")
        if self.kind in (ScrapeKind.SERVICE_MONITOR, ScrapeKind.POD_MONITOR) and not self.selector:
            raise ValueError(f"{self.where}: {self.name}: selector is missing; an empty one selects everything")
        ports = [endpoint.port for endpoint in self.endpoints]
        for endpoint in self.endpoints:
            if ports.count(endpoint.port) > 1 and METRICS_PATH not in endpoint.relabelings:
                raise ValueError(f"{self.where}: endpoints of {self.name} share a port and need METRICS_PATH")

    def target_labels(self, endpoint: Endpoint) -> tuple[str, ...]:
        """Labels that every series of the endpoint gets besides the exporter's own.

        ``cluster`` comes from the default scrape class of every Prometheus that we deploy.
        """
        added = tuple(r.target_label for r in endpoint.relabelings if r.target_label and r.action == "replace")
        return (*self._base_labels(), "cluster", *added)

    def _base_labels(self) -> tuple[str, ...]:
        if self.kind is ScrapeKind.STATIC:
            return _OF_ADDRESSES
        if self.of_nodes:
            return _OF_NODES
        return _OF_PODS if self.kind is ScrapeKind.POD_MONITOR else _OF_SERVICES
