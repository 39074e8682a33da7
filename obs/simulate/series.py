"""From a contract to series: label values from tables, a value for each, histograms expanded consistently."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from zlib import crc32

from contracts import load
from model.contract import Contract, Metric, exposed_names
from obs.simulate.values import Events, Fixed, Growth, Since, Value, Wave

Labels = Mapping[str, str]
ValueOf = Callable[[Labels], Value | float]


@cache
def known_names(contract: str) -> frozenset[str]:
    """Names of a contract's metrics and of their samples."""
    loaded = load(contract)
    return frozenset({metric.name for metric in loaded.metrics.values()} | set(exposed_names(loaded)))


@cache
def labels_of(contract: str) -> Mapping[str, tuple[str, ...]]:
    """Metric -> its labels."""
    return {metric.name: metric.labels for metric in load(contract).metrics.values()}


@dataclass(frozen=True)
class Rows:
    """Label values that go together, one mapping for each object; ``only``: for metrics of these names (full match).

    A row may have more labels than a metric: what it does not have is left out.
    """

    rows: tuple[Labels, ...]
    only: str = ".+"

    @staticmethod
    def of(label: str, *values: str, only: str = ".+") -> Rows:
        return Rows(tuple({label: value} for value in values), only)


@dataclass(frozen=True)
class Table:
    """What one exporter says about its world.

    ``rows``: the first that matches a label of a metric gives it. ``defaults``: label -> value where no rows do.
    ``values``: pattern of metric names (full match) -> the value of a series; the first that matches wins.
    ``scales``: pattern -> the mean of what a histogram or summary observes. Where that says too little, ``samples``:
    pattern of the names of its samples (``_count``, ``_sum``; a summary's own name for its quantiles) -> their values.
    """

    rows: tuple[Rows, ...] = ()
    defaults: Labels = field(default_factory=dict)
    values: tuple[tuple[str, ValueOf | Value | float], ...] = ()
    scales: tuple[tuple[str, float], ...] = ()
    samples: tuple[tuple[str, ValueOf | Value | float], ...] = ()


@dataclass(frozen=True)
class Series:
    """One line. ``metric`` is the family's name, ``name`` the sample's; ``labels`` are the metric's own."""

    metric: str
    name: str
    labels: tuple[tuple[str, str], ...]
    value: Value
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def head(self) -> str:
        pairs = ",".join(f'{label}="{_escaped(value)}"' for label, value in (*self.labels, *self.extra))
        return f"{self.name}{{{pairs}}} " if pairs else f"{self.name} "


@dataclass(frozen=True)
class Family:
    name: str
    type: str
    series: tuple[Series, ...]


def families(contract: Contract, table: Table, component: str | None = None) -> list[Family]:
    """Every family that the component exposes by default, in the contract's order."""
    found: dict[str, Family] = {}
    for metric in contract.metrics.values():
        if metric.optin or (component and metric.components and component not in metric.components):
            continue
        series = tuple(_series(metric, contract, table))
        earlier = found.get(metric.name)
        found[metric.name] = Family(metric.name, _shown_type(metric), (*(earlier.series if earlier else ()), *series))
    return [family for family in found.values() if family.series]


def _shown_type(metric: Metric) -> str:
    """The text format knows no info: client libraries expose it as a gauge."""
    return "gauge" if metric.type == "info" else metric.type


def _series(metric: Metric, contract: Contract, table: Table) -> Iterator[Series]:
    for labels in label_sets(metric, table):
        pairs = tuple(labels.items())
        if metric.type == "histogram":
            yield from _histogram(metric, pairs, table)
        elif metric.type == "summary":
            yield from _summary(metric, pairs, contract, table)
        else:
            yield Series(metric.name, metric.name, pairs, _value(metric, labels, table))


def label_sets(metric: Metric, table: Table) -> list[dict[str, str]]:
    """Every combination of label values that the table has for the metric, each once."""
    left = set(metric.labels)
    parts: list[list[Labels]] = []
    for rows in table.rows:
        keys = left & {key for row in rows.rows for key in row}
        if (keys or not rows.rows) and re.fullmatch(rows.only, metric.name):
            projected = {tuple(sorted((k, row[k]) for k in keys if k in row)) for row in rows.rows}
            parts.append([dict(row) for row in sorted(projected)])
            left -= keys
    rest = {label: table.defaults.get(label) or f"example-{label}" for label in left}
    sets: list[dict[str, str]] = []
    for combination in product(*parts):
        merged = dict(rest)
        for part in combination:
            merged.update(part)
        sets.append({label: merged[label] for label in metric.labels if label in merged})
    return sets


# --- values


def _value(metric: Metric, labels: Labels, table: Table) -> Value:
    return _given(table.values, metric.name, labels) or _plausible(metric, labels)


def _given(values: tuple[tuple[str, ValueOf | Value | float], ...], name: str, labels: Labels) -> Value | None:
    for pattern, value in values:
        if _matches(pattern, name):
            given = value(labels) if callable(value) else value
            return Fixed(float(given)) if isinstance(given, int | float) else given
    return None


def _sample(
    metric: Metric, suffix: str, labels: tuple[tuple[str, str], ...], table: Table, otherwise: Value, **extra: str
) -> Series:
    """A line of a histogram or summary: what the table has for it, else what its scale makes of it."""
    name = f"{metric.name}{suffix}"
    value = _given(table.samples, name, {**dict(labels), **extra}) or otherwise
    return Series(metric.name, name, labels, value, tuple(extra.items()))


@cache
def _matches(pattern: str, name: str) -> bool:
    return re.fullmatch(pattern, name) is not None


_BAD = re.compile(
    r"error|fail|drop|discard|corrupt|stale|oom|evict|preempt|throttl|lost|stall|uncorrect|retrans|pending"
)
_POINT = re.compile(r"created|_time$|timestamp|start_time|_mtime_")


def _plausible(metric: Metric, labels: Labels) -> Value:
    """What nothing reads: nothing goes wrong, the rest moves a little, and differs from series to series."""
    spread = part(metric.name, labels)
    name = metric.name
    if _BAD.search(name):
        return Fixed(0)
    if metric.type == "counter":
        return _counting(name, spread)
    if _POINT.search(name):
        return Since()
    if "_bytes" in name or "Memory" in name:
        return Wave(round(2**28 * (0.5 + spread)), phase=spread)
    timed = "seconds" in name or "Time" in name or "duration" in name
    return Wave(round(0.05 + spread / 5, 4), phase=spread) if timed else Fixed(1)


def _counting(name: str, spread: float) -> Value:
    if "_bytes" in name:
        return Growth(round(2e4 * (0.5 + spread)))
    return Growth(round(0.02 * (0.5 + spread), 4)) if "seconds" in name else Events(round(2 + 10 * spread, 2))


def part(name: str, labels: Labels) -> float:
    """A number from 0 to 1 that is always the same for a series."""
    return crc32(f"{name}{sorted(labels.items())}".encode()) / 2**32


_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PER_MINUTE = 6.0


def _histogram(metric: Metric, labels: tuple[tuple[str, str], ...], table: Table) -> Iterator[Series]:
    """client_golang's default bounds times a scale; observations spread as an exponential distribution would."""
    mean = _scale(metric.name, table)
    whole = Events(_PER_MINUTE)
    for bound in (*_BOUNDS, math.inf):
        upper = bound * mean / 0.1
        share = 1.0 if math.isinf(bound) else round(1 - math.exp(-upper / mean), 4)
        le = "+Inf" if math.isinf(bound) else f"{upper:g}"
        extra = (("le", le),)
        yield Series(metric.name, f"{metric.name}_bucket", labels, Events(_PER_MINUTE, share), extra)
    yield _sample(metric, "_sum", labels, table, Events(_PER_MINUTE, each=mean))
    yield _sample(metric, "_count", labels, table, whole)


def observed(series: Series, mean: float, per_minute: float) -> Events | None:
    """What further observations of ``mean`` add to one series of a histogram or summary; None to a quantile."""
    extra = dict(series.extra)
    if "quantile" in extra:
        return None
    if "le" in extra:
        upper = math.inf if extra["le"] == "+Inf" else float(extra["le"])
        return Events(per_minute, 1.0 if math.isinf(upper) else round(1 - math.exp(-upper / mean), 4))
    return Events(per_minute, each=mean) if series.name.endswith("_sum") else Events(per_minute)


def _summary(metric: Metric, labels: tuple[tuple[str, str], ...], contract: Contract, table: Table) -> Iterator[Series]:
    there, mean = _names(contract), _scale(metric.name, table)
    if metric.name in there:
        for quantile in (0.5, 0.75, 0.9, 0.95, 0.99):
            value = Fixed(round(-mean * math.log(1 - quantile), 4))
            yield _sample(metric, "", labels, table, value, quantile=str(quantile))
    if f"{metric.name}_sum" in there:
        yield _sample(metric, "_sum", labels, table, Events(_PER_MINUTE, each=mean))
    yield _sample(metric, "_count", labels, table, Events(_PER_MINUTE))


_known: dict[str, frozenset[str]] = {}


def _names(contract: Contract) -> frozenset[str]:
    """Series names of a contract: a summary may have no quantiles, or no sum."""
    if contract.name not in _known:
        _known[contract.name] = frozenset(exposed_names(contract))
    return _known[contract.name]


def _scale(name: str, table: Table) -> float:
    return next((scale for pattern, scale in table.scales if _matches(pattern, name)), 0.1)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
