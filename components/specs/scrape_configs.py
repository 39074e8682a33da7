"""ScrapeConfig, API monitoring.coreos.com/v1alpha1: targets that are no Service and no Pod.

Discovery through clouds and their like is left out: this platform finds its targets in the cluster,
in files, by DNS, over HTTP or by name.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.specs.base import Duration, Flag, Items, Leaf, Name, OutputText, Size, Spec, Text, check_timeout
from components.specs.http import Credentials, Proxy, TlsConfig
from components.specs.scraping import AttachMetadata, Limits, Params, Relabeling, Scheme

Role = Literal["Pod", "Endpoints", "Ingress", "Service", "Node", "EndpointSlice"]
TargetFile = Annotated[
    OutputText,
    Leaf(
        pattern=r"^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$",
        form="a path that ends in .json, .yml or .yaml, with * in the last segment only",
    ),
]
DiscoveryUrl = Annotated[OutputText, Leaf(pattern=r"^https?://.+$", form="an http:// or https:// address")]


class StaticConfig(Spec):
    """Targets by name (host:port) and the labels that their series get."""

    targets: Annotated[tuple[Name, ...], Items(at_least=1, distinct=True)]
    labels: dict[str, Text] | None = None


class FileDiscovery(Spec):
    """Targets in files of Prometheus' container."""

    files: Annotated[tuple[TargetFile, ...], Items(at_least=1, distinct=True)]
    refresh_interval: Duration | None = None


class DnsDiscovery(Spec):
    """Targets in DNS records. All but SRV records need a port."""

    names: Annotated[tuple[Name, ...], Items(at_least=1)]
    type: Literal["A", "AAAA", "MX", "NS", "SRV"] | None = None
    port: Annotated[int, Field(strict=True, ge=0, le=65535)] | None = None
    refresh_interval: Duration | None = None

    @model_validator(mode="after")
    def _port_given(self) -> Self:
        if self.type not in {None, "SRV"} and self.port is None:
            raise ValueError(f"type {self.type} needs port")
        return self


class _Client(Credentials, Proxy):
    tls_config: TlsConfig | None = None
    follow_redirects: Flag | None = None
    enable_http2: Flag | None = Field(default=None, alias="enableHTTP2")


class HttpDiscovery(_Client):
    """Targets that a web server lists."""

    url: DiscoveryUrl
    refresh_interval: Duration | None = None


class Namespaces(Spec):
    own_namespace: Flag | None = None
    names: Annotated[tuple[Text, ...], Items(distinct=True)] | None = None


class RoleSelector(Spec):
    """Narrows what the API server is asked for; ``label`` and ``field`` as kubectl takes them."""

    role: Role
    label: Name | None = None
    field: Name | None = None


class KubernetesDiscovery(_Client):
    """Objects of a cluster. Without ``api_server`` it is the cluster that Prometheus runs in."""

    role: Role
    api_server: Name | None = None
    namespaces: Namespaces | None = None
    selectors: Annotated[tuple[RoleSelector, ...], Items(distinct="role")] | None = None
    attach_metadata: AttachMetadata | None = None

    @model_validator(mode="after")
    def _own_namespace_is_local(self) -> Self:
        if self.api_server and self.namespaces and self.namespaces.own_namespace:
            raise ValueError("apiServer excludes namespaces.ownNamespace")
        return self


class ScrapeConfigSpec(Limits, Credentials, Proxy):
    """``scrape_interval`` and ``metrics_path`` are the defaults of Prometheus where they are not given."""

    job_name: Name | None = None
    static_configs: tuple[StaticConfig, ...] | None = None
    file_sd_configs: tuple[FileDiscovery, ...] | None = Field(default=None, alias="fileSDConfigs")
    dns_sd_configs: tuple[DnsDiscovery, ...] | None = Field(default=None, alias="dnsSDConfigs")
    http_sd_configs: tuple[HttpDiscovery, ...] | None = Field(default=None, alias="httpSDConfigs")
    kubernetes_sd_configs: tuple[KubernetesDiscovery, ...] | None = Field(default=None, alias="kubernetesSDConfigs")
    metrics_path: Name | None = None
    scheme: Scheme | None = None
    params: Params | None = None
    scrape_interval: Duration | None = None
    scrape_timeout: Duration | None = None
    honor_labels: Flag | None = None
    honor_timestamps: Flag | None = None
    track_timestamps_staleness: Flag | None = None
    enable_compression: Flag | None = None
    enable_http2: Flag | None = Field(default=None, alias="enableHTTP2")
    tls_config: TlsConfig | None = None
    body_size_limit: Size | None = None
    relabelings: Annotated[tuple[Relabeling, ...], Items(at_least=1)] | None = None
    metric_relabelings: Annotated[tuple[Relabeling, ...], Items(at_least=1)] | None = None
    name_validation_scheme: Literal["UTF8", "Legacy"] | None = None
    name_escaping_scheme: Literal["AllowUTF8", "Underscores", "Dots", "Values"] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        check_timeout(self.scrape_interval, self.scrape_timeout)
        if not any(value for name, value in self if name.endswith(("static_configs", "sd_configs"))):
            raise ValueError("no target: at least one of staticConfigs and the …SDConfigs must be given")
        return self
