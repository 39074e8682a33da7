"""What an exporter exposes: metrics, types and labels, and where that was read or scraped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal


class ContractError(ValueError):
    """A contract that is not there, or not one; the message names the file and what is allowed."""


MetricType = Literal["counter", "gauge", "histogram", "summary", "info", "untyped"]
Evidence = Literal["read", "scraped"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """One exposed metric family.

    ``name`` is the exposed name of a counter or gauge and the base name of a histogram or summary.
    ``optin`` says what must be switched on, ``dropped_by`` who drops it before storage,
    ``components`` which processes or endpoints of the exporter expose it (empty: all). ``evidence`` is set where it is
    another than the contract's: what a scraped contract has that the scrape did not bring about was only read.
    """

    name: str
    type: MetricType
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    optin: str | None = None
    dropped_by: str | None = None
    note: str | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """A name that is often queried and that this version does not expose."""

    name: str
    instead: str | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One exporter at one version. ``evidence`` tells whether its source was read or it was scraped.

    ``metrics`` is keyed by metric name, or by ``name@component`` where components of one exporter
    expose the same name with other labels: take the name from the metric, not from the key.
    """

    name: str
    exporter: str
    version: str
    source: str
    evidence: Evidence
    metrics: Mapping[str, Metric]
    absent: Mapping[str, Absent] = field(default_factory=dict)

    def of(self, component: str | None) -> Iterator[Metric]:
        """The metrics of one component; of the whole exporter where it is None."""
        for metric in self.metrics.values():
            if not component or not metric.components or component in metric.components:
                yield metric


_NO_QUANTILES = re.compile(r"\bno quantile", re.IGNORECASE)
_NO_SUM = re.compile(r"\bno _sum\b", re.IGNORECASE)


def exposed_names(contract: Contract, component: str | None = None) -> Iterator[str]:
    """Every series name of a contract or of one component, histograms and summaries expanded."""
    for metric in contract.of(component):
        for name, _, _ in parts(metric, contract):
            yield name


def parts(metric: Metric, contract: Contract) -> Iterator[tuple[str, MetricType, frozenset[str]]]:
    """Series names of one family, each with its type and the labels that its form adds.

    A summary without quantiles or without a sum says so in its note, or the contract lists that name
    as absent (Dropwizard summaries have no sum, Micrometer's no quantiles by default).
    """
    note, none = metric.note or "", frozenset[str]()
    if metric.type == "histogram":
        parts: list[tuple[str, MetricType, frozenset[str]]] = [
            (metric.name, "histogram", none),
            (f"{metric.name}_bucket", "counter", frozenset({"le"})),
            (f"{metric.name}_sum", "counter", none),
            (f"{metric.name}_count", "counter", none),
        ]
    elif metric.type == "summary":
        parts = [(f"{metric.name}_count", "counter", none)]
        if not _NO_QUANTILES.search(note):
            parts.append((metric.name, "summary", frozenset({"quantile"})))
        if not _NO_SUM.search(note):
            parts.append((f"{metric.name}_sum", "counter", none))
    else:
        parts = [(metric.name, metric.type, none)]
    for name, kind, extra in parts:
        own_name = name == metric.name and kind != "summary"
        if own_name or name not in contract.absent:
            yield name, kind, extra
