"""The collector: it is scraped, and what it took in the last minutes it also handed on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.expr import Matcher, Selector
from model.promql import eq
from obs.verify.client import Series, Server
from obs.verify.finding import Finding, Result, Severity
from systems.collector import GIVEN_UP, KINDS, NO_ROOM, QUEUE, REFUSED, ROOM

_WINDOW = "5m"
_FULL = 0.8


@dataclass(frozen=True)
class _Loss:
    """Counters of the collector, one of each kind of telemetry, that stand still in a healthy one."""

    check: str
    counter: str
    severity: Severity
    message: str


_LOSSES = (
    _Loss("refused", REFUSED, "warning", "were refused: senders have to try again"),
    _Loss("failed", GIVEN_UP, "error", "were given up by an exporter"),
    _Loss("dropped", NO_ROOM, "error", "found no place in the queue of an exporter"),
)


def check_collector(prometheus: Server, cluster: Matcher, tiers: Sequence[str]) -> Result:
    """``tiers`` are the names of its Services. Raises Unreachable or Refused."""
    findings = [*_absent(prometheus, cluster, tiers), *_lost(prometheus, cluster), *_waiting(prometheus, cluster)]
    bad = sum(finding.severity == "error" for finding in findings)
    total = len(tiers) + len(_LOSSES) + 1
    return Result(
        name="collector",
        what="tiers scraped, nothing lost",
        total=total,
        ok=max(0, total - bad),
        findings=tuple(findings),
    )


def _absent(prometheus: Server, cluster: Matcher, tiers: Sequence[str]) -> Iterator[Finding]:
    for tier in tiers:
        # Not by a metric of its own: a stack may store few of them.
        if not prometheus.query(f"count({Selector('up', (eq('service', tier), cluster))} > 0)"):
            yield _finding("absent", "error", tier, "Prometheus reaches none of its pods")


def _lost(prometheus: Server, cluster: Matcher) -> Iterator[Finding]:
    for loss in _LOSSES:
        for kind in KINDS.values():
            counter = Selector(loss.counter.format(kind), (cluster,))
            for series in prometheus.query(
                f"sum by (service, receiver, exporter) (increase({counter}[{_WINDOW}])) > 0"
            ):
                what = f"{series.values[-1]:.0f} {kind.replace('_', ' ')} in the last {_WINDOW}"
                yield _finding(loss.check, loss.severity, _subject(series), f"{what} {loss.message}")


def _waiting(prometheus: Server, cluster: Matcher) -> Iterator[Finding]:
    size, capacity = (Selector(name, (cluster,)) for name in (QUEUE, ROOM))
    for series in prometheus.query(f"max by (service, exporter) ({size} / {capacity}) > {_FULL}"):
        yield _finding("queue", "warning", _subject(series), f"its queue is {series.values[-1]:.0%} full")


def _subject(series: Series) -> str:
    labels = series.labels
    part = labels.get("exporter") or labels.get("receiver") or "a pipeline"
    return f"{part} of {labels.get('service', 'the collector')}"


def _finding(check: str, severity: Severity, subject: str, message: str) -> Finding:
    return Finding(check=f"collector/{check}", severity=severity, subject=subject, message=message)
