"""Istio: whether istiod brings its configuration to the proxies, and what the proxies see of requests."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from model.config import Duration, Name
from model.dashboard import PanelKind
from model.rule import Severity
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import Domain, RetentionClass, Section, System
from systems.base import Context, SystemSettings, panels, silence
from systems.istio.alerts import Thresholds, alerts
from systems.istio.signals import gateway_signals, istiod_signals, request_signals

JOB, PROXIES = "istiod", "istio-proxies"


class Settings(SystemSettings):
    """``gateways``: a regular expression of the ingress gateways' workloads; ``gateway_selector``: their pods' labels.

    The label ``istio`` is the release's name without ``istio-`` (manifests/charts/gateway, _helpers.tpl).
    """

    namespace: Name = "istio-system"
    interval: Duration = "30s"
    gateways: str = "istio-ingress.*"
    gateway_selector: dict[str, str] = Field(default={"istio": "ingressgateway"}, min_length=1)
    thresholds: Thresholds = Thresholds()


def system(settings: Settings, context: Context) -> System:
    found = (*istiod_signals(), *request_signals(), *gateway_signals(settings.gateways))
    signals = {s.name: s for s in found}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="istiod",
        name="IstiodSilent",
        component="istio",
        severity=Severity.HIGH,
        hides="no alert on the mesh's configuration can fire, and new pods may get no proxy",
    )
    unseen, unseen_alert = silence(
        context,
        job=PROXIES,
        title="Istio proxies",
        name="IstioProxiesSilent",
        component="istio",
        severity=Severity.MEDIUM,
        hides="no alert on requests in the mesh can fire",
    )
    every = {**signals, silent.name: silent, unseen.name: unseen}
    return System(
        name="istio",
        title="Istio",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=_scrapes(settings),
        signals=tuple(every.values()),
        alerts=(*alerts(signals, settings.thresholds), silent_alert, unseen_alert),
        sections=(Section(domain=Domain.CAPACITY, title="Service mesh", panels=panels(every, *_PANELS)),),
    )


def _scrapes(settings: Settings) -> tuple[Scrape, ...]:
    return (
        # Service: istio/istio manifests/charts/istio-control/istio-discovery/templates/service.yaml.
        Scrape(
            name="istiod",
            kind=ScrapeKind.SERVICE_MONITOR,
            job=JOB,
            selector={"app": "istiod", "istio": "pilot"},
            namespaces=(settings.namespace,),
            endpoints=(
                Endpoint(port="http-monitoring", contract="istio", component="istiod", interval=settings.interval),
            ),
        ),
        # The label that injection gives sidecars, and the port of both: files/*injection-template.yaml there.
        _proxies("istio-sidecars", {"security.istio.io/tlsMode": "istio"}, settings.interval),
        _proxies("istio-gateways", settings.gateway_selector, settings.interval),
    )


def _proxies(name: str, selector: Mapping[str, str], interval: str) -> Scrape:
    endpoint = Endpoint(
        port="http-envoy-prom", path="/stats/prometheus", contract="istio", component="proxy", interval=interval
    )
    return Scrape(name=name, kind=ScrapeKind.POD_MONITOR, job=PROXIES, selector=selector, endpoints=(endpoint,))


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.TIMESERIES, "gateway_requests"),
    (PanelKind.TIMESERIES, "gateway_bytes"),
    (PanelKind.TIMESERIES, "requests"),
    (PanelKind.TIMESERIES, "error_ratio"),
    (PanelKind.TIMESERIES, "latency"),
    (PanelKind.TIMESERIES, "connections"),
    (PanelKind.TIMESERIES, "convergence"),
    (PanelKind.TIMESERIES, "rejects"),
    (PanelKind.TIMESERIES, "push_errors"),
    (PanelKind.STAT, "root_expires_in"),
    (PanelKind.STAT, "istiod_silent"),
    (PanelKind.STAT, "istio_proxies_silent"),
)
