"""Objectives as OpenSLO documents (openslo/v1), written and read.

A counter is a ratioMetric with ``counter: true``; else the queries give events per second. A thresholdMetric gives one
series for each object, good while ``op`` and ``value`` hold. What OpenSLO has no field for is an annotation. Everything
that this program cannot keep is refused rather than lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from model.expr import Expr, Selector
from model.problems import describe
from model.promql_text import parsed
from model.sli import beyond, events, threshold_of
from model.slo import Slo
from model.source import Site
from slo.openslo_schema import (
    LEAST,
    MINIMUM_EVENTS,
    MINIMUM_OBJECTS,
    VERSION,
    WORK,
    Document,
    IndicatorSpec,
    Metric,
    Objective,
    Ratio,
)
from slo.windows import BURNS

_SAME = {"1d": "24h", "1w": "7d"}


def document(slo: Slo) -> dict[str, Any]:
    """One objective as an OpenSLO document."""
    indicator, limit = _indicator(slo)
    return {
        "apiVersion": VERSION,
        "kind": "SLO",
        "metadata": {
            "name": slo.name.replace("_", "-"),
            "displayName": slo.title,
            "annotations": _annotations(slo),
        },
        "spec": {
            "description": slo.description,
            "service": slo.component,
            "indicator": {"metadata": {"name": slo.name.replace("_", "-")}, "spec": indicator},
            "timeWindow": [{"duration": slo.window, "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"target": slo.objective, **limit}],
        },
    }


def _indicator(slo: Slo) -> tuple[dict[str, Any], dict[str, Any]]:
    """What it says, and what it adds to the objective."""
    if slo.minimum_objects and (limit := threshold_of(slo.bad, slo.total)):
        objects, op, value = limit
        return {"thresholdMetric": _metric(objects, counter=True)}, {"op": op, "value": value}
    counter = isinstance(slo.bad, Selector) and isinstance(slo.total, Selector)
    sides = {name: _metric(side, counter=counter) for name, side in (("bad", slo.bad), ("total", slo.total))}
    return {"ratioMetric": {"counter": counter, **sides}}, {}


def _annotations(slo: Slo) -> dict[str, str]:
    least = {MINIMUM_OBJECTS: slo.minimum_objects} if slo.minimum_objects else {MINIMUM_EVENTS: slo.minimum_events}
    return {key: f"{value:g}" for key, value in least.items()} | ({WORK: "true"} if slo.work else {})


def _metric(given: Expr, *, counter: bool) -> dict[str, Any]:
    query = given if counter or not isinstance(given, Selector) else events(given)
    return {"metricSource": {"type": "Prometheus", "spec": {"query": str(query)}}}


def read(path: Path, shown: str) -> tuple[Slo, ...]:
    """The objectives of a file of one or more documents; ``shown`` is what errors call it.

    Raises ValueError with a line for each problem: the file, the document, what is wrong, what is allowed.
    """
    try:
        documents = list(yaml.safe_load_all(path.read_text()))
    except OSError as error:
        raise ValueError(f"{shown}: cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{shown}: is not YAML: {error}") from None
    found, problems = [], []
    for number, raw in enumerate(documents, start=1):
        at = f"{shown}, document {number}"
        try:
            found.append(_slo(Document.model_validate(raw), Site(shown, 1)))
        except ValidationError as error:
            problems += [f"{at}: {line}" for line in describe(error, Document)]
        except ValueError as error:
            problems.append(f"{at}: {error}")
    problems += _twice(found, shown)
    if problems:
        raise ValueError("\n".join(problems))
    return tuple(found)


def read_all(project: Path, files: Iterable[str], taken: Iterable[str]) -> tuple[list[Slo], list[str]]:
    """The objectives of all files, paths below ``project``, and every problem: also names that are ``taken``."""
    found: list[Slo] = []
    problems: list[str] = []
    names = set(taken)
    for file in files:
        try:
            read_now = read(project / file, file)
        except ValueError as error:
            problems += str(error).split("\n")
            continue
        problems += [
            f"{file}: objective {slo.name!r} is there already, by a system or another file"
            for slo in read_now
            if slo.name in names
        ]
        names |= {slo.name for slo in read_now}
        found += read_now
    return found, [f"objectives: {line}" for line in problems]


def _twice(found: list[Slo], shown: str) -> Iterator[str]:
    names = [slo.name for slo in found]
    yield from (f"{shown}: two objectives are named {n!r}" for n in sorted({n for n in names if names.count(n) > 1}))


def _slo(document: Document, where: Site) -> Slo:
    spec = document.spec
    (window,), (objective,) = spec.time_window, spec.objectives
    length = _SAME.get(window.duration, window.duration)
    if length not in BURNS:
        raise ValueError(f"spec.timeWindow: {window.duration} has no burn rates; allowed: {', '.join(BURNS)}")
    said = document.metadata.annotations
    least = {f: float(said[a]) for f, a in LEAST.items() if a in said}
    bad, total = _counted(spec.indicator.spec, objective)
    if spec.indicator.spec.threshold_metric is not None:
        if MINIMUM_EVENTS in said:
            raise ValueError(f"metadata.annotations: a thresholdMetric counts objects: give {MINIMUM_OBJECTS} instead")
        least = {"minimum_objects": 1.0, **least}
    return Slo(
        name=document.metadata.name.replace("-", "_"),
        title=document.metadata.display_name or document.metadata.name,
        description=spec.description or "Read from OpenSLO.",
        objective=objective.target,
        window=length,
        bad=bad,
        total=total,
        component=spec.service,
        where=where,
        work=said.get(WORK) == "true",
        **least,
    )


def _counted(indicator: IndicatorSpec, objective: Objective) -> tuple[Expr, Expr]:
    ratio, threshold = indicator.ratio_metric, indicator.threshold_metric
    if (ratio is None) == (threshold is None):
        raise ValueError("spec.indicator.spec: give either ratioMetric or thresholdMetric")
    if ratio is not None:
        if objective.op or objective.value is not None:
            raise ValueError("spec.objectives.0: op and value belong to a thresholdMetric; a ratioMetric has none")
        return _sides(ratio)
    if not objective.op or objective.value is None:
        raise ValueError("spec.objectives.0: a thresholdMetric needs op (lte, lt, gte, gt) and value, in its unit")
    assert threshold is not None
    objects = _query(threshold, "spec.indicator.spec.thresholdMetric")
    return beyond(objects, objective.op, objective.value)


def _sides(ratio: Ratio) -> tuple[Expr, Expr]:
    if (ratio.good is None) == (ratio.bad is None):
        raise ValueError("spec.indicator.spec.ratioMetric: give either good or bad, beside total")
    total = _side(ratio.total, "total", counter=ratio.counter)
    if ratio.bad is not None:
        return _side(ratio.bad, "bad", counter=ratio.counter), total
    good = _side(ratio.good, "good", counter=ratio.counter)
    return _now(total) - _now(good), total


def _now(given: Expr) -> Expr:
    return events(given) if isinstance(given, Selector) else given


def _side(metric: Metric | None, name: str, *, counter: bool) -> Expr:
    assert metric is not None
    at = f"spec.indicator.spec.ratioMetric.{name}"
    expr = _query(metric, at)
    if counter and not (isinstance(expr, Selector) and expr.range is None and expr.offset is None):
        raise ValueError(f"{at}: with counter: true the query is a counter and its labels; rates are the program's")
    if not counter and isinstance(expr, Selector):
        raise ValueError(f"{at}: with counter: false the query gives events per second, such as sum(rate(x[5m]))")
    return expr


def _query(metric: Metric, at: str) -> Expr:
    try:
        return parsed(metric.metric_source.spec.query)
    except ValueError as error:
        raise ValueError(f"{at}: {error}") from None
