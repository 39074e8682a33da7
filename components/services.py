"""Where the parts listen: the one place with names, ports and pod labels of every Service of the stack.

URLs, datasources, remote write, monitors and network policies are made from these. The charts make the Services:
names follow from the releases' names, ports from their values. The check ``wiring/service`` compares both on the
rendered charts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from settings import Settings

KUBE_PROMETHEUS = "kube-prometheus-stack"
THANOS = "thanos"
LOKI = "loki"
ALLOY = "alloy"
TEMPO = "tempo"
COLLECTOR_GATEWAY = "otel-gateway"
COLLECTOR_SAMPLER = "otel-sampler"
STATSD_EXPORTER = "statsd-exporter"
BLACKBOX_EXPORTER = "blackbox-exporter"
PUSHGATEWAY = "pushgateway"
"""Releases. A chart's fullname is the release's name where that contains the chart's, or is set to it."""

_INSTANCE = "app.kubernetes.io/instance"
_NAME = "app.kubernetes.io/name"
_COMPONENT = "app.kubernetes.io/component"


def thanos_compactor_release(class_name: str) -> str:
    return f"{THANOS}-{class_name}"


@dataclass(frozen=True)
class Service:
    """One Service: ``ports`` by name, ``pods`` labels that its pods surely have, ``domain`` the cluster's in DNS."""

    name: str
    namespace: str
    ports: Mapping[str, int]
    pods: Mapping[str, str]
    domain: str

    @property
    def host(self) -> str:
        return f"{self.name}.{self.namespace}.svc"

    def address(self, port: str) -> str:
        """host:port"""
        return f"{self.host}:{self.ports[port]}"

    def url(self, port: str = "http", path: str = "") -> str:
        return f"http://{self.address(port)}{path}"

    def discovery(self, port: str) -> str:
        """What Thanos resolves to all pods behind the Service: the SRV record of a named port, by its number."""
        return f"dnssrv+_{port}._tcp.{self.host}.{self.domain}"


@dataclass(frozen=True)
class Services:
    """The Services of one stack. One of a part that is off names nothing: ask the settings first."""

    settings: Settings

    def _of(self, name: str, ports: Mapping[str, int], pods: Mapping[str, str]) -> Service:
        return Service(name, self.settings.namespace, ports, pods, self.settings.cluster.dns_domain)

    # --- metrics

    @property
    def prometheus(self) -> Service:
        pods = {_NAME: "prometheus", "operator.prometheus.io/name": f"{KUBE_PROMETHEUS}-prometheus"}
        return self._of(f"{KUBE_PROMETHEUS}-prometheus", {"http": 9090}, pods)

    @property
    def alertmanager(self) -> Service:
        pods = {_NAME: "alertmanager", "alertmanager": f"{KUBE_PROMETHEUS}-alertmanager"}
        return self._of(f"{KUBE_PROMETHEUS}-alertmanager", {"http": 9093}, pods)

    @property
    def alertmanagers(self) -> Service:
        """Headless, made by the operator: each Alertmanager, for those who must tell them all."""
        return self._of("alertmanager-operated", {"http": 9093}, self.alertmanager.pods)

    @property
    def grafana(self) -> Service:
        return self._of(f"{KUBE_PROMETHEUS}-grafana", {"http": 80}, {_NAME: "grafana", _INSTANCE: KUBE_PROMETHEUS})

    # --- Thanos

    def _thanos(self, component: str, **ports: int) -> Service:
        pods = {_NAME: THANOS, _INSTANCE: THANOS, _COMPONENT: component}
        return self._of(f"{THANOS}-{component}", ports or {"http": 10902, "grpc": 10901}, pods)

    @property
    def thanos_sidecars(self) -> Service:
        """Headless: the side cars beside Prometheus."""
        return self._of(f"{KUBE_PROMETHEUS}-thanos-discovery", {"grpc": 10901, "http": 10902}, self.prometheus.pods)

    @property
    def thanos_query(self) -> Service:
        return self._thanos("query")

    @property
    def thanos_query_frontend(self) -> Service:
        return self._thanos("query-frontend", http=10902)

    @property
    def thanos_store_gateway(self) -> Service:
        """Headless, the only one that the chart makes: each holds all blocks."""
        pods = {_NAME: THANOS, _INSTANCE: THANOS, _COMPONENT: "store-gateway"}
        return self._of(f"{THANOS}-store-gateway-headless", {"http": 10902, "grpc": 10901}, pods)

    @property
    def thanos_receive(self) -> Service:
        """The routers, which take remote write in."""
        return self._thanos("receive-router", http=10902, grpc=10901, **{"remote-write": 19291})

    def thanos_compactor(self, class_name: str) -> Service:
        """Headless: the compactor of a retention class, which is a release of its own."""
        release = thanos_compactor_release(class_name)
        pods = {_NAME: THANOS, _INSTANCE: release, _COMPONENT: "compact"}
        return self._of(f"{release}-compact-headless", {"http": 10902}, pods)

    @property
    def thanos_ingestors(self) -> Service:
        """Headless: the ingestors among which the routers share out what they take."""
        pods = {_NAME: THANOS, _INSTANCE: THANOS, _COMPONENT: "receive-ingestor"}
        ports = {"http": 10902, "grpc": 10901, "remote-write": 19291}
        return self._of(f"{THANOS}-receive-ingestor-headless", ports, pods)

    @property
    def thanos_ruler(self) -> Service:
        """Headless, made by the operator."""
        pods = {_NAME: "thanos-ruler", "thanos-ruler": f"{KUBE_PROMETHEUS}-thanos-ruler"}
        return self._of("thanos-ruler-operated", {"web": 10902, "grpc": 10901}, pods)

    # --- logs

    @property
    def loki(self) -> Service:
        """Where logs are written and read: one process, or the gateway before many."""
        if self.settings.logs_mode == "distributed":
            return self._of(f"{LOKI}-gateway", {"http": 80}, {_NAME: LOKI, _INSTANCE: LOKI, _COMPONENT: "gateway"})
        return self._of(LOKI, {"http": 3100}, {_NAME: LOKI, _INSTANCE: LOKI})

    # --- traces

    @property
    def tempo(self) -> Service:
        """Where traces are read."""
        if self.settings.traces_mode == "distributed":
            pods = {_NAME: TEMPO, _INSTANCE: TEMPO, _COMPONENT: "query-frontend"}
            return self._of(f"{TEMPO}-query-frontend", {"http": 3200}, pods)
        return self._of(TEMPO, {"http": 3200}, {_NAME: TEMPO, _INSTANCE: TEMPO})

    @property
    def tempo_intake(self) -> Service:
        """Where traces are written, by OTLP."""
        ports = {"otlp-grpc": 4317, "otlp-http": 4318}
        if self.settings.traces_mode == "distributed":
            pods = {_NAME: TEMPO, _INSTANCE: TEMPO, _COMPONENT: "distributor"}
            return self._of(f"{TEMPO}-distributor", ports, pods)
        return self._of(TEMPO, ports, {_NAME: TEMPO, _INSTANCE: TEMPO})

    # --- collector

    @property
    def collector_gateway(self) -> Service:
        """Where applications send everything: the load-balancing tier."""
        ports = {"otlp": 4317, "otlp-http": 4318, "metrics": 8888}
        pods = {_NAME: "opentelemetry-collector", _INSTANCE: COLLECTOR_GATEWAY}
        return self._of(COLLECTOR_GATEWAY, ports, pods)

    @property
    def collector_sampler(self) -> Service:
        """Headless: the pods that see whole traces and series; at ``prometheus`` are the applications' metrics."""
        pods = {_NAME: "opentelemetry-collector", _INSTANCE: COLLECTOR_SAMPLER}
        return self._of(COLLECTOR_SAMPLER, {"otlp": 4317, "prometheus": 8889, "metrics": 8888}, pods)

    # --- exporters

    @property
    def statsd_exporter(self) -> Service:
        """Where StatsD is sent (UDP, or TCP), and scraped."""
        ports = {"http": 9102, "statsd-udp": 9125, "statsd-tcp": 9125}
        return self._of(STATSD_EXPORTER, ports, {_NAME: "prometheus-statsd-exporter", _INSTANCE: STATSD_EXPORTER})

    @property
    def blackbox_exporter(self) -> Service:
        pods = {_NAME: "prometheus-blackbox-exporter", _INSTANCE: BLACKBOX_EXPORTER}
        return self._of(BLACKBOX_EXPORTER, {"http": 9115}, pods)

    @property
    def pushgateway(self) -> Service:
        return self._of(PUSHGATEWAY, {"http": 9091}, {_NAME: "prometheus-pushgateway", _INSTANCE: PUSHGATEWAY})

    def redis_exporter(self, instance: str) -> Service:
        """That of one Redis, by its name in the settings."""
        name = f"redis-exporter-{instance}"
        return self._of(name, {"metrics": 9121}, {_NAME: "prometheus-redis-exporter", _INSTANCE: name})

    def oracle_exporter(self, instance: str) -> Service:
        """That of one database, by its name in the settings."""
        name = f"oracle-exporter-{instance}"
        return self._of(name, {"metrics": 9161}, {_NAME: "oracle-exporter", _INSTANCE: name})

    def own_exporter(self, kind: str, instance: str) -> Service:
        """One of ours (iceberg, isilon, bitbucket), by the name of what it reads in the settings."""
        name = f"{kind}-exporter-{instance}"
        return self._of(name, {"metrics": 8000}, {_NAME: f"{kind}-exporter", _INSTANCE: name})

    # --- what others need of all this

    @property
    def metrics_query_url(self) -> str:
        """Where Grafana reads metrics: the query frontend, the store elsewhere."""
        store = self.settings.metrics_store
        if store.remote_write is not None:
            return store.remote_write.query_url
        return self.thanos_query_frontend.url()

    def prometheus_write_urls(self, replicas: int) -> list[str]:
        """Where samples are written by remote write: every replica by its own address, as each scrapes everything too.

        Behind the Service one replica alone would get them, and rules of the other would miss them. Of several shards
        the first takes them all.
        """
        governing = self._of("prometheus-operated", {"http": 9090}, self.prometheus.pods)
        pods = (f"prometheus-{self.prometheus.name}-{ordinal}" for ordinal in range(replicas))
        return [f"http://{pod}.{governing.address('http')}/api/v1/write" for pod in pods]
