"""Objectives go to OpenSLO and come back, and what cannot be kept is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from stack_settings import error_of
from stacks import run

from model.expr import Binary, Expr
from model.promql import call, count_by, eq, matching, metric, sum_by
from model.promql_text import parsed
from model.sli import slower_than
from model.slo import Slo
from slo.openslo import document, read, read_all
from slo.openslo_schema import MINIMUM_EVENTS, MINIMUM_OBJECTS, WORK
from slo.rules import compile_slo

TOTAL = metric("http_requests_total", eq("app", "shop"))
SLO = Slo(
    name="shop_availability",
    title="Shop",
    description="Share of requests that are answered.",
    objective=0.995,
    window="30d",
    bad=TOTAL.where(matching("status", "5..")),
    total=TOTAL,
    component="shop",
    minimum_events=25,
)
SLOW = slower_than(metric("http_seconds_bucket"), 0.5)
LATENCY = replace(SLO, name="shop_latency", bad=SLOW, total=sum_by(metric("x")))


def written(tmp_path: Path, *documents: dict[str, Any]) -> Path:
    path = tmp_path / "objectives.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    return path


@pytest.mark.parametrize("slo", [SLO, LATENCY], ids=lambda slo: slo.name)
def test_what_is_written_is_read_again(slo: Slo, tmp_path: Path) -> None:
    (again,) = read(written(tmp_path, document(slo)), "objectives.yaml")
    assert again == slo
    assert (str(again.bad), str(again.total)) == (str(slo.bad), str(slo.total))
    assert str(again.where) == "objectives.yaml:1"


def test_good_events_are_turned_into_bad_ones(tmp_path: Path) -> None:
    given = document(SLO)
    ratio = given["spec"]["indicator"]["spec"]["ratioMetric"]
    ratio["good"] = ratio.pop("bad")
    (slo,) = read(written(tmp_path, given), "o.yaml")
    assert isinstance(slo.bad, Binary)
    assert slo.bad.op == "-"


def test_the_workbook_s_week_is_seven_days(tmp_path: Path) -> None:
    given = document(SLO)
    given["spec"]["timeWindow"][0]["duration"] = "1w"
    assert read(written(tmp_path, given), "o.yaml")[0].window == "7d"


def change(path: str, value: object) -> dict[str, Any]:
    given = document(SLO)
    *above, last = path.split(".")
    part: Any = given
    for key in above:
        part = part[int(key)] if key.isdigit() else part[key]
    part[last] = value
    return given


RATIO = "spec.indicator.spec.ratioMetric"
ANNOTATIONS = "metadata.annotations"
QUERY = {"metricSource": {"type": "Prometheus", "spec": {"query": "table_age_seconds"}}}


def threshold(objective: dict[str, object], annotations: dict[str, str] | None = None) -> dict[str, Any]:
    given = change("spec.indicator.spec", {"thresholdMetric": QUERY})
    given["spec"]["objectives"] = [{"target": 0.95, **objective}]
    given["metadata"]["annotations"] = annotations or {}
    return given


@pytest.mark.parametrize(("op", "bad"), [("lte", ">"), ("lt", ">="), ("gte", "<"), ("gt", "<=")])
def test_of_a_threshold_the_objects_beyond_it_are_bad(op: str, bad: str, tmp_path: Path) -> None:
    (slo,) = read(written(tmp_path, threshold({"op": op, "value": 7200})), "o.yaml")
    assert str(slo.bad) == f"count by (cluster) (table_age_seconds {bad} 7200)"
    assert str(slo.total) == "count by (cluster) (table_age_seconds)"
    assert slo.minimum_objects == 1
    again = document(slo)
    assert again["spec"]["indicator"]["spec"] == {"thresholdMetric": QUERY}
    assert again["spec"]["objectives"] == [{"target": 0.95, "op": op, "value": 7200}]


@pytest.mark.parametrize("objective", [{}, {"op": "lte"}, {"value": 1}])
def test_a_threshold_needs_both_its_sides(objective: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"needs op \(lte, lt, gte, gt\) and value"):
        read(written(tmp_path, threshold(objective)), "o.yaml")


def test_a_threshold_counts_objects_not_events(tmp_path: Path) -> None:
    given = threshold({"op": "lte", "value": 1}, {"dataops.io/minimum-events": "5"})
    with pytest.raises(ValueError, match=r"give dataops\.io/minimum-objects instead"):
        read(written(tmp_path, given), "o.yaml")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("apiVersion", "openslo/v2alpha", "apiVersion: must be one of 'openslo/v1'"),
        ("kind", "Service", "kind: must be one of 'SLO'"),
        ("metadata.name", "Shop Availability", "metadata.name: must be a name such as order-latency"),
        ("spec.timeWindow.0.duration", "90d", "90d has no burn rates; allowed: 30d, 7d, 24h"),
        ("spec.timeWindow.0.isRolling", False, "isRolling"),
        ("spec.budgetingMethod", "Timeslices", "budgetingMethod: must be one of 'Occurrences'"),
        ("spec.objectives.0.target", 1, "target"),
        ("spec.objectives.0.op", "lte", "op and value belong to a thresholdMetric"),
        ("spec.objectives.0.timeSliceTarget", 0.9, "timeSliceTarget: unknown key"),
        ("spec.indicator.spec.ratioMetric", None, "give either ratioMetric or thresholdMetric"),
        ("spec.indicator.spec.thresholdMetric", QUERY, "give either ratioMetric or thresholdMetric"),
        ("spec.alertPolicies", ["page"], "alertPolicies"),
        (f"{RATIO}.good", {"metricSource": {"type": "Prometheus", "spec": {"query": "x"}}}, "either good or bad"),
        (f"{RATIO}.bad.metricSource.spec.query", "rate(x[5m])", "the query is a counter and its labels"),
        (f"{RATIO}.bad.metricSource.spec.query", "x{", "bad: is not PromQL"),
        (f"{RATIO}.counter", False, "gives events per second"),
        (f"{RATIO}.bad.metricSource.type", "Datadog", "metricSource.type"),
        (ANNOTATIONS, {MINIMUM_EVENTS: "nan"}, f"{ANNOTATIONS}.{MINIMUM_EVENTS}: must be a number above 0, such as 25"),
        (ANNOTATIONS, {MINIMUM_EVENTS: "-3"}, f"{ANNOTATIONS}.{MINIMUM_EVENTS}: must be a number above 0"),
        (ANNOTATIONS, {MINIMUM_OBJECTS: "many"}, f"{ANNOTATIONS}.{MINIMUM_OBJECTS}: must be a number above 0"),
        (ANNOTATIONS, {MINIMUM_EVENTS: "inf"}, "must be a number above 0"),
        (ANNOTATIONS, {MINIMUM_EVENTS: 25}, f"{ANNOTATIONS}.{MINIMUM_EVENTS}: must be a valid string"),
        (ANNOTATIONS, {WORK: "yes"}, f"{ANNOTATIONS}.{WORK}: must be true or false"),
        (ANNOTATIONS, {"dataops.io/minimum-event": "3"}, f"unknown key; did you mean '{MINIMUM_EVENTS}'?"),
    ],
)
def test_what_cannot_be_kept_is_refused(path: str, value: object, says: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"o\.yaml, document 1") as caught:
        read(written(tmp_path, change(path, value)), "o.yaml")
    assert says in str(caught.value)


def test_every_problem_of_a_file_is_said_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, change("kind", "Service"), change("spec.service", ""), document(SLO), document(SLO))
    with pytest.raises(ValueError, match="document 1") as caught:
        read(path, "o.yaml")
    assert "document 2: spec.service" in str(caught.value)
    assert "two objectives are named 'shop_availability'" in str(caught.value)
    with pytest.raises(ValueError, match="cannot be read"):
        read(tmp_path / "none.yaml", "none.yaml")


@pytest.mark.parametrize(
    "expr",
    [
        sum_by(metric("a", eq("b", 'c"d')), "e") / (count_by(metric("f")) > 0),
        Binary("*", metric("a"), metric("b"), ("cluster", "c"), ("d",)),
        Binary("unless", metric("a").ago("1h"), call("deriv", metric("b").over("5m")), ("cluster",)),
    ],
    ids=str,
)
def test_text_becomes_the_parts_that_it_was_made_of(expr: Expr) -> None:
    assert parsed(str(expr)) == expr


def test_an_aggregation_without_labels_keeps_the_cluster() -> None:
    assert str(parsed("sum(rate(x[5m]))")) == "sum by (cluster) (rate(x[5m]))"


@pytest.mark.parametrize(
    "text",
    [
        "-x",
        "sum without (a) (x)",
        "a > bool 1",
        "a + ignoring (b) c",
        "a * on (b) group_right c",
        "x[5m:1m]",
        "x @ end()",
    ],
)
def test_what_has_no_typed_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"understood here|use `by`|neither @"):
        parsed(text)


def test_a_stack_has_the_objectives_of_its_files(tmp_path: Path) -> None:
    argocd = metric("argocd_app_sync_total")
    mine = replace(SLO, name="syncs", bad=argocd.where(eq("phase", "Failed")), total=argocd)
    path = written(tmp_path, document(mine))
    found, problems = read_all(tmp_path, [path.name], ["deployment_success"])
    assert ([slo.name for slo in found], problems) == (["syncs"], [])
    rules = compile_slo(found[0])
    assert {rule.labels["slo"] for rule in rules.group.rules} == {"syncs"}


def test_a_file_that_is_wrong_or_takes_a_name_is_a_problem_of_the_settings(tmp_path: Path) -> None:
    path = written(tmp_path, document(SLO))
    _, problems = read_all(tmp_path, [path.name, path.name, "none.yaml"], [])
    assert problems == [
        "objectives: objectives.yaml: objective 'shop_availability' is there already, by a system or another file",
        "objectives: none.yaml: cannot be read: No such file or directory",
    ]
    assert "objectives: none.yaml: cannot be read" in error_of({"objectives": ["none.yaml"]})
    assert "objectives[0]: must be the path of a YAML file" in error_of({"objectives": ["../secret.yaml"]})


def test_every_objective_of_the_stacks_can_be_written_and_read(tmp_path: Path) -> None:
    slos = [objective.slo for objective in run("prod").namespace["plan"].objectives]
    assert slos
    again = read(written(tmp_path, *map(document, slos)), "o.yaml")
    assert [(s.name, str(s.bad), str(s.total)) for s in again] == [(s.name, str(s.bad), str(s.total)) for s in slos]
