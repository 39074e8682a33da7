"""What is promised of DAG runs (spec 40-slo O05, O06, O10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from model.expr import Expr, Matcher
from model.promql import eq, metric, not_matching, rate, sum_by
from model.quantity import seconds
from model.sli import WINDOW, events
from model.slo import Slo
from systems.airflow.signals import DURATION, FAILED, NEVER_YET
from systems.objectives import InTime

if TYPE_CHECKING:
    from systems.airflow import Settings

_ENDED_WELL = metric(f"{DURATION}_count", may_be_absent=NEVER_YET)
_FAILURES = metric(f"{FAILED}_count", may_be_absent=NEVER_YET)


def objectives(settings: Settings) -> Iterator[Slo]:
    if settings.success_objective is not None:
        yield Slo(
            name="airflow_success",
            title="DAG run success",
            description="Share of the DAG runs that end and succeed.",
            objective=settings.success_objective,
            window="24h",
            bad=events(_FAILURES),
            total=events(_ENDED_WELL, _FAILURES),
            component="airflow",
            minimum_events=settings.minimum_runs,
            work=True,
        )
    if settings.latency is not None:
        yield Slo(
            name="pipeline_latency",
            title="Pipelines in time",
            description=f"Share of the DAG runs that take no longer than their SLA, or {settings.latency.limit}.",
            objective=settings.latency.objective,
            window="24h",
            bad=_late(settings.latency, settings.sla),
            total=events(_ENDED_WELL),
            component="airflow",
            minimum_events=settings.minimum_runs,
        )


def _late(latency: InTime, sla: Mapping[str, str]) -> Expr:
    """Runs per second that took too long.

    A timer keeps no single run: those of a DAG that ended in the same 5 minutes, mostly one, are judged by their mean.
    """
    limits: list[tuple[tuple[Matcher, ...], str]] = [((eq("dag_id", dag),), limit) for dag, limit in sla.items()]
    others = (not_matching("dag_id", "|".join(sla)),) if sla else ()
    return sum_by(reduce(or_, (_over(limit, *which) for which, limit in (*limits, (others, latency.limit)))))


def _over(limit: str, *which: Matcher) -> Expr:
    ended = sum_by(rate(_ENDED_WELL.where(*which), WINDOW), "dag_id")
    taken = sum_by(rate(metric(f"{DURATION}_sum", *which, may_be_absent=NEVER_YET), WINDOW), "dag_id")
    return ended & (taken / (ended > 0) > seconds(limit))
