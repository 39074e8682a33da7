from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promql_samples import (
    CONTRACTS,
    SYSTEMS,
    TARGET,
    checks,
    contract,
    expression,
    findings,
    gauge,
    only,
    recording,
    system,
)

from model.scrape import Endpoint
from obs.check.catalogue import catalogue

POD_INFO = TARGET | {"node", "host_ip"}
UNKNOWN = st.text(string.ascii_lowercase, min_size=1).filter(
    lambda x: x not in POD_INFO | {"by", "on", "or", "and", "unless", "bool", "offset", "group", "sum"}
)


@given(UNKNOWN, st.sampled_from(range(7)))
def test_an_unknown_label_is_found_wherever_it_stands(label: str, place: int) -> None:
    text = (
        f'kube_pod_info{{{label}="x"}}',
        f'kube_pod_info{{{label}!~"x.*"}}',
        f"sum by (pod, {label}) (kube_pod_info)",
        f"sum without ({label}) (kube_pod_info)",
        f"kube_pod_info * on (pod, {label}) kube_pod_info",
        f"kube_pod_info - ignoring ({label}) (kube_pod_info * 2)",
        f'label_replace(kube_pod_info, "z", "$1", "{label}", "(.*)")',
    )[place]
    found = findings(expression(text))
    assert [f.check for f in found] == ["promql/unknown-label"]
    assert f"label {label} in " in found[0].message


def test_an_unknown_metric_names_the_nearest_known_one() -> None:
    finding = only("rate(spark_job_failed[5m])")
    assert (finding.check, finding.suggestion) == ("promql/unknown-metric", "spark_job_failed_total")


def test_a_renamed_metric_names_its_replacement_and_why() -> None:
    finding = only("kube_pod_deleted")
    assert finding.suggestion == "kube_pod_deletion_timestamp"
    assert "renamed in 2.0" in finding.message


def test_the_parts_of_a_family_that_never_existed_say_why() -> None:
    assert "use the stage's" in only("sum(rate(spark_job_duration_seconds_count[5m]))").message


def test_a_metric_of_a_system_that_is_not_enabled_says_so() -> None:
    known = catalogue([s for s in SYSTEMS if s.name != "spark"], CONTRACTS.__getitem__, others={"spark": ["spark"]})
    (finding,) = findings(expression("spark_odd"), known=known)
    assert "the system spark exposes it, which is not enabled" in finding.message


def test_a_metric_that_may_be_absent_with_a_reason_is_not_reported() -> None:
    assert checks("spark_future_total", allowances={"spark_future_total": "appears with Spark 5"}) == []
    assert checks("spark_future_total", allowances={"spark_odd": "another"}) == ["promql/unknown-metric"]


def test_an_unknown_metric_causes_no_second_finding() -> None:
    text = (
        "histogram_quantile(0.9, sum by (a, le) (rate(nothing_bucket[5m]))) / on (a) rate(node_cpu_seconds_total[5m])"
    )
    assert "promql/type" not in checks(text)
    assert checks("increase(sum(nothing)[5m:])") == ["promql/unknown-metric"]


@pytest.mark.parametrize("text", ['{__name__=~"spark_job_.*"}', '{__name__="spark_odd", app_id="x"}', '{app_id="x"}'])
def test_metrics_may_be_named_by_a_matcher(text: str) -> None:
    assert checks(text) == []


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ('{__name__=~"sparkle_.*"}', "promql/unknown-metric"),
        ('{__name__="sparkle"}', "promql/unknown-metric"),
        ('{__name__=~"spark_.*", phase="x"}', "promql/unknown-label"),
        ('{sparkle="x"}', "promql/unknown-label"),
    ],
)
def test_names_and_labels_in_matchers_on_names_are_checked(text: str, check: str) -> None:
    assert checks(text) == [check]


def test_labels_that_no_single_source_has_together_are_found() -> None:
    made = {"a": contract("a", [gauge("q", "x")]), "b": contract("b", [gauge("q", "y")])}
    known = catalogue(
        [system("s", Endpoint(port="p", contract="a"), Endpoint(port="q", contract="b"))], made.__getitem__
    )
    assert findings(expression('q{x="1"}'), expression('q{y="1"}'), known=known) == []
    (finding,) = findings(expression('q{x="1", y="1"}'), known=known)
    assert (finding.check, "x, y" in finding.message) == ("promql/unknown-label", True)
    (finding,) = findings(expression('sum by (y) (q{x="1"})'), known=known)
    assert finding.check == "promql/unknown-label"


def test_a_metric_that_is_off_by_default_says_what_switches_it_on() -> None:
    finding = only("kube_endpoint_ports")
    assert finding.check == "promql/optin"
    assert "--resources=endpoints" in finding.message


def test_a_metric_that_is_dropped_before_storage_is_found() -> None:
    assert only("node_fs_dropped").check == "promql/dropped"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('up{job="spark-driver"}', []),
        ('up{job=~"spark.*|data"}', []),
        ('up{job="$job"}', []),
        ('up{job="platform-critical"}', ["promql/unknown-job"]),
        ('spark_odd{job="node-exporter"}', ["promql/unknown-job"]),
        ('absent(up{job=~"sparkle.*"})', ["promql/unknown-job"]),
    ],
)
def test_a_job_must_be_one_that_gives_the_metric(text: str, found: list[str]) -> None:
    assert checks(text) == found


@pytest.mark.parametrize(
    ("kind", "more", "lost"),
    [
        ("alert", {"templates": ("{{ $labels.node }}",)}, False),
        ("alert", {"templates": ("{{ $labels.pod }}",)}, True),
        ("alert", {"templates": ("{{ $labels.severity }}",), "labels": {"severity": "high"}}, True),
        ("alert", {"labels": {"what": "{{ $labels.node }}"}}, False),
        ("alert", {"labels": {"what": "{{ $labels.pod }}"}}, True),
        ("panel", {"legend": "{{node}}"}, False),
        ("panel", {"legend": "{{ node }} {{pod}}"}, True),
        ("panel", {"legend": "__auto"}, False),
    ],
)
def test_texts_may_show_only_labels_of_the_result(kind: str, more: dict[str, Any], lost: bool) -> None:
    found = checks("sum by (cluster, node) (kube_pod_info) > 1", kind, **more)
    assert found == (["promql/lost-label"] if lost else [])


def test_a_query_in_a_template_is_checked_too() -> None:
    text = "{{ query `sum(sparkle)` | first | value }}"
    assert checks("up == 0", "alert", templates=(text,)) == ["promql/unknown-metric"]
    assert checks("up == 0", "alert", templates=("{{ query `sum(` }}",)) == ["promql/parse"]


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("sum(kube_pod_info)", True),
        ("sum by (node) (kube_pod_info) > 1", True),
        ("kube_pod_info * on (pod) kube_pod_info", True),
        ("histogram_quantile(0.9, sum by (le) (rate(spark_stage_duration_seconds_bucket[5m])))", True),
        ("sum by (cluster) (kube_pod_info)", False),
        ("absent(kube_pod_info)", False),
        ('absent(up{job="data"} == 1)', False),
        ("absent(kube_pod_info) or sum by (cluster) (kube_pod_info)", False),
        ("vector(0.999)", False),
        ("0.999", False),
    ],
)
def test_a_rule_keeps_the_label_cluster(text: str, lost: bool) -> None:
    expected = ["promql/lost-cluster"] if lost else []
    assert checks(text, "alert") == expected
    assert checks(text, "panel") == []


def test_a_rule_that_sets_the_label_cluster_itself_has_not_lost_it() -> None:
    assert checks("sum(kube_pod_info)", "alert", labels={"cluster": "x"}) == []


def test_labels_of_a_recorded_series_are_inferred() -> None:
    rule = recording("pod:info:sum", "sum by (cluster, node) (kube_pod_info)", labels={"tier": "gold"})
    good = expression('sum by (node, tier) (pod:info:sum{cluster="a"})')
    assert findings(good, rule) == []
    (finding,) = findings(expression("sum by (cluster, pod) (pod:info:sum)", "alert"), rule)
    assert finding.check == "promql/unknown-label"
    assert "cluster, node, tier" in finding.message


def test_a_recorded_label_with_one_value_never_matches_another() -> None:
    rule = recording("pod:info:sum", "sum by (cluster, node) (kube_pod_info)", labels={"tier": "gold"})
    assert [f.check for f in findings(expression('pod:info:sum{tier="iron"}'), rule)] == ["promql/never-matches"]


def test_grafana_variables_are_checked_like_selectors() -> None:
    assert checks("label_values(kube_pod_info, node)", "variable") == []
    assert checks("label_values(kube_pod_info, phase)", "variable") == ["promql/unknown-label"]
    assert checks("label_values(kube_pods, pod)", "variable") == ["promql/unknown-metric"]
    assert checks("label_values(node)", "variable") == []
    assert checks("label_values(sparkle)", "variable") == ["promql/unknown-label"]


def test_a_label_that_a_grafana_variable_names_is_not_judged() -> None:
    assert checks("sum by ($group) (kube_pod_info)", legend="{{pod}}") == []
    assert checks('kube_pod_info{node=~"$node", nod="$node"}') == ["promql/unknown-label"]


def test_a_finding_keeps_the_text_as_it_was_written() -> None:
    assert only("rate(sparkle[$__rate_interval])").expression == "rate(sparkle[$__rate_interval])"


def test_any_label_may_be_on_the_series_of_alerts() -> None:
    assert checks('count by (team) (ALERTS{alertstate="firing", whatever="x"})') == []
