"""What the inference of one expression reads and writes: known series in, findings out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache

from model.promql import CLUSTER
from obs.check.catalogue import Catalogue, Series
from obs.check.expression import Expression
from obs.check.finding import Finding
from obs.check.names import Names
from obs.check.parse import is_filled
from obs.check.vector import NAME, Range, Vector, merged

_SHOWN = 16
"""Labels listed in a message before it says how many more there are."""


@dataclass(frozen=True, slots=True)
class Source:
    """One place that a series comes from: a contract seen through a scrape, or a recording rule."""

    vector: Vector
    optin: str | None = None
    dropped_by: str | None = None
    job: str | None = None


class Known:
    """All series that an expression may name: the catalogue's and those recorded so far.

    ``records`` are the names of all recording rules: one that is read before it is known is part of a
    circle, and not unknown.
    """

    def __init__(self, catalogue: Catalogue, records: Collection[str] = ()) -> None:
        self.catalogue = catalogue
        self.records = frozenset(records)
        self.recorded: dict[str, tuple[Vector, ...]] = {}
        self.ranges: dict[str, Range] = {}
        self._sources: dict[str, tuple[Source, ...]] = {}
        self._names = Names((*catalogue.series, *self.records))
        self._nearest: dict[str, str | None] = {}

    def record(self, name: str, vector: Vector) -> None:
        """Add what one recording rule writes; several rules may write one name."""
        shaped = vector.having(NAME, value=name)
        shaped = replace(
            shaped,
            origin=f"{name}, which records {vector.origin}" if vector.origin else name,
            clustered=vector.may_have(CLUSTER),
        )
        self.recorded[name] = (*self.recorded.get(name, ()), shaped)
        self._sources.pop(name, None)

    def bound(self, name: str, values: Range) -> None:
        """Add which values one recording rule writes."""
        known = self.ranges.get(name)
        self.ranges[name] = values if known is None else known | values

    def sources(self, name: str) -> tuple[Source, ...]:
        """Empty for an unknown name."""
        found = self._sources.get(name)
        if found is None:
            stored = (_source(series) for series in self.catalogue.series.get(name, ()))
            found = self._sources[name] = (*stored, *(Source(v) for v in self.recorded.get(name, ())))
        return found

    def names(self) -> Iterator[str]:
        yield from self.catalogue.series
        yield from (name for name in self.recorded if name not in self.catalogue.series)

    def any_label(self, label: str) -> bool:
        """Whether a label is known from any series; ALERTS, which may have every label, does not count."""
        return any(label in source.vector.possible for name in self.names() for source in self.sources(name))

    def nearest(self, name: str) -> str | None:
        """The known name that looks most like it."""
        if name not in self._nearest:
            self._nearest[name] = self._names.nearest(name)
        return self._nearest[name]


@dataclass
class Scope:
    """One expression under inference."""

    expression: Expression
    known: Known
    findings: set[Finding] = field(default_factory=set)

    def report(self, check: str, message: str, suggestion: str | None = None) -> None:
        e = self.expression
        self.findings.add(Finding(check, e.subject, e.where, message, e.text, suggestion))

    def need_labels(self, vector: Vector, labels: Iterable[str], used_in: str) -> None:
        """Report each label, used in a clause such as ``by``, that no series of the vector has."""
        for label in labels:
            if label != NAME and not is_filled(label) and not vector.may_have(label):
                self.report(
                    "promql/unknown-label",
                    f"label {label} in {used_in} is not on {vector.origin}, which has {listed(vector.labels)}",
                    nearest_label(label, vector.labels),
                )


def listed(labels: Iterable[str]) -> str:
    """Labels in order for a message."""
    names = sorted(labels)
    if not names:
        return "no labels"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def nearest_label(label: str, labels: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(label, sorted(labels), n=1, cutoff=0.6)), None)


def union(sources: Iterable[Source], origin: str) -> Vector:
    return merged((source.vector for source in sources), origin)


@lru_cache(maxsize=65536)
def _source(series: Series) -> Source:
    labels = series.labels | {NAME}
    # A summary's quantiles go up and down; an info metric is a gauge that is always 1.
    kind = "gauge" if series.type in ("summary", "info") else series.type
    vector = Vector(
        sure=frozenset({NAME}) if series.open else labels,
        possible=labels,
        open=series.open,
        type=kind,
        # MinIO has counts by le under a bare name, typed as gauges.
        buckets="raw" if "le" in labels and (series.type == "gauge" or series.name.endswith("_bucket")) else "none",
        pins={NAME: series.name},
        origin=f"{series.name} ({series.type}, contract {series.contract})",
        clustered=CLUSTER in labels,
    )
    return Source(vector, series.optin, series.dropped_by, series.job)


def rule_labels(vector: Vector, labels: Mapping[str, str]) -> Vector:
    """The vector with a rule's own labels; an empty value removes a label."""
    for label, value in labels.items():
        vector = vector.having(label, value=None if "{{" in value else value) if value else vector.without((label,))
    return vector
