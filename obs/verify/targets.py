"""Targets: each monitor of the plan selects something, and everything that is selected answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from model.scrape import Endpoint, Scrape
from obs.verify.client import Server
from obs.verify.finding import Finding, Result
from plan import Plan

Target = Mapping[str, Any]


def check_targets(prometheus: Server, plan: Plan, *, namespace: str, cluster: str) -> Result:
    """Targets of ``cluster``, which is the stack's: a Thanos querier has those of others too.

    ``namespace`` is the stack's own: monitors of other namespaces are somebody else's.
    Raises Unreachable or Refused.
    """
    every = prometheus.data("/api/v1/targets", state="active")["activeTargets"]
    active = [target for target in every if target["labels"].get("cluster", cluster) == cluster]
    findings = [*_not_up(active, plan, namespace), *_selecting_nothing(active, plan)]
    dropped = _dropped(prometheus)
    if dropped:
        message = f"{dropped} discovered targets were dropped by relabeling: no monitor wanted them"
        findings.append(Finding(check="targets/dropped", severity="info", subject="discovery", message=message))
    up = sum(target["health"] == "up" for target in active)
    return Result(
        name="targets",
        what="targets up",
        total=len(active),
        ok=up,
        findings=tuple(findings),
        facts={"dropped": dropped, "jobs": sorted({job_of(target) for target in active})},
    )


def job_of(target: Target) -> str:
    return str(target["labels"].get("job", ""))


def _dropped(prometheus: Server) -> int | None:
    # The counts come without the targets themselves (thousands of them) when a pool is asked for that is not there.
    counts = prometheus.data("/api/v1/targets", state="dropped", scrapePool="-").get("droppedTargetCounts")
    return None if counts is None else sum(counts.values())


def _not_up(active: Sequence[Target], plan: Plan, namespace: str) -> Iterator[Finding]:
    scrapes = {scrape.job: scrape for system in plan.systems for scrape in system.scrapes}
    for target in sorted(active, key=lambda t: (job_of(t), t["scrapeUrl"])):
        if target["health"] == "up":
            continue
        job = job_of(target)
        scrape = scrapes.get(job)
        own = scrape is not None or _monitor_namespace(target) in (namespace, None)
        waiting = target["health"] == "unknown" and not target["lastError"]
        yield Finding(
            check="targets/down",
            severity="error" if own else "warning",
            subject=f"target {target['labels'].get('instance', '')} of job {job}",
            message=f"{target['scrapeUrl']}: " + ("not scraped yet" if waiting else target["lastError"] or "is down"),
            where=str(scrape.where) if scrape else None,
        )


def _monitor_namespace(target: Target) -> str | None:
    """The namespace in the pool's name as the operator writes it: ``serviceMonitor/<namespace>/<name>/<index>``."""
    parts = str(target.get("scrapePool", "")).split("/")
    return parts[1] if len(parts) == 4 else None


def _selecting_nothing(active: Sequence[Target], plan: Plan) -> Iterator[Finding]:
    for system in plan.systems:
        for scrape in system.scrapes:
            of_job = [target for target in active if job_of(target) == scrape.job]
            for endpoint in scrape.endpoints:
                if any(_is_of(target, endpoint) for target in of_job):
                    continue
                why = None if of_job else scrape.may_be_absent
                yield Finding(
                    check="targets/none",
                    severity="info" if why else "error",
                    subject=f"{scrape.kind} {scrape.name}, port {endpoint.port}, path {endpoint.path}",
                    message=_nothing(scrape, of_job, why),
                    where=str(scrape.where),
                )


def _nothing(scrape: Scrape, of_job: Sequence[Target], why: str | None) -> str:
    if why:
        return f"selects nothing at the moment: {why}"
    if of_job:
        others = sorted({f"{_port(target)} {_path(target)}" for target in of_job})
        return f"selects nothing; job {scrape.job} has only {', '.join(others)}"
    selector = ", ".join(f"{label}={value}" for label, value in scrape.selector.items())
    place = " in " + ", ".join(scrape.namespaces) if scrape.namespaces else ""
    wanted = f" (looks for {selector}{place})" if selector else ""
    return f"selects nothing{wanted}: job {scrape.job} has no target"


def _is_of(target: Target, endpoint: Endpoint) -> bool:
    return _path(target) == endpoint.path and _port(target) == endpoint.port


def _path(target: Target) -> str:
    """As configured: what relabeling makes of it (a proxy in between) does not matter."""
    return str(target["discoveredLabels"].get("__metrics_path__", ""))


def _port(target: Target) -> str:
    """The operator writes the name of the port into the label ``endpoint``."""
    return str(target["labels"].get("endpoint", ""))
