"""ServiceMonitor and PodMonitor, API monitoring.coreos.com/v1."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from components.specs.base import Duration, Flag, Items, NameOrPort, Port, Size, Text, check_timeout
from components.specs.http import Proxy, TlsConfig, TlsConfigWithFiles, TokenCredentials
from components.specs.scraping import (
    AttachMetadata,
    LabelSelector,
    Limits,
    NamespaceSelector,
    Params,
    Relabeling,
    Scheme,
)


class _Endpoint(TokenCredentials, Proxy):
    """What an endpoint of either monitor takes. ``port`` is the name of a port, ``target_port`` a name or number."""

    port: Text | None = None
    target_port: NameOrPort | None = None
    path: Text | None = None
    scheme: Scheme | None = None
    params: Params | None = None
    interval: Duration | None = None
    scrape_timeout: Duration | None = None
    honor_labels: Flag | None = None
    honor_timestamps: Flag | None = None
    track_timestamps_staleness: Flag | None = None
    enable_http2: Flag | None = None
    follow_redirects: Flag | None = None
    filter_running: Flag | None = None
    relabelings: tuple[Relabeling, ...] | None = None
    metric_relabelings: tuple[Relabeling, ...] | None = None

    @model_validator(mode="after")
    def _timeout_fits(self) -> Self:
        check_timeout(self.interval, self.scrape_timeout)
        return self


class Endpoint(_Endpoint):
    """An endpoint of a ServiceMonitor: ``port`` is the Service port's name."""

    tls_config: TlsConfigWithFiles | None = None
    bearer_token_file: Text | None = None


class PodEndpoint(_Endpoint):
    """An endpoint of a PodMonitor: ``port`` is the container port's name, ``port_number`` its number."""

    port_number: Port | None = None
    tls_config: TlsConfig | None = None


class _Monitor(Limits):
    selector: LabelSelector
    namespace_selector: NamespaceSelector | None = None
    selector_mechanism: Literal["RelabelConfig", "RoleSelector"] | None = None
    job_label: Text | None = None
    pod_target_labels: tuple[Text, ...] | None = None
    attach_metadata: AttachMetadata | None = None
    body_size_limit: Size | None = None


class ServiceMonitorSpec(_Monitor):
    """``job_label`` names the Service label whose value becomes ``job``; without it, the Service's name does."""

    endpoints: Annotated[tuple[Endpoint, ...], Items(at_least=1)]
    target_labels: tuple[Text, ...] | None = None
    service_discovery_role: Literal["Endpoints", "EndpointSlice"] | None = None


class PodMonitorSpec(_Monitor):
    """``job`` is namespace/name of the monitor unless ``job_label`` names a Pod label."""

    pod_metrics_endpoints: Annotated[tuple[PodEndpoint, ...], Items(at_least=1)]
