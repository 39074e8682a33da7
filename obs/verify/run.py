"""One verification: every check of one running stack."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.services import Services
from model.promql import matching
from obs.run import StackRun, run_stack
from obs.verify.choices import check_choices
from obs.verify.client import Refused, Server, Unreachable
from obs.verify.collector import check_collector
from obs.verify.contracts import check_contracts
from obs.verify.datasources import Urls, check_datasources
from obs.verify.finding import Finding, Result
from obs.verify.panels import check_panels
from obs.verify.promises import jobs
from obs.verify.queries import check_queries
from obs.verify.reads import reads
from obs.verify.roundtrip import check_roundtrip
from obs.verify.rules import check_rules
from obs.verify.stack import cluster_told, find_stack
from obs.verify.targets import check_targets


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What was compared. ``strict``: warnings count as defects too."""

    stack: str
    cluster: str
    prometheus: str
    at: str
    strict: bool
    results: tuple[Result, ...]

    @property
    def errors(self) -> int:
        return sum(result.count("error") for result in self.results)

    @property
    def warnings(self) -> int:
        return sum(result.count("warning") for result in self.results)

    @property
    def clean(self) -> bool:
        return self.errors == 0 and not (self.strict and self.warnings)

    def to_dict(self) -> dict[str, Any]:
        """One JSON document; docs/verify.md has its shape."""
        return {
            "stack": self.stack,
            "cluster": self.cluster,
            "prometheus": self.prometheus,
            "at": self.at,
            "strict": self.strict,
            "clean": self.clean,
            "errors": self.errors,
            "warnings": self.warnings,
            "checks": [
                {
                    "name": result.name,
                    "what": result.what,
                    "ok": result.ok,
                    "total": result.total,
                    "facts": dict(result.facts),
                    "findings": [finding.to_dict() for finding in result.findings],
                }
                for result in self.results
            ],
        }


def verify_running(
    urls: Urls,
    project: Path,
    *,
    stack: str | None = None,
    run: StackRun | None = None,
    strict: bool = False,
    choices: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Verification:
    """Compare what runs at ``urls`` with the plan of a stack; without ``stack`` Prometheus tells which.

    ``choices``: so many values of each variable of a dashboard are tried; None tries none but "All".
    ``run`` is the stack as it was deployed, where that is not as its file has it.
    ``say`` is told what is being done. Raises Unreachable where Prometheus does not answer, and ObsError where
    the stack cannot be told or run. A check that cannot be made is a finding.
    """
    with ExitStack() as servers:
        prometheus = servers.enter_context(Server(urls.prometheus, "Prometheus"))
        querier = servers.enter_context(Server(urls.querier, "Querier")) if urls.querier else None
        say("asking Prometheus")
        prometheus.query("vector(1)")
        told = cluster_told(prometheus)
        if run is None:
            name = stack or find_stack(prometheus, told, project)
            say(f"running stack {name}")
            run = run_stack(name, project)
        return Verification(
            stack=run.stack,
            cluster=run.settings.cluster.name,
            prometheus=prometheus.shown,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            strict=strict,
            results=_results(_Asked(prometheus, querier, urls, told, choices), run, say),
        )


@dataclass(frozen=True)
class _Asked:
    """``told`` is the cluster that Prometheus' own configuration names."""

    prometheus: Server
    querier: Server | None
    urls: Urls
    told: str | None
    choices: int | None


def _results(asked: _Asked, run: StackRun, say: Callable[[str], None]) -> tuple[Result, ...]:
    prometheus, querier = asked.prometheus, asked.querier
    plan, name = run.plan, run.settings.cluster.name
    # With nothing after the bar: a series without the label, should there be one, is the stack's too.
    # The name of a cluster (letters, digits, hyphens) means itself as a regular expression.
    cluster = matching("cluster", f"{name}|")
    readers, every = reads(plan), jobs(plan)
    checks: dict[str, Callable[[], Result]] = {
        "datasources": lambda: check_datasources(prometheus, asked.urls, name, asked.told, querier),
        "targets": lambda: check_targets(prometheus, plan, namespace=run.settings.namespace, cluster=name),
        "contracts": lambda: check_contracts(prometheus, every, cluster, readers),
        "rules": lambda: check_rules(prometheus, plan, name, querier),
        # As Grafana reads; what the Ruler records, Prometheus does not have.
        "panels": lambda: check_panels(querier or prometheus, plan, cluster),
    }
    if (first := asked.choices) is not None:
        checks["choices"] = lambda: check_choices(querier or prometheus, plan, cluster, first)
    if querier is not None and (mode := run.settings.thanos_mode) is not None:
        checks["queries"] = lambda: check_queries(querier, prometheus, every, cluster, mode)
    if run.settings.collector.enabled:
        services = Services(run.settings)
        tiers = (services.collector_gateway.name, services.collector_sampler.name)
        checks["collector"] = lambda: check_collector(prometheus, cluster, tiers)
    if asked.urls.otlp:
        checks["roundtrip"] = lambda: _roundtrip(asked.urls, run.settings.namespace)
    results = []
    for what, check in checks.items():
        say(f"checking {what}")
        results.append(_made(what, check))
    return tuple(results)


def _roundtrip(urls: Urls, namespace: str) -> Result:
    with ExitStack() as servers:
        collector, loki, tempo = (
            servers.enter_context(Server(url, kind)) if url else None
            for url, kind in ((urls.otlp, "Collector"), (urls.loki, "Loki"), (urls.tempo, "Tempo"))
        )
        assert collector is not None
        return check_roundtrip(collector, loki, tempo, namespace)


def _made(what: str, check: Callable[[], Result]) -> Result:
    try:
        return check()
    except (Refused, Unreachable) as error:
        finding = Finding(check=f"{what}/unanswered", severity="error", subject=what, message=str(error))
        return Result(name=what, what="could not be checked", total=1, ok=0, findings=(finding,))
