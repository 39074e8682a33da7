from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promql_samples import CONTRACTS, checks, expression, findings, only, recording, system

from model.scrape import Endpoint
from obs.check.catalogue import NATIVE_HISTOGRAMS, catalogue

COUNTER_FUNCTIONS = ["rate", "irate", "increase", "resets"]
COUNTERS = [
    "spark_job_failed_total[5m]",
    "spark_job_failed_total[1h:1m]",
    "spark_stage_duration_seconds_bucket[5m]",
    "spark_stage_duration_seconds_count[5m]",
    "spark_task_seconds_sum[5m]",
    "spark_odd[5m]",
    "(spark_job_failed_total * 8)[1h:1m]",
    "topk(3, spark_job_failed_total)[1h:1m]",
    'label_replace(spark_job_failed_total, "x", "y", "", "")[1h:1m]',
    "(spark_job_failed_total > 5)[1h:1m]",
]
GAUGES = [
    "kube_pod_info[5m]",
    "spark_task_seconds[5m]",
    "rate(spark_job_failed_total[5m])[1h:1m]",
    "sum by (app_id) (spark_job_failed_total)[1h:1m]",
    "(spark_job_failed_total + spark_job_succeeded_total)[1h:1m]",
    "(-spark_job_failed_total)[1h:1m]",
    "max_over_time(spark_job_failed_total[5m])[1h:1m]",
    "(spark_job_failed_total > bool 5)[1h:1m]",
]


@pytest.mark.parametrize("function", COUNTER_FUNCTIONS)
def test_rates_need_counters(function: str) -> None:
    assert [checks(f"{function}({c})") for c in COUNTERS] == [[]] * len(COUNTERS)
    assert [checks(f"{function}({g})") for g in GAUGES] == [["promql/type"]] * len(GAUGES)


@pytest.mark.parametrize("call", ["deriv({})", "delta({})", "idelta({})", "predict_linear({}, 3600)"])
def test_slopes_need_gauges(call: str) -> None:
    assert [checks(call.format(g)) for g in GAUGES] == [[]] * len(GAUGES)
    kept = [c for c in COUNTERS if "spark_odd" not in c]
    assert [checks(call.format(c)) for c in kept] == [["promql/type"]] * len(kept)


def test_the_finding_names_what_is_rated_and_what_to_use() -> None:
    finding = only("increase(kube_pod_info[10m])")
    assert "kube_pod_info (gauge, contract kube)" in finding.message
    assert finding.suggestion == "delta()"


def test_a_recorded_rate_is_a_gauge_and_a_recorded_counter_stays_one() -> None:
    rate = recording("job:failed:rate5m", "rate(spark_job_failed_total[5m])")
    (finding,) = findings(expression("rate(job:failed:rate5m[1h])"), rate)
    assert finding.check == "promql/type"
    assert "job:failed:rate5m, which records the result of rate()" in finding.message
    plain = recording("job:failed:total", 'spark_job_failed_total{app_id="x"}')
    assert findings(expression("rate(job:failed:total[1h])"), plain) == []


def test_recorded_buckets_may_be_recorded_again() -> None:
    first = recording("a:stage_bucket:rate5m", "sum by (le, cluster) (rate(spark_stage_duration_seconds_bucket[5m]))")
    second = recording("b:stage_bucket:rate5m", "sum by (le, cluster) (a:stage_bucket:rate5m)")
    panel = expression("histogram_quantile(0.9, b:stage_bucket:rate5m)")
    assert findings(panel, second, first) == []


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("sum by (le) (rate(spark_stage_duration_seconds_bucket[5m]))", None),
        ("rate(spark_stage_duration_seconds_bucket[5m])", None),
        ("sum by (le, app_id) (increase(spark_stage_duration_seconds_bucket[5m])) > 0", None),
        ("avg_over_time(sum by (le) (rate(spark_stage_duration_seconds_bucket[5m]))[1h:5m])", None),
        ("sum by (app_id) (rate(spark_stage_duration_seconds_bucket[5m]))", "lost"),
        ("sum by (le) (spark_stage_duration_seconds_bucket)", "needs a rate"),
        ("spark_stage_duration_seconds_bucket", "needs a rate"),
        ("rate(spark_stage_duration_seconds_sum[5m])", "needs histogram buckets"),
        ("spark_executor_memory_used_bytes", "needs histogram buckets"),
        ("count by (le) (rate(spark_stage_duration_seconds_bucket[5m]))", "needs histogram buckets"),
        ("sum by (app_id) (spark_odd)", "needs histogram buckets"),
    ],
)
def test_quantiles_need_rated_buckets_with_le(argument: str, problem: str | None) -> None:
    for function in ("histogram_quantile(0.95, {})", "histogram_fraction(0, 0.2, {})"):
        found = findings(expression(function.format(argument)))
        assert [f.check for f in found] == (["promql/type"] if problem else [])
        assert problem is None or problem in found[0].message


def test_native_histograms_have_no_le() -> None:
    endpoint = Endpoint(port="ui", contract="spark", optins=frozenset({NATIVE_HISTOGRAMS}))
    known = catalogue([system("spark", endpoint)], CONTRACTS.__getitem__)
    good = "histogram_quantile(0.9, sum by (app_id) (rate(spark_stage_duration_seconds[5m])))"
    assert findings(expression(good), known=known) == []
    bad = "histogram_quantile(0.9, spark_stage_duration_seconds)"
    assert [f.check for f in findings(expression(bad), known=known)] == ["promql/type"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("time() - airflow_scheduler_heartbeat", ["promql/type"]),
        ("(time()) - max_over_time((airflow_scheduler_heartbeat)[5m:1m])", []),
        ("time() - kube_pod_info", []),
        ("time() - rate(airflow_scheduler_heartbeat[5m])", []),
    ],
)
def test_a_counter_is_no_point_in_time(text: str, found: list[str]) -> None:
    assert checks(text) == found


@pytest.mark.parametrize("text", ['"x"', "kube_pod_info[5m]", "(kube_pod_info[5m:1m])"])
def test_a_rule_needs_a_number(text: str) -> None:
    assert checks(text, "alert") == ["promql/type"]


@pytest.mark.parametrize(
    "text",
    [
        "count(kube_pod_info > 600 and kube_pod_status_phase == 'Running') > 5",
        "sum(kube_pod_info",
        "rate(kube_pod_info)",
        "nofunction(kube_pod_info)",
        "",
    ],
)
def test_what_does_not_parse_is_one_finding(text: str) -> None:
    assert checks(text, "alert") == ["promql/parse"]


def test_what_the_parser_takes_and_prometheus_refuses_is_found() -> None:
    assert checks('kube_pod_info{node="a" or node="b"}') == ["promql/parse"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kube_pod_info / 0", True),
        ("kube_pod_info % (1 - 1)", True),
        ("kube_pod_info > NaN", True),
        ("(0 / 0) * kube_pod_info", True),
        ("histogram_quantile(95, rate(spark_stage_duration_seconds_bucket[5m]))", True),
        ("quantile(-0.1, kube_pod_info)", True),
        ("quantile_over_time(99, kube_pod_info[5m])", True),
        ("kube_pod_info / 2", False),
        ("kube_pod_info * 0", False),
        ("kube_pod_info / (2 ^ 10)", False),
        ("quantile(1, kube_pod_info)", False),
        ("quantile_over_time(0.99, kube_pod_info[5m])", False),
    ],
)
def test_what_can_never_be_a_number_is_found(text: str, found: bool) -> None:
    assert set(checks(text)) == ({"promql/always-nan"} if found else set())


@given(st.floats(0, 1))
def test_every_quantile_from_0_to_1_is_fine(quantile: float) -> None:
    assert checks(f"quantile({quantile!r}, kube_pod_info)") == []


def test_a_percentage_as_quantile_names_the_fraction() -> None:
    assert only("quantile(95, kube_pod_info)").suggestion == "0.95"


@pytest.mark.parametrize(
    "text",
    [
        "limitk(2, kube_pod_info)",
        "mad_over_time(kube_pod_info[5m])",
        'sort_by_label(kube_pod_info, "pod")',
        "kube_pod_info + fill(0) kube_pod_info",
    ],
)
def test_what_needs_a_feature_flag_is_found(text: str) -> None:
    assert checks(text) == ["promql/experimental"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('kube_pod_info{node="a", node="b"}', True),
        ('kube_pod_info{node="a", node!="a"}', True),
        ('kube_pod_info{node="a", node=~"b.*"}', True),
        ('kube_pod_info{node!~"a.*", node="ab"}', True),
        ('kube_pod_info{node="a", node=~"a.*"}', False),
        ('kube_pod_info{node=~"a.*", node!="ab"}', False),
        ('kube_pod_info{node="a", node="$node"}', False),
    ],
)
def test_matchers_that_exclude_each_other_are_found(text: str, found: bool) -> None:
    assert checks(text) == (["promql/never-matches"] if found else [])


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ('pipeline_duration_seconds{stage="*"}', 'stage=~".*"'),
        ('pipeline_duration_seconds{stage="spark.*"}', 'stage=~"spark.*"'),
        ('pipeline_duration_seconds{stage!="spark|airflow"}', 'stage!~"spark|airflow"'),
        ('pipeline_duration_seconds{stage=~"spark"}', None),
        ('pipeline_duration_seconds{stage="a|"}', None),
        ('pipeline_duration_seconds{stage="/api/*"}', None),
        ('pipeline_duration_seconds{stage="$stage.*"}', None),
    ],
)
def test_a_regular_expression_compared_literally_is_found(text: str, suggestion: str | None) -> None:
    found = findings(expression(text))
    assert [(f.check, f.suggestion) for f in found] == ([("promql/literal-regex", suggestion)] if suggestion else [])


@pytest.mark.parametrize(
    ("value", "suggestion"), [("^spark", "spark"), ("spark$", "spark"), ("^a|b$", "a|b"), ("spark\\\\$", None)]
)
def test_anchors_in_a_matcher_are_found(value: str, suggestion: str | None) -> None:
    found = findings(expression(f'pipeline_duration_seconds{{stage=~"{value}"}}'))
    assert [f.suggestion for f in found] == ([suggestion] if suggestion else [])
