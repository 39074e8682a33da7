"""Probe, API monitoring.coreos.com/v1: targets that a prober (the blackbox exporter) looks at for Prometheus."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from components.specs.base import Duration, Flag, Items, Leaf, Name, OutputText, Spec, Text, check_timeout
from components.specs.http import Proxy, TlsConfig, TokenCredentials
from components.specs.scraping import LabelSelector, Limits, NamespaceSelector, Relabeling, Scheme

ProberAddress = Annotated[
    OutputText,
    Leaf(
        pattern=r"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$",
        min_length=1,
        form="host or host:port without a scheme (the scheme has its own field)",
    ),
]


class Prober(Proxy):
    """Where the prober listens. ``url`` is host or host:port; the operator refuses one with a scheme."""

    url: ProberAddress
    scheme: Scheme | None = None
    path: Text | None = None


class StaticTargets(Spec):
    static: Annotated[tuple[Name, ...], Items(at_least=1)]
    labels: dict[str, Text] | None = None
    relabeling_configs: tuple[Relabeling, ...] | None = None


class IngressTargets(Spec):
    selector: LabelSelector | None = None
    namespace_selector: NamespaceSelector | None = None
    relabeling_configs: tuple[Relabeling, ...] | None = None


class Targets(Spec):
    """Exactly one: the operator ignores ``ingress`` where there is ``static_config``."""

    static_config: StaticTargets | None = None
    ingress: IngressTargets | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.static_config is None) == (self.ingress is None):
            raise ValueError("exactly one of staticConfig and ingress must be given")
        return self


class ProbeParam(Spec):
    """A URL parameter of the prober, such as ``module`` has its own field for."""

    name: Name
    values: Annotated[tuple[Name, ...], Items(at_least=1)] | None = None


class ProbeSpec(Limits, TokenCredentials):
    """``module`` is the prober's module, e.g. http_2xx. A probe without prober or targets would do nothing."""

    prober: Prober
    targets: Targets
    job_name: Text | None = None
    module: Text | None = None
    interval: Duration | None = None
    scrape_timeout: Duration | None = None
    params: Annotated[tuple[ProbeParam, ...], Items(at_least=1, distinct="name")] | None = None
    metric_relabelings: tuple[Relabeling, ...] | None = None
    enable_http2: Flag | None = None
    follow_redirects: Flag | None = None
    tls_config: TlsConfig | None = None

    @model_validator(mode="after")
    def _timeout_fits(self) -> Self:
        check_timeout(self.interval, self.scrape_timeout)
        return self
