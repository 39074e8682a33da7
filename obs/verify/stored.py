"""What Prometheus has of one job at the moment, asked for with a handful of queries whatever its size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from model.expr import Matcher, Selector
from model.promql import eq, ne
from obs.verify.client import Server

# A job of kube-state-metrics has 300,000 series in a large cluster; its answer would be 100 MB.
WHOLE = 20_000
"""Series of a job that are fetched whole; of a larger one SAMPLE series of each metric are looked at."""
SAMPLE = 20
_NAME = "__name__"


@dataclass(frozen=True)
class Stored:
    """``counts``: metric -> number of series. ``labels``: metric -> labels that its series have.

    In a large job ``labels`` come from a sample, and ``confirm`` asks which metrics have a label on any series.
    """

    counts: Mapping[str, int]
    labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    confirm: Callable[[str], frozenset[str]] | None = None

    def with_label(self, label: str, names: Iterable[str]) -> frozenset[str]:
        """Those of the metrics that have the label on some series."""
        wanted = frozenset(names)
        seen = frozenset(name for name in wanted if label in self.labels.get(name, ()))
        return seen if self.confirm is None or seen == wanted else seen | (self.confirm(label) & wanted)


def stored(prometheus: Server, job: str, cluster: Matcher) -> Stored:
    """What a job has. Raises Unreachable or Refused."""
    every = Selector("", (eq("job", job), cluster))
    counts = {
        one.labels[_NAME]: int(one.values[-1])
        for one in prometheus.query(f"count by ({_NAME}) ({every})")
        if _NAME in one.labels
    }
    if not counts:
        return Stored({})
    small = sum(counts.values()) <= WHOLE
    # topk is about values elsewhere; here it only takes some series of each metric.
    found = prometheus.query(str(every) if small else f"topk by ({_NAME}) ({SAMPLE}, {every})")
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for one in found:
        labels[one.labels[_NAME]].update(label for label in one.labels if label != _NAME)

    def confirm(label: str) -> frozenset[str]:
        having = prometheus.query(f"group by ({_NAME}) ({every.where(ne(label, ''))})")
        return frozenset(one.labels[_NAME] for one in having)

    return Stored(counts, {name: frozenset(have) for name, have in labels.items()}, None if small else confirm)
