"""What of OpenSLO (openslo/v1) is understood: documents of kind SLO, and the annotations of this program."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from model.config import form
from model.problems import did_you_mean
from model.sli import Good

VERSION = "openslo/v1"
_OURS = "dataops.io/"
MINIMUM_EVENTS = "dataops.io/minimum-events"
"""Annotation: the number of events in a window below which no alert fires."""
MINIMUM_OBJECTS = "dataops.io/minimum-objects"
"""Annotation of an objective that counts objects: how many there must be on average."""
WORK = "dataops.io/work"
"""Annotation: "true" where the platform's overall success adds these events up."""
LEAST = {"minimum_events": MINIMUM_EVENTS, "minimum_objects": MINIMUM_OBJECTS}


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Query(Part):
    query: str = Field(min_length=1)


class Source(Part):
    type: Literal["Prometheus", "prometheus"]
    spec: Query


class Metric(Part):
    metric_source: Source


class Ratio(Part):
    counter: bool
    total: Metric
    good: Metric | None = None
    bad: Metric | None = None


class IndicatorSpec(Part):
    ratio_metric: Ratio | None = None
    threshold_metric: Metric | None = None


def _understood(annotations: dict[str, str]) -> dict[str, str]:
    """Of others' annotations nothing is known; ours say what they must be."""
    problems = [
        f".{key}: unknown key{did_you_mean(key, (*LEAST.values(), WORK))}"
        for key in annotations
        if key.startswith(_OURS) and key not in (*LEAST.values(), WORK)
    ]
    problems += [
        f".{key}: must be a number above 0, such as 25"
        for key in LEAST.values()
        if key in annotations and not _above_zero(annotations[key])
    ]
    if annotations.get(WORK, "true") not in ("true", "false"):
        problems.append(f".{WORK}: must be true or false")
    if problems:
        raise ValueError("\n".join(problems))
    return annotations


def _above_zero(text: str) -> bool:
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False


class Named(Part):
    name: Annotated[str, form(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", "a name such as order-latency")]
    display_name: str = ""
    annotations: Annotated[dict[str, str], AfterValidator(_understood)] = Field(default_factory=dict)
    labels: dict[str, str | list[str]] = Field(default_factory=dict)


class Indicator(Part):
    metadata: Named | None = None
    spec: IndicatorSpec


class TimeWindow(Part):
    duration: str
    is_rolling: Literal[True]


class Objective(Part):
    target: Annotated[float, Field(gt=0, lt=1)]
    op: Good | None = None
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None
    display_name: str = ""


class Spec(Part):
    service: str = Field(min_length=1)
    indicator: Indicator
    time_window: tuple[TimeWindow] = Field(min_length=1, max_length=1)
    objectives: tuple[Objective] = Field(min_length=1, max_length=1)
    budgeting_method: Literal["Occurrences"] = "Occurrences"
    description: str = ""
    alert_policies: tuple[()] = ()


class Document(Part):
    api_version: Literal["openslo/v1"]
    kind: Literal["SLO"]
    metadata: Named
    spec: Spec
