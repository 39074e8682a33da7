"""Which part calls which, at which port: the one table that network policies and docs/security.md are made of.

Ports are those of the pods, not of the Services before them. Only who may call is restricted, not whom a part may call:
Prometheus scrapes what the monitors of every team name, and object storage, mail and chat are outside the cluster
under addresses that a policy cannot know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from components.datasources import asks_prometheus
from components.kube_prometheus_values import agents_namespace
from components.services import ALLOY, KUBE_PROMETHEUS, LOKI, TEMPO, Service, Services
from settings import Settings

Protocol = Literal["TCP", "UDP"]
# Ports of pods that no Service of components/services.py has, or that a Service shows under another number.
_RELOADER = 8080
_OPERATOR, _STATE_METRICS = 8080, 8080
_GRAFANA, _LOKI_GATEWAY = 3000, 8080
_MESH = 9094
_LOKI = 3100
_GOSSIP, _GRPC = 7946, 9095
_CACHE, _CACHE_METRICS = 11211, 9150
_TEMPO = 3200
_ALLOY = 12345
_NAME, _INSTANCE = "app.kubernetes.io/name", "app.kubernetes.io/instance"


@dataclass(frozen=True)
class Pods:
    """The pods of ``namespace`` with these labels. ``name`` is for readers, and for the policy about them.

    ``ports`` are those of the Service before them that its containers have too, by name.
    """

    name: str
    namespace: str
    labels: Mapping[str, str]
    ports: Mapping[str, int] = field(default_factory=dict)

    def at(self, *names: str) -> tuple[int, ...]:
        return tuple(self.ports[name] for name in names)


@dataclass(frozen=True)
class Anyone:
    """Every pod of the cluster, or of ``namespace`` where one is given."""

    name: str
    namespace: str | None = None


@dataclass(frozen=True)
class Flow:
    """``sources`` may call ``target`` at ``ports``; ``why`` in a few words."""

    target: Pods
    sources: tuple[Pods | Anyone, ...]
    ports: tuple[int, ...]
    why: str
    protocol: Protocol = "TCP"


class _Parts:
    """The pods of one stack, part by part."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        services = Services(settings)
        self.prometheus = self.behind("prometheus", services.prometheus)
        self.alertmanager = self.behind("alertmanager", services.alertmanager)
        self.grafana = self.behind("grafana", services.grafana)
        self.operator = self._own("prometheus-operator", {_NAME: f"{KUBE_PROMETHEUS}-prometheus-operator"})
        self.state_metrics = self._own("kube-state-metrics", {_NAME: "kube-state-metrics"})
        self.query = self.behind("thanos-query", services.thanos_query)
        self.query_frontend = self.behind("thanos-query-frontend", services.thanos_query_frontend)
        self.store_gateway = self.behind("thanos-store-gateway", services.thanos_store_gateway)
        self.receive_router = self.behind("thanos-receive-router", services.thanos_receive)
        self.receive_ingestor = self.behind("thanos-receive-ingestor", services.thanos_ingestors)
        self.ruler = self.behind("thanos-ruler", services.thanos_ruler)
        # Those of all classes, each of which is a release.
        compactor = services.thanos_compactor("")
        labels = {name: value for name, value in compactor.pods.items() if name != _INSTANCE}
        self.compactor = Pods("thanos-compactor", compactor.namespace, labels, compactor.ports)
        self.loki = self._own("loki", {_NAME: LOKI, _INSTANCE: LOKI})
        self.loki_front = self.behind("loki-gateway", services.loki)
        self.alloy = Pods("alloy", agents_namespace(settings), {_NAME: ALLOY, _INSTANCE: ALLOY})
        self.tempo = self._own("tempo", {_NAME: TEMPO, _INSTANCE: TEMPO})
        self.tempo_intake = self.behind("tempo-intake", services.tempo_intake)
        self.tempo_front = self.behind("tempo-query", services.tempo)
        self.gateway = self.behind("otel-gateway", services.collector_gateway)
        self.sampler = self.behind("otel-sampler", services.collector_sampler)

    def behind(self, name: str, service: Service) -> Pods:
        return Pods(name, service.namespace, service.pods, service.ports)

    def _own(self, name: str, labels: Mapping[str, str]) -> Pods:
        return Pods(name, self._settings.namespace, labels)


def flows(settings: Settings) -> list[Flow]:
    """Every flow of a stack that is let in. A part that the stack does not have is in none."""
    parts = _Parts(settings)
    found = [*_metrics(settings, parts)]
    if settings.thanos_mode is not None:
        found += _thanos(settings, parts)
    if settings.logs.enabled:
        found += _logs(settings, parts)
    if settings.collector.enabled:
        found += _collector(parts)
    if settings.traces.enabled:
        found += _traces(settings, parts)
    return [*found, *_exporters(settings, parts)]


def _metrics(settings: Settings, p: _Parts) -> Iterator[Flow]:
    ruler = (p.ruler,) if settings.thanos_mode else ()
    if asks_prometheus(settings):
        yield Flow(
            p.prometheus,
            (p.grafana,),
            p.prometheus.at("http"),
            "queries past the long-term store, for when that is broken",
        )
    yield Flow(
        p.prometheus,
        (p.prometheus,),
        (*p.prometheus.at("http"), _RELOADER),
        "metrics of the servers and their config reloaders",
    )
    if settings.traces.enabled:
        yield Flow(p.prometheus, (p.tempo,), p.prometheus.at("http"), "metrics made of spans, by remote write")
    yield Flow(p.alertmanager, (p.prometheus, *ruler), p.alertmanager.at("http"), "alerts")
    yield Flow(p.alertmanager, (p.grafana,), p.alertmanager.at("http"), "alerts and silences, shown")
    yield Flow(
        p.alertmanager,
        (p.prometheus,),
        (*p.alertmanager.at("http"), _RELOADER),
        "metrics, of the config reloader as well",
    )
    for protocol in ("TCP", "UDP"):
        yield Flow(p.alertmanager, (p.alertmanager,), (_MESH,), "silences and what was told, shared", protocol)
    ingress = settings.grafana.ingress
    people = Anyone("ingress controller", ingress.controller_namespace if ingress else None)
    yield Flow(p.grafana, (people,), (_GRAFANA,), "people; Grafana asks who they are")
    yield Flow(p.grafana, (p.prometheus,), (_GRAFANA,), "metrics")
    yield Flow(p.operator, (p.prometheus,), (_OPERATOR,), "metrics")
    if "kubernetes" in settings.systems:
        yield Flow(p.state_metrics, (p.prometheus,), (_STATE_METRICS,), "metrics of the cluster's objects")


def _thanos(settings: Settings, p: _Parts) -> Iterator[Flow]:
    receive = settings.thanos_mode == "receive"
    sidecars = p.behind("prometheus", Services(settings).thanos_sidecars)
    for store in (p.store_gateway, p.ruler, p.receive_ingestor if receive else sidecars):
        yield Flow(store, (p.query,), store.at("grpc"), "series, by the Store API")
    yield Flow(p.query, (p.query_frontend, p.ruler), p.query.at("http"), "queries")
    yield Flow(p.query_frontend, (p.grafana,), p.query_frontend.at("http"), "queries")
    if receive:
        yield Flow(p.receive_router, (p.prometheus, p.ruler), p.receive_router.at("remote-write"), "remote write")
        yield Flow(p.receive_ingestor, (p.receive_router,), p.receive_ingestor.at("grpc"), "samples, shared out")
    else:
        yield Flow(sidecars, (p.prometheus,), sidecars.at("http"), "metrics of the side cars")
    yield Flow(p.ruler, (p.prometheus,), p.ruler.at("web"), "metrics")
    scraped = [p.query, p.query_frontend, p.store_gateway, p.compactor]
    for part in [*scraped, *([p.receive_router, p.receive_ingestor] if receive else [])]:
        yield Flow(part, (p.prometheus,), part.at("http"), "metrics")


def _logs(settings: Settings, p: _Parts) -> Iterator[Flow]:
    callers = (p.grafana, p.alloy, *((p.gateway,) if settings.collector.enabled else ()))
    if settings.logs_mode == "distributed":
        yield Flow(p.loki_front, callers, (_LOKI_GATEWAY,), "logs to keep, and queries")
        yield Flow(p.loki, (p.loki,), (_LOKI, _CACHE), "the tasks behind the gateway, and their caches")
        yield Flow(p.loki, (p.prometheus,), (_CACHE_METRICS,), "metrics of the caches")
    else:
        yield Flow(p.loki, callers, p.loki_front.at("http"), "logs to keep, and queries")
    yield Flow(p.loki, (p.loki,), (_GOSSIP, _GRPC), "the tasks among themselves, and who there is")
    yield Flow(p.loki, (p.prometheus,), (_LOKI,), "metrics")
    yield Flow(p.alloy, (p.prometheus,), (_ALLOY,), "metrics")


def _collector(p: _Parts) -> Iterator[Flow]:
    yield Flow(
        p.gateway, (Anyone("every application"),), p.gateway.at("otlp", "otlp-http"), "spans, logs and metrics by OTLP"
    )
    yield Flow(p.gateway, (p.prometheus,), p.gateway.at("metrics"), "metrics of the collector")
    yield Flow(p.sampler, (p.gateway,), p.sampler.at("otlp"), "whole traces, and metrics")
    yield Flow(
        p.sampler,
        (p.prometheus,),
        p.sampler.at("metrics", "prometheus"),
        "metrics of the collector and of applications",
    )


def _traces(settings: Settings, p: _Parts) -> Iterator[Flow]:
    yield Flow(p.tempo_intake, (p.sampler,), p.tempo_intake.at("otlp-grpc"), "traces to keep")
    yield Flow(p.tempo_front, (p.grafana,), p.tempo_front.at("http"), "queries")
    yield Flow(p.tempo, (p.prometheus,), (_TEMPO,), "metrics")
    if settings.traces_mode == "distributed":
        yield Flow(p.tempo, (p.tempo,), (_GOSSIP, _GRPC, _CACHE), "the tasks among themselves, and their cache")
        yield Flow(p.tempo, (p.prometheus,), (_CACHE_METRICS,), "metrics of the cache")


def _exporters(settings: Settings, p: _Parts) -> Iterator[Flow]:
    services, wanted = Services(settings), settings.exporters
    scraped = [services.redis_exporter(name) for name in wanted.redis]
    scraped += [services.oracle_exporter(name) for name in wanted.oracle]
    scraped += [services.own_exporter(kind, name) for kind, name in wanted.own]
    scraped += [services.blackbox_exporter] if wanted.blackbox else []
    scraped += [services.pushgateway] if wanted.pushgateway else []
    for service in scraped:
        yield Flow(p.behind(service.name, service), (p.prometheus,), tuple(service.ports.values()), "metrics")
    if wanted.pushgateway:
        gateway = services.pushgateway
        jobs = (Anyone("every batch job"),)
        yield Flow(p.behind(gateway.name, gateway), jobs, tuple(gateway.ports.values()), "what they measured")
    if wanted.statsd:
        statsd = services.statsd_exporter
        target, intake = p.behind(statsd.name, statsd), (statsd.ports["statsd-udp"],)
        yield Flow(target, (p.prometheus,), (statsd.ports["http"],), "metrics")
        for protocol in ("TCP", "UDP"):
            yield Flow(target, (Anyone("every sender of StatsD"),), intake, "StatsD", protocol)
