"""Which values an expression can have, and what a comparison can therefore not tell."""

from __future__ import annotations

import math

import promql_parser as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from promql_samples import CATALOGUE, checks, expression, findings, only, recording

from obs.check.scope import Known, Scope
from obs.check.values import values
from obs.check.vector import Range

INF = math.inf
FAILED = "rate(spark_job_failed_total[5m])"


def of(text: str) -> tuple[float, float]:
    found = values(Scope(expression(text), Known(CATALOGUE)), pp.parse(text))
    return found.low, found.high


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spark_job_failed_total", (0, INF)),
        ("trino_query_duration_seconds_bucket", (0, INF)),
        ("kube_pod_info", (-INF, INF)),
        ("unheard_of", (-INF, INF)),
        ('{__name__=~"spark_job_.*_total"}', (0, INF)),
        ("up", (0, 1)),
        ("1 - avg(up)", (0, 1)),
        ("sum(up)", (0, INF)),
        ("count(kube_pod_info)", (1, INF)),
        ("group(kube_pod_info)", (1, 1)),
        ("-count(kube_pod_info)", (-INF, -1)),
        (f"{FAILED} * 2 + 3", (3, INF)),
        (f"{FAILED} / 4", (0, INF)),
        ("up / 4", (0, 0.25)),
        (f"{FAILED} / -1", (-INF, INF)),
        (f"1 / {FAILED}", (0, INF)),
        (f"{FAILED} or -up", (-1, INF)),
        ("up > 0", (math.nextafter(0, 1), 1)),
        ("0.5 <= up", (0.5, 1)),
        ("up > bool 0", (0, 1)),
        ("clamp_max(spark_job_failed_total, 5)", (0, 5)),
        ("clamp(kube_pod_info, 1, 2)", (1, 2)),
        ("abs(up - 3)", (2, 3)),
        ("ceil(up)", (0, INF)),
        ("avg_over_time(up[5m])", (0, 1)),
        ("sum_over_time(up[5m])", (0, INF)),
        ("max_over_time(up[5m:1m])", (0, 1)),
        ("quantile_over_time(0.5, up[5m])", (0, 1)),
        ("label_replace(up, \"a\", \"b\", \"\", \"\")", (0, 1)),
        ("delta(up[5m])", (-INF, INF)),
        ("vector(3) % 2", (0, INF)),
        ("hour()", (0, 23)),
    ],
)  # fmt: skip
def test_what_an_expression_can_be(text: str, expected: tuple[float, float]) -> None:
    assert of(text) == expected


_NUMBERS = st.floats(-100, 100, allow_nan=False)
_PARTS = st.recursive(
    st.tuples(st.just("number"), _NUMBERS),
    lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner),
    max_leaves=5,
)


def _text(part: tuple) -> str:  # type: ignore[type-arg]
    return f"vector({part[1]:.12f})" if part[0] == "number" else f"({_text(part[1])} {part[0]} {_text(part[2])})"


def _value(part: tuple) -> float:  # type: ignore[type-arg]
    if part[0] == "number":
        return float(f"{part[1]:.12f}")
    left, right = _value(part[1]), _value(part[2])
    if part[0] == "/" and right == 0:
        return math.nan
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / right if right else 0}[part[0]]


@given(_PARTS)
def test_what_is_calculated_lies_in_the_range(part: tuple) -> None:  # type: ignore[type-arg]
    value = _value(part)
    low, high = of(_text(part))
    slack = 1e-6 * max(1.0, abs(value)) if not math.isnan(value) else 0
    assert math.isnan(value) or low - slack <= value <= high + slack


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spark_job_failed_total >= 0", ["promql/always-true"]),
        ("spark_job_failed_total != bool -1", ["promql/always-true"]),
        ("0 <= spark_job_failed_total", ["promql/always-true"]),
        ("count(kube_pod_info) > 0", ["promql/always-true"]),
        ("count(kube_pod_info == 1) > 0", []),  # whether there is any is asked inside
        ("absent(kube_pod_info) > 0", []),
        ("up == 1", []),
        ("up == 2", ["promql/never-true"]),
        ("up > 0 < 0", ["promql/never-true"]),
        (f"{FAILED} / {FAILED} >= 0", ["promql/same-operands"]),
        (f"{FAILED} / rate(spark_job_succeeded_total[5m]) >= 0", []),
        (f"{FAILED} + 1 >= 1", ["promql/always-true"]),
        ("kube_pod_info >= 0", []),
        ("count(kube_pod_info) >= $least", []),  # 1 only in the check
        ("max(up) > on () group_left () max(up) + 1", ["promql/never-true"]),
    ],
)
def test_a_comparison_that_no_data_changes_is_told(text: str, expected: list[str]) -> None:
    assert checks(text) == expected


def test_what_a_rule_records_is_bounded_as_what_it_records() -> None:
    share = recording("a:b:share", "avg by (cluster) (up)")
    assert [f.check for f in findings(share, expression("a:b:share > 1"))] == ["promql/never-true"]
    assert findings(share, expression("a:b:share > 0.5")) == []
    other = recording("a:b:share", "max by (cluster) (node_memory_MemTotal_bytes)", "r.py:2", labels={"of": "memory"})
    named = recording("a:b:share", "avg by (cluster) (up)", labels={"of": "up"})
    assert findings(named, other, expression("a:b:share > 1")) == [], "several rules write it"


def test_the_message_says_what_it_always_is() -> None:
    assert "absent(kube_pod_info{}) is always 1" in only("absent(kube_pod_info) == 0").message
    assert "avg(up{}) is from 0 to 1" in only("avg(up) > 1").message
    assert "count(kube_pod_info{}) is 1 at least" in only("count(kube_pod_info) == 0").message
    assert Range(0, 1) | Range(2, 3, may_be_nan=True) == Range(0, 3, may_be_nan=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('kube_pod_info{node=~".*"}', ["promql/matches-everything"]),
        ('kube_pod_info{node=~"a|.*"}', ["promql/matches-everything"]),
        ('kube_pod_info{node=~"(?:.|\\n)*"}', ["promql/matches-everything"]),
        ('kube_pod_info{node=~"[^,]*"}', []),
        ('kube_pod_info{node=~".+"}', []),
        ('kube_pod_info{job=~".+"}', ["promql/matches-everything"]),
        ('kube_pod_info{instance!=""}', ["promql/matches-everything"]),
        ('kube_pod_info{node!=""}', []),
        ('kube_pod_info{node!~".*"}', ["promql/never-matches"]),
        ('kube_pod_info{node!~".+"}', []),
        ('kube_pod_info{node!~"a.*"}', []),
        ('kube_pod_info{node=~"$node"}', []),
        ('{__name__=~"spark_job_.+", job=~".+"}', ["promql/matches-everything"]),
    ],
)
def test_a_matcher_that_chooses_nothing_is_told(text: str, expected: list[str]) -> None:
    assert checks(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("absent(sum by (cluster) (up))", ["promql/absent"]),
        ("absent(sum without (pod) (up))", ["promql/absent"]),
        ("absent(sum(up))", []),
        ("absent(up or vector(0))", ["promql/absent"]),
        ("absent(sum(vector(1)) + 1)", []),
        ("absent(sum(vector(1)) + vector(1))", ["promql/absent"]),
        ("absent_over_time(absent(up)[5m:])", []),
        ("absent(absent_over_time(up[5m]))", ["promql/absent"]),
    ],
)
def test_absence_of_what_does_not_suit_is_told(text: str, expected: list[str]) -> None:
    assert checks(text) == expected


def test_a_text_with_a_label_that_absence_has_not_is_told() -> None:
    silent = 'absent(up{job=~"spark.*"})'
    assert checks(silent, "alert", templates=("{{ $labels.job }} is gone",)) == ["promql/lost-label"]
    assert checks('absent(up{job="spark-driver"})', "alert", templates=("{{ $labels.job }} is gone",)) == []


def test_a_divisor_may_be_guarded_without_need_and_a_condition_may_not() -> None:
    counted = "count by (cluster) (kube_pod_info)"
    assert checks(f"sum by (cluster) (up) / ({counted} > 0)") == []
    assert checks(f"sum by (cluster) (up) / ({counted} > 0.5)") == ["promql/always-true"]
    assert checks(f"sum by (cluster) (up) + ({counted} > 0)") == ["promql/always-true"]


def test_a_condition_is_found_although_the_same_text_guards_a_divisor() -> None:
    counted = "count by (cluster) (kube_pod_info) > 0"
    assert checks(f"sum by (cluster) (up) / ({counted}) and ({counted})") == ["promql/always-true"]
