"""Queries: what Grafana reads has everything that Prometheus has, and its stores are healthy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from model.expr import Matcher, Selector
from model.promql import eq
from obs.verify.client import Server
from obs.verify.finding import Finding, Result, listed
from obs.verify.promises import Job

Mode = Literal["sidecar", "receive"]
_KINDS: Mapping[Mode, tuple[str, ...]] = {
    "sidecar": ("sidecar", "store", "rule"),
    "receive": ("receive", "store", "rule"),
}
"""As Thanos names the kinds of its stores."""
_SINCE = 30.0
"""Seconds ago at which both are asked: what was scraped then has arrived wherever it is sent to."""
_ALL = {"dedup": "true", "partial_response": "false"}
"""Thanos' own parameters: one of the replicas, and an error rather than a part of the answer."""


def check_queries(querier: Server, prometheus: Server, jobs: Sequence[Job], cluster: Matcher, mode: Mode) -> Result:
    """``querier`` is a Thanos querier, or the query frontend before it. Raises Unreachable or Refused."""
    at = time.time() - _SINCE
    findings = [*_stores(querier, mode)]
    total = lacking = 0
    for job in jobs:
        query = f"count by (__name__) ({Selector('', (eq('job', job.name), cluster))})"
        stored, read = _counts(prometheus, query, at), _counts(querier, query, at, **_ALL)
        missing = sorted(name for name, count in stored.items() if read.get(name, 0) < count)
        total += len(stored)
        lacking += len(missing)
        if missing:
            what = (
                f"{len(missing)} of its {len(stored)} metrics have fewer series than in Prometheus: {listed(missing)}"
            )
            findings.append(
                Finding(
                    check="queries/series",
                    severity="error",
                    subject=f"job {job.name}",
                    message=what,
                    where=job.where,
                    names=tuple(missing),
                )
            )
    return Result(name="queries", what="metrics readable", total=total, ok=total - lacking, findings=tuple(findings))


def _counts(server: Server, query: str, at: float, **parameters: str) -> dict[str, int]:
    return {one.labels["__name__"]: int(one.values[-1]) for one in server.query(query, at, **parameters)}


def _stores(querier: Server, mode: Mode) -> Iterator[Finding]:
    stores: Mapping[str, Sequence[Mapping[str, Any]] | None] = querier.data("/api/v1/stores")
    for kind, found in sorted(stores.items()):
        for store in found or ():
            if store.get("lastError"):
                yield _finding("store", f"{kind} {store['name']}", f"does not answer: {store['lastError']}")
    for kind in _KINDS[mode]:
        if not stores.get(kind):
            yield _finding("kind", f"stores of {querier.shown}", f"there is no {kind} among them")


def _finding(check: str, subject: str, message: str) -> Finding:
    return Finding(check=f"queries/{check}", severity="error", subject=subject, message=message)
