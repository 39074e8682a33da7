"""How long each stage of the pipeline takes, recorded once of what the stages' systems measure.

A system of its own because no other one knows the way from a change to its data. A stage without its system is left
out, so the map is of what there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from model.expr import Aggregation
from model.promql import matching, max_by, metric
from model.rule import RecordingRule, Signal
from model.system import System

NAME = "pipeline"
_RECORD = "dataops:pipeline_stage:time_seconds"


class Stage(NamedTuple):
    """``number`` orders stages in legends, which Grafana sorts by name; ``time`` is a signal in seconds."""

    number: int
    title: str
    system: str
    time: str | None = None

    @property
    def label(self) -> str:
        return f"{self.number:02} {self.title}"


# Portal -> Git -> Jenkins -> Argo CD -> Kubernetes, then application -> Iceberg -> storage (spec 60-dashboards 4.6).
STAGES = (
    Stage(1, "Portal", "probes", "probe_duration"),
    Stage(2, "Source control", "bitbucket"),
    Stage(3, "Build", "jenkins", "build_duration"),
    Stage(4, "Deployment", "argocd", "sync_duration"),
    Stage(5, "Start of pods", "kubernetes", "pod_start_time"),
    Stage(6, "Airflow", "airflow", "run_duration"),
    Stage(7, "Spark", "spark", "application_duration"),
    Stage(8, "Trino", "trino", "query_wall_time_p95"),
    Stage(9, "Metastore", "hive_metastore", "response_p95"),
    Stage(10, "Iceberg", "iceberg", "commit_lag"),
    Stage(11, "Object storage", "minio"),
)
_LEGS = (
    ("time_to_kubernetes", "From the portal to Kubernetes", STAGES[:5]),
    ("time_to_storage", "From the application to storage", STAGES[5:]),
)


def pipeline(systems: Sequence[System]) -> System:
    """A system of its own, without rules where no stage has a time."""
    signals = {(system.name, signal.name): signal for system in systems for signal in system.signals}
    timed = [(s, found) for s in STAGES if s.time and (found := signals.get((s.system, s.time))) is not None]
    stages = [stage for stage, _ in timed]
    return System(
        name=NAME,
        title="Pipeline",
        interval="1m",  # stages take minutes, and three pages read them over days
        scrapes=(),
        signals=tuple(_signals(stages)) if stages else (),
        records=tuple(
            RecordingRule(record=_RECORD, expr=max_by(signal.query), labels={"stage": stage.label}, where=signal.where)
            for stage, signal in timed
        ),
    )


def _signals(stages: Sequence[Stage]) -> Iterator[Signal]:
    yield Signal(
        name="stage_time",
        title="Time by stage",
        description="How long the slowest object of each stage took lately: a build, a deployment, a run, a query.",
        good="As long as yesterday: compare with the day before.",
        unit="s",
        expr=metric(_RECORD),
        legend="{{stage}}",
        maximum=3600,  # what pipelines are promised to take at most
    )
    yield Signal(
        name="bottleneck",
        title="Bottleneck",
        description="The stage that takes longest.",
        good="The one that does the work: jobs, not the start of their pods.",
        unit="s",
        expr=Aggregation("topk", metric(_RECORD), ("cluster",), 1),
        legend="{{stage}}",
    )
    for name, title, leg in _LEGS:
        if there := [stage.label for stage in leg if stage in stages]:
            yield Signal(
                name=name,
                title=title,
                description="How long each stage of this part of the way took lately, in their order.",
                good="As long as yesterday. A stage without a time of its own is left out.",
                unit="s",
                expr=metric(_RECORD, matching("stage", "|".join(there))),
                legend="{{stage}}",
            )
