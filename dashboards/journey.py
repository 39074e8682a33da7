"""The way of a change and of data through the platform, made of what each stage's system measures.

A stage without its system is left out, so the map is of what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from dashboards.signals import labelled
from model.expr import Aggregation, Expr
from model.limits import attained, under
from model.promql import avg_by, eq, matching, metric, min_by, sum_by
from model.rule import Signal
from model.system import System
from systems.pipeline import STAGES

_SUCCESS = (
    ("Airflow", "airflow", "success_rate_24h"),
    ("Jenkins", "jenkins", "build_success_24h"),
    ("Spark", "spark", "success_rate_24h"),
    ("Trino", "trino", "query_success_rate_24h"),
)
_ENDED = (
    ("Airflow", "airflow", "runs_ended_1h"),
    ("Spark", "spark", "applications_ended_1h"),
    ("Trino, in 15 minutes", "trino", "queries_ended_15m"),
)


def journey(systems: Iterable[System]) -> dict[str, Signal]:
    """Signals by the names under which pages ask for them; those of which the stack has no part are left out."""
    by_name = {s.name: {signal.name: signal for signal in s.signals} for s in systems}
    jobs = {s.name: sorted({scrape.job for scrape in s.scrapes}) for s in systems}
    found = (
        _reached({stage.label: jobs[stage.system] for stage in STAGES if jobs.get(stage.system)}),
        _success(_of(by_name, _SUCCESS, min_by)),
        _ended(_of(by_name, _ENDED, sum_by)),
        _used(by_name),
    )
    return {f"platform.{signal.name}": signal for signal in found if signal is not None}


def _of(
    by_name: Mapping[str, Mapping[str, Signal]],
    wanted: Iterable[tuple[str, str, str]],
    by: Callable[[Expr], Aggregation],
) -> dict[str, Expr]:
    return {
        title: by(signal.query)
        for title, system, name in wanted
        if (signal := by_name.get(system, {}).get(name)) is not None
    }


def _reached(jobs: Mapping[str, list[str]]) -> Signal | None:
    def share(names: list[str]) -> Aggregation:
        only = eq("job", names[0]) if len(names) == 1 else matching("job", "|".join(names))
        return avg_by(metric("up", only))

    if not jobs:
        return None
    return Signal(
        name="stages_up",
        title="Pipeline map",
        description="The stages of the pipeline in their order, each with the share of its targets that answer.",
        good="100 % everywhere. A stage that is missing here has no target at all.",
        unit="percentunit",
        expr=labelled({title: share(names) for title, names in jobs.items()}, "stage"),
        legend="{{stage}}",
        maximum=1,
        limits=under(warning=1, high=0.5),
    )


def _success(parts: Mapping[str, Expr]) -> Signal | None:
    if not parts:
        return None
    return Signal(
        name="job_success",
        title="Job success in 24 hours",
        description="Share of what ended well in 24 hours: DAG runs, builds, applications, queries.",
        good="98 % or more.",
        unit="percentunit",
        expr=labelled(parts, "kind"),
        legend="{{kind}}",
        maximum=1,
        limits=attained(0.98),  # spec 60-dashboards 4.3
    )


def _ended(parts: Mapping[str, Expr]) -> Signal | None:
    if not parts:
        return None
    return Signal(
        name="jobs_ended",
        title="Jobs that ended in an hour",
        description="DAG runs, applications and queries that ended in the last hour, well or not.",
        good="As many as at this hour yesterday.",
        unit="short",
        expr=labelled(parts, "kind"),
        legend="{{kind}}",
    )


def _used(by_name: Mapping[str, Mapping[str, Signal]]) -> Signal | None:
    idle = by_name.get("kubernetes", {}).get("idle_resources")
    if idle is None:
        return None
    return Signal(
        name="utilisation",
        title="Platform utilisation",
        description="Share of what workloads request that they use, mean over namespaces.",
        good="Above 80 %: less than a fifth is idle.",
        unit="percentunit",
        expr=1 - avg_by(idle.query, "resource"),
        legend="{{resource}}",
        maximum=1,
        limits=under(warning=0.8, medium=0.7),
    )
