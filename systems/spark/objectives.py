"""What is promised of applications (spec 40-slo O03, O07)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from model.expr import Expr
from model.promql import call, count_by, length, matching, max_by, metric, rate, sum_by
from model.quantity import seconds
from model.sli import WINDOW, plus
from model.slo import Slo
from systems.spark.signals import FAILED, SUCCEEDED, settled

if TYPE_CHECKING:
    from systems.spark import Settings


def objectives(settings: Settings, *, kubernetes: bool) -> Iterator[Slo]:
    """``kubernetes``: whether the stack watches pods, which alone tell how long a single application took."""
    if settings.success_objective is not None:
        failed, succeeded = (sum_by(settled(rate(counter, WINDOW), WINDOW)) for counter in (FAILED, SUCCEEDED))
        yield Slo(
            name="spark_success",
            title="Spark job success",
            description="Share of the applications that end and succeed, as the operator counts them.",
            objective=settings.success_objective,
            window="24h",
            bad=failed,
            total=plus(failed, succeeded),
            component="spark",
            # One failure of 30 is below 4 %, the rate that the milder pair of a 24 h budget of 2 % tells.
            minimum_events=30,
            work=True,
        )
    if settings.latency is not None and kubernetes:
        ended, took = _ended(settings.namespaces)
        yield Slo(
            name="spark_latency",
            title="Spark jobs in time",
            description=f"Share of the applications whose driver runs no longer than {settings.latency.limit}.",
            objective=settings.latency.objective,
            window="24h",
            bad=_per_second((took > seconds(settings.latency.limit)) & ended),
            total=_per_second(took & ended),
            component="spark",
            minimum_events=20,
        )


def _ended(namespaces: tuple[str, ...]) -> tuple[Expr, Expr]:
    """(drivers that ended in the window, seconds that each driver took). The operator itself adds up times alone."""
    drivers = (matching("namespace", "|".join(namespaces)), matching("pod", ".+-driver"))
    end, start = (
        max_by(metric(f"kube_pod_{what}_time", *drivers, may_be_absent="no driver may be there"), "namespace", "pod")
        for what in ("completion", "start")
    )
    return call("time") - end < length(WINDOW), end - start


def _per_second(drivers: Expr) -> Expr:
    """A driver that ended is counted for as long as the window, so a share of one each second."""
    return count_by(drivers) / length(WINDOW)
