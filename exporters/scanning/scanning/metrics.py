"""Metrics of a source, and those about the exporter itself.

An exporter keeps its names in one table of families. The contract is compared with what a running exporter shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric

from scanning.failure import Reason

Kind = Literal["counter", "gauge"]


@dataclass(frozen=True)
class Family:
    """One metric of the source: ``labels`` come after the one that names the source."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


class Sample(NamedTuple):
    """A value of the family ``name``; ``labels`` in the family's order."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


def family_table(*families: Family) -> Mapping[str, Family]:
    """Name -> family. Raises ValueError where a name is there twice."""
    table = {family.name: family for family in families}
    if len(table) != len(families):
        raise ValueError("a metric is there twice")
    return table


@dataclass(frozen=True)
class Exposition:
    """Turns samples into the text format. Every series has the label ``label`` with the source's name."""

    families: Mapping[str, Family]
    label: str
    source: str

    def text(self, samples: Iterable[Sample]) -> bytes:
        """Raises KeyError for a sample of no family, ValueError for one with other labels than its family."""
        metrics: dict[str, Metric] = {}
        for sample in samples:
            family = self.families[sample.name]
            if sample.name not in metrics:
                metrics[sample.name] = Metric(sample.name.removesuffix("_total"), family.help, family.kind)
            labels = dict(zip((self.label, *family.labels), (self.source, *sample.labels), strict=True))
            metrics[sample.name].add_sample(sample.name, labels, sample.value)
        return generate_latest(_Fixed([metrics[name] for name in sorted(metrics)]))


class _Fixed(CollectorRegistry):
    """What ``generate_latest`` asks for: metrics that are there already."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        super().__init__()
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


class SelfMetrics:
    """How the exporter is doing: ``<prefix>_exporter_*``, and the process."""

    def __init__(self, prefix: str, *, label: str, source: str, units: str, version: str, requests: bool) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody asks for
        self.registry = CollectorRegistry()
        self._source = source
        ProcessCollector(registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"{prefix}_exporter_{name}", text, (label, *labels), registry=self.registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{prefix}_exporter_{name}", text, (label, *labels), registry=self.registry)

        self._units = gauge(units, f"{units.capitalize()} of the last scan: read, failed, or over the cap", "state")
        self._errors = counter("errors_total", "Reads that failed, of a part or of the whole", "reason")
        self._scans = counter(
            "scans_total", "Scans that ended: ok, partial (some failed), failed (none read)", "result"
        )
        self._requests = counter("requests_total", "Requests by status, error for none", "status") if requests else None
        self.up = gauge("up", "Whether the source could be asked in the last scan").labels(source)
        self.duration = gauge("scan_duration_seconds", "How long the last scan took").labels(source)
        self.last_scan = gauge("last_scan_timestamp_seconds", "When the last scan ended").labels(source)
        self.last_success = gauge(
            "last_success_timestamp_seconds", "When the last scan ended in which the source could be asked"
        ).labels(source)
        gauge("build_info", "The exporter's version", "version").labels(source, version).set(1)
        for reason in Reason:  # a counter that begins with its first error shows no increase
            self._errors.labels(source, reason.value)
        for result in ("ok", "partial", "failed"):
            self._scans.labels(source, result)

    def failed(self, reason: Reason) -> None:
        self._errors.labels(self._source, reason.value).inc()

    def requested(self, status: str) -> None:
        if self._requests is not None:
            self._requests.labels(self._source, status).inc()

    def ended(self, result: str, *, read: int, failed: int, over_cap: int) -> None:
        self._scans.labels(self._source, result).inc()
        for state, count in (("read", read), ("failed", failed), ("over_cap", over_cap)):
            self._units.labels(self._source, state).set(count)

    def text(self) -> bytes:
        return generate_latest(self.registry)
