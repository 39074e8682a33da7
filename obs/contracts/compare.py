"""Where a contract and the real software differ. Pure: a contract, what was scraped, and the differences."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from model.contract import Contract, Metric, MetricType
from obs.contracts.exposition import Family

Kind = Literal["missing", "extra", "type", "part", "label-missing", "label-extra"]
Component = str | None
Components = Mapping[Component, Mapping[str, Family]]

# Collectors of the client libraries, which every process has; go-runtime and jvm-agent are the contracts of these.
_OF_LIBRARIES = re.compile(r"(go|process|promhttp|python|jvm|jmx)_.+|target_info")
# Where an allow-list decides the labels, a contract has one that stands for them (label_POD_LABEL).
ALLOW_LISTED = re.compile(r"(labels?|annotations?)_[A-Z][A-Z_]+")
# What a contract says -> what the page may say. The meaning counts: an info metric is a gauge as text.
_AS_TOLD: Mapping[MetricType, Collection[MetricType]] = {"info": {"gauge", "info"}, "gauge": {"gauge", "info"}}
# Quantiles and sums are left out by Dropwizard and others, and a contract says so in a note.
# Labels of the form of histograms and summaries, which some contracts list.
_OF_FORM = ("le", "quantile")
_DEMANDED_PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_count",)}


@dataclass(frozen=True, kw_only=True)
class Scraped:
    """What one run of the software exposed: component -> metrics (None where a contract has no components).

    ``version`` is what the software says of itself, ``how`` what was done with it, ``sometimes`` labels of the
    contract that a sound run may not show, ``libraries`` that metrics of client libraries are compared too.
    ``ignore`` matches names that a contract need not know: a job's own, or of no use to anybody.
    """

    contract: str
    version: str
    how: str
    components: Components
    sometimes: frozenset[str] = frozenset()
    libraries: bool = False
    ignore: str = ""

    def owns(self, name: str) -> bool:
        """Whether a metric is the software's own, and not that of a client library."""
        return self.libraries or not _OF_LIBRARIES.fullmatch(name)

    def counts(self, name: str) -> bool:
        """Whether a metric that the contract does not know is drift."""
        return self.owns(name) and not (self.ignore and re.fullmatch(self.ignore, name))


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    kind: Kind
    metric: str
    component: Component
    message: str

    def __str__(self) -> str:
        where = f" ({self.component})" if self.component else ""
        return f"{self.metric}{where}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """``seen``: keys of the contract's metrics that the software exposed; ``unseen``: others of what was run."""

    drifts: tuple[Drift, ...] = ()
    seen: Mapping[str, tuple[Component, ...]] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


def compare(contract: Contract, scraped: Scraped) -> Comparison:
    """Every difference: metrics, types, labels, and the parts of histograms and summaries.

    A metric that a contract marks as opt-in, or as read and not scraped, may be missing.
    """
    drifts: list[Drift] = []
    seen: dict[str, tuple[Component, ...]] = {}
    unseen: list[str] = []
    known: dict[Component, set[str]] = {component: set() for component in scraped.components}
    for key, metric in contract.metrics.items():
        run = [c for c in scraped.components if _has(metric, c)]
        if not run or not scraped.owns(metric.name):
            continue
        found = {c: family for c in run if (family := look_up(scraped.components[c], metric)) is not None}
        for component, family in found.items():
            known[component] |= names(family, metric)
            drifts += _differences(metric, family, component, scraped.sometimes)
        if found:
            seen[key] = tuple(found)
        else:
            unseen.append(key)
            if evidence(contract, metric) == "scraped" and metric.optin is None:
                component = run[0] if metric.components else None
                drifts.append(
                    Drift(kind="missing", metric=metric.name, component=component, message="is not exposed any more")
                )
    for component, exposed in scraped.components.items():
        drifts += _extra(exposed.values(), known[component], scraped, component)
    return Comparison(drifts=tuple(drifts), seen=seen, unseen=tuple(unseen))


def evidence(contract: Contract, metric: Metric) -> str:
    return metric.evidence or contract.evidence


def _has(metric: Metric, component: Component) -> bool:
    return not metric.components or component is None or component in metric.components


def look_up(exposed: Mapping[str, Family], metric: Metric) -> Family | None:
    """The metric as it is exposed. One without a type has its parts as metrics of their own, and is put together."""
    if found := exposed.get(metric.name):
        return found
    endings = ("_bucket", "_sum", "_count") if metric.type in _DEMANDED_PARTS else ()
    parts = {end: exposed[metric.name + end] for end in endings if metric.name + end in exposed}
    if not parts or any(part.type != "untyped" for part in parts.values()):
        return None
    labels = frozenset.intersection(*(part.labels for part in parts.values())) - {"le"}
    some = frozenset().union(*(part.labels | part.some for part in parts.values())) - labels - {"le"}
    return Family(name=metric.name, type=metric.type, labels=labels, some=some, parts=frozenset(parts))


def names(family: Family, metric: Metric) -> set[str]:
    """Names of families that a metric of a contract accounts for."""
    return {family.name, *(metric.name + end for end in family.parts)}


def _differences(metric: Metric, family: Family, component: Component, sometimes: Collection[str]) -> Iterator[Drift]:
    found = (*_type_and_parts(metric, family), *_labels_of(metric, family, sometimes))
    for kind, message in found:
        yield Drift(kind=kind, metric=metric.name, component=component, message=message)


def _type_and_parts(metric: Metric, family: Family) -> Iterator[tuple[Kind, str]]:
    if family.type not in _AS_TOLD.get(metric.type, {metric.type}) and "untyped" not in (family.type, metric.type):
        yield "type", f"is a {family.type}, the contract says {metric.type}"
        return
    for part in _DEMANDED_PARTS.get(metric.type, ()):
        if part not in family.parts:
            yield "part", f"has no {metric.name}{part}, which a {metric.type} has"


def _labels_of(metric: Metric, family: Family, sometimes: Collection[str]) -> Iterator[tuple[Kind, str]]:
    exposed = family.labels | family.some
    excused = {*sometimes, *_OF_FORM, *(label for label in metric.labels if ALLOW_LISTED.fullmatch(label))}
    for label in metric.labels:
        if label not in exposed and label not in excused:
            yield "label-missing", f"no series has the label {label}"
    open_ended = tuple(label_prefix(label) for label in metric.labels if ALLOW_LISTED.fullmatch(label))
    for label in sorted(exposed - set(metric.labels)):
        if not (open_ended and label.startswith(open_ended)):
            yield "label-extra", f"has the label {label}, which the contract does not know"


def label_prefix(label: str) -> str:
    """label_POD_LABEL -> label_"""
    return label.partition("_")[0] + "_"


def _extra(
    exposed: Iterable[Family], known: Collection[str], scraped: Scraped, component: Component
) -> Iterator[Drift]:
    for family in exposed:
        if family.name not in known and scraped.counts(family.name):
            message = f"is exposed ({family.type}{_labels(family)}), the contract does not know it"
            yield Drift(kind="extra", metric=family.name, component=component, message=message)


def _labels(family: Family) -> str:
    return f"; {', '.join(sorted(family.labels | family.some))}" if family.labels | family.some else ""
