"""What a page of metrics holds, in the terms of a contract."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from prometheus_client import parser as text
from prometheus_client.metrics_core import Metric as Parsed
from prometheus_client.samples import Sample

from model.contract import MetricType
from obs.errors import ObsError

_PARTS = {"histogram": {"_bucket", "_sum", "_count"}, "summary": {"", "_sum", "_count"}}
# Labels of the form itself: a contract does not list them for these types.
_OF_TYPE = {"histogram": {"le"}, "summary": {"quantile"}}
# The parser puts _total behind every counter; a text page has counters without it, and they are stored without.
_BARE_COUNTER = re.compile(r"^# TYPE (\S+)(?<!_total) counter$", re.MULTILINE)
_TYPES: Mapping[str, MetricType] = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "summary": "summary",
    "info": "info",
    "stateset": "gauge",
}


class NotExposition(ObsError):
    """What a server answered is no page of metrics."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """One metric as it is exposed, under the name that a contract has for it.

    ``type`` is untyped where the page does not tell. ``labels`` have all its series, ``some`` only some of them.
    ``parts`` are the endings that are there of a histogram or a summary ("" stands for quantiles).
    """

    name: str
    type: MetricType
    labels: frozenset[str]
    some: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


def families(page: str, content_type: str = "") -> dict[str, Family]:
    """Name -> metric. Raises NotExposition with what the parser of Prometheus' Python client says of the page."""
    page = _as_text(page) if "openmetrics" in content_type else page
    bare = frozenset(_BARE_COUNTER.findall(page))
    try:
        parsed = list(text.text_string_to_metric_families(_BARE_COUNTER.sub(r"# TYPE \1 gauge", page)))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise NotExposition(f"what was scraped is no page of metrics: {error}") from None
    found = merged(family for metric in parsed for family in _families(metric))
    return {name: replace(family, type="counter") if name in bare else family for name, family in found.items()}


def _as_text(page: str) -> str:
    """An OpenMetrics page as a text page: the family of a counter or info is named as its series are.

    The strict parser refuses what Prometheus takes: Trino has counters that are not a number yet, and names that
    clash. Raises NotExposition where the page was cut off.
    """
    if not page.rstrip().endswith("# EOF"):
        raise NotExposition("what was scraped is no page of metrics: it does not end in # EOF")
    page = re.sub(r"^\w+_created(\{.*\})? .*\n", "", page, flags=re.MULTILINE)
    series = set(re.findall(r"^([A-Za-z_:][\w:]*)", page, re.MULTILINE))

    def typed(match: re.Match[str]) -> str:
        name, kind = match.groups()
        ending = {"counter": "_total", "info": "_info"}[kind]
        return f"# TYPE {name + ending if name + ending in series else name} {'gauge' if kind == 'info' else kind}"

    return re.sub(r"^# TYPE (\S+) (counter|info)$", typed, page, flags=re.MULTILINE)


def merged(found: Iterable[Family]) -> dict[str, Family]:
    """The metrics of several pages of one component as one."""
    result: dict[str, Family] = {}
    for family in found:
        known = result.get(family.name)
        result[family.name] = family if known is None else _both(known, family)
    return result


def _both(one: Family, other: Family) -> Family:
    common = one.labels & other.labels
    every = one.labels | one.some | other.labels | other.some
    kind = other.type if one.type == "untyped" else one.type
    return Family(name=one.name, type=kind, labels=common, some=every - common, parts=one.parts | other.parts)


def _families(metric: Parsed) -> Iterator[Family]:
    kind = _TYPES.get(metric.type, "untyped")
    if kind in _PARTS:
        parts = _PARTS[kind]
        endings = {s.name: s.name.removeprefix(metric.name) for s in metric.samples}
        of_it = [s for s in metric.samples if endings[s.name] in parts]
        if of_it:
            found = frozenset(endings[s.name] for s in of_it)
            yield _family(metric.name, kind, of_it, _OF_TYPE[kind], found)
        return
    by_name: dict[str, list[Sample]] = {}
    for sample in metric.samples:
        if not re.fullmatch(rf"{re.escape(metric.name)}_created", sample.name):
            by_name.setdefault(sample.name, []).append(sample)
    for name, samples in by_name.items():
        yield _family(name, kind, samples, set(), frozenset())


def _family(name: str, kind: MetricType, samples: list[Sample], without: set[str], parts: frozenset[str]) -> Family:
    sets = [sample.labels.keys() - without for sample in samples]
    every, common = set().union(*sets), set(sets[0]).intersection(*sets)
    return Family(name=name, type=kind, labels=frozenset(common), some=frozenset(every - common), parts=parts)
