"""The software that contracts are scraped from: name -> how it is run. Each source yields what it exposes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from obs.contracts.compare import Scraped
from obs.contracts.lab import Lab

Source = Callable[[Lab], Iterator[Scraped]]
# Name -> module and the contracts that it serves, which a skipped source names too.
_CONTRACTS: Mapping[str, tuple[str, ...]] = {
    "spark": ("spark", "spark-jmx", "jvm-agent"),
    "airflow": ("airflow", "statsd-exporter"),
    "prometheus": ("prometheus", "alertmanager"),
    "thanos": ("thanos",),
    "loki": ("loki",),
    "collector": ("collector",),
    "blackbox-exporter": ("blackbox-exporter",),
    "node-exporter": ("node-exporter",),
    "pushgateway": ("pushgateway",),
    "redis": ("redis-exporter",),
    "prometheus-operator": ("prometheus-operator", "prometheus-config-reloader"),
    "kubernetes": ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kube-state-metrics"),
    "hive-metastore": ("hive-metastore",),
    "trino": ("trino",),
}
SOURCES = tuple(_CONTRACTS)


def source(name: str) -> Source:
    """How the software of that name is run and scraped."""
    found: Source = import_module(f"obs.contracts.sources.{name.replace('-', '_')}").scrape
    return found


def contracts(name: str) -> tuple[str, ...]:
    """The contracts that a source serves."""
    return _CONTRACTS[name]
