"""Every series that the enabled systems store: contracts, seen through the scrapes that fetch them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from model.contract import Absent, Contract, MetricType, exposed_names, parts
from model.promql import CLUSTER
from model.scrape import Endpoint, Scrape
from model.system import System

NATIVE_HISTOGRAMS = "native histograms"
"""The opt-in of an endpoint whose histograms are scraped in native form (one series, base name)."""

KEEP_LIST = "the keep-list of its monitor (cardinality: lean)"

ITSELF = "(Prometheus writes it)"
"""In place of a contract, for what no exporter exposes."""

# prometheus/prometheus scrape/scrape.go, reportSeries, and the series behind extra-scrape-metrics.
_SCRAPE_SERIES = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
_EXTRA_SCRAPE_SERIES = ("scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes")
_EXTRA_SCRAPE = "the Prometheus feature flag extra-scrape-metrics"
# prometheus/prometheus rules/alerting.go: written for every active alert, with all of its labels.
_ALERT_SERIES = {"ALERTS": {"alertname", "alertstate", "severity"}, "ALERTS_FOR_STATE": {"alertname", "severity"}}


@dataclass(frozen=True)
class Series:
    """One stored series name as one endpoint gives it.

    ``labels`` are the exporter's and the target's, without ``__name__``; ``open`` means that there may
    be any other label. ``optin`` is what would have to be switched on and is not, ``dropped_by`` who
    drops it before storage, ``job`` the value of its label ``job`` where that is certain.
    """

    name: str
    type: MetricType
    labels: frozenset[str]
    contract: str
    optin: str | None
    dropped_by: str | None
    open: bool = False
    job: str | None = None


@dataclass(frozen=True)
class Catalogue:
    """``series``: name -> its sources. ``absent``: names that are often asked for and not exposed.

    ``elsewhere``: names that are exposed only by something that is not scraped -> what that is.
    """

    series: Mapping[str, tuple[Series, ...]]
    absent: Mapping[str, Absent] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)


def catalogue(
    systems: Iterable[System], load: Callable[[str], Contract], others: Mapping[str, Iterable[str]] | None = None
) -> Catalogue:
    """The catalogue of the enabled systems.

    ``load`` gives a contract by name. ``others`` maps the name of a system that is not enabled to the
    names of its contracts, so that a finding can say which system would bring a metric.
    """
    series: dict[str, dict[Series, None]] = {}
    contracts: dict[str, Contract] = {}
    for system in systems:
        for scrape in system.scrapes:
            for endpoint in scrape.endpoints:
                contract = contracts.setdefault(endpoint.contract, load(endpoint.contract))
                for one in _scraped(scrape, endpoint, contract):
                    series.setdefault(one.name, {})[one] = None
    for name, labels in _ALERT_SERIES.items():
        own = Series(name, "gauge", frozenset({*labels, CLUSTER}), ITSELF, None, None, open=True)
        series.setdefault(name, {})[own] = None
    absent = {key: value for contract in contracts.values() for key, value in contract.absent.items()}
    elsewhere = {
        name: f"contract {contract.name} has it, but no enabled system scrapes its component"
        for contract in contracts.values()
        for name in exposed_names(contract)
    }
    for system_name, contract_names in (others or {}).items():
        for contract_name in contract_names:
            for name in exposed_names(load(contract_name)):
                elsewhere.setdefault(name, f"the system {system_name} exposes it, which is not enabled")
    return Catalogue(
        {name: tuple(sources) for name, sources in series.items()},
        {name: why for name, why in absent.items() if name not in series},
        {name: why for name, why in elsewhere.items() if name not in series},
    )


def _scraped(scrape: Scrape, endpoint: Endpoint, contract: Contract) -> Iterator[Series]:
    target = frozenset(scrape.target_labels(endpoint))
    own_job = any(r.target_label == "job" for r in endpoint.relabelings)
    for metric in contract.of(endpoint.component):
        labels = _stored_labels(frozenset(metric.labels), target, endpoint.honor_labels)
        job = None if own_job or (endpoint.honor_labels and "job" in metric.labels) else scrape.job
        for name, kind, extra in parts(metric, contract):
            optin = None if metric.optin in endpoint.optins else metric.optin
            if kind == "histogram" and NATIVE_HISTOGRAMS not in endpoint.optins:
                optin = optin or NATIVE_HISTOGRAMS
            dropped_by = metric.dropped_by or (None if endpoint.keeps(name) else KEEP_LIST)
            yield Series(name, kind, labels | extra, contract.name, optin, dropped_by, job=job)
    for name in (*_SCRAPE_SERIES, *_EXTRA_SCRAPE_SERIES):
        off = None if name in _SCRAPE_SERIES or _EXTRA_SCRAPE in endpoint.optins else _EXTRA_SCRAPE
        yield Series(name, "gauge", target, ITSELF, off, None, job=None if own_job else scrape.job)


def _stored_labels(exposed: frozenset[str], target: frozenset[str], honor: bool) -> frozenset[str]:
    """prometheus/prometheus scrape/scrape.go, mutateSampleLabels: the loser is renamed, or lost with honor_labels."""
    clash = frozenset() if honor else frozenset(f"exported_{label}" for label in exposed & target)
    return exposed | target | clash
