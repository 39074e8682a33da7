from __future__ import annotations

from dataclasses import replace

import pytest
from promql_samples import checks, expression, findings, only, recording


@pytest.mark.parametrize(
    "text",
    [
        "kube_pod_info * kube_pod_info * 2",
        "sum by (node) (kube_pod_info) / sum by (node) (kube_node_status_capacity)",
        "sum(kube_pod_info) / sum(kube_node_status_capacity)",
        "kube_pod_status_phase * on (namespace, pod) group_left (node) kube_pod_info",
        "kube_pod_info / on (node) group_left () sum by (node) (kube_node_status_capacity)",
        "kube_pod_info and on (namespace, pod) kube_pod_status_phase",
        "kube_pod_info or kube_node_status_capacity",
        "sum(kube_pod_info) or vector(0)",
        "kube_pod_info > scalar(sum(kube_pod_status_phase))",
        "kube_pod_info - ignoring (node, host_ip, phase) kube_pod_status_phase",
        'kube_node_status_allocatable{resource="cpu"} / kube_node_status_capacity{resource="cpu"}',
        'kube_node_status_capacity{resource="cpu"} / ignoring (resource) kube_node_status_capacity{resource="memory"}',
    ],
)
def test_sides_that_can_match_are_fine(text: str) -> None:
    assert checks(text) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("kube_pod_info * kube_pod_status_phase", "host_ip, node of the left side"),
        ("sum(kube_pod_info) / sum by (node) (kube_pod_info)", "node of the right side"),
        ("kube_pod_info > vector(1)", "cluster, container"),
        ("kube_pod_info * on (node) kube_pod_status_phase", "node of the left side"),
        ("kube_pod_status_phase and on (node) kube_pod_info", "node of the right side"),
        ("kube_pod_info - ignoring (node) kube_pod_status_phase", "host_ip of the left side"),
        ("kube_pod_info unless kube_pod_status_phase", "`unless` removes nothing"),
        (
            'kube_node_status_allocatable{resource="cpu"} / kube_node_status_capacity{resource="memory"}',
            'resource is "cpu" on the left side and "memory" on the right side',
        ),
        (
            'kube_node_status_capacity{node=~"a"} / on (node) max by (node) (kube_pod_info{node="b"})',
            'node is "a"',
        ),
    ],
)
def test_sides_that_can_never_match_are_found(text: str, named: str) -> None:
    finding = only(text)
    assert finding.check == "promql/match"
    assert named in finding.message


def test_the_labels_of_both_sides_are_suggested() -> None:
    finding = only("sum by (node, pod) (kube_pod_info) / sum by (node) (kube_node_status_capacity)")
    assert finding.suggestion == "on (node) group_left ()"


def test_a_label_that_only_some_series_have_may_match() -> None:
    both = "(sum by (node) (kube_pod_info) or sum by (node, pod) (kube_pod_info))"
    assert checks(f"{both} * sum by (node) (kube_node_status_capacity)") == []


@pytest.mark.parametrize(
    ("text", "risky"),
    [
        ("sum by (node, pod) (kube_pod_info) / on (node) sum by (node) (kube_pod_info)", "left side"),
        ("sum by (node) (kube_pod_info) / on (node) sum by (node, pod) (kube_pod_info)", "right side"),
        ("sum by (node, pod) (kube_pod_info) / ignoring (pod) sum by (node) (kube_pod_info)", "left side"),
        ("kube_pod_status_phase * on (pod) group_left () max by (pod, node) (kube_pod_info)", "right side"),
        ("kube_pod_status_phase * on (pod) group_left (node) max by (pod, node) (kube_pod_info)", None),
        ("sum by (node, pod) (kube_pod_info) / on (node) group_left () sum by (node) (kube_pod_info)", None),
        ('sum by (node, pod) (kube_pod_info{pod="a"}) / on (node) sum by (node) (kube_pod_info)', None),
        (
            (
                "kube_pod_status_phase * on (pod) group_left (node)"
                " topk by (pod) (1, max by (pod, node, host_ip) (kube_pod_info))"
            ),
            None,
        ),
        ("spark_odd * on (pod) spark_stage_duration_seconds_bucket", "right side"),
        ("spark_odd * on (pod) group_left () spark_task_seconds", "right side"),
        ('spark_odd * on (pod) spark_task_seconds{quantile="0.9"}', None),
        ("kube_pod_info * on (namespace, pod) kube_pod_status_phase", None),
        ("sum by (node, pod) (kube_pod_info) and on (node) sum by (node) (kube_pod_info)", None),
        ('label_replace(sum(kube_pod_info), "x", "y", "", "") / on () sum(kube_pod_info)', None),
    ],
)
def test_several_series_per_match_are_found_where_the_grouping_tells(text: str, risky: str | None) -> None:
    found = findings(expression(text))
    assert [f.check for f in found] == (["promql/match"] if risky else [])
    assert risky is None or f"the {risky}" in found[0].message


def test_a_join_may_take_only_labels_that_the_other_side_has() -> None:
    finding = only("kube_pod_info * on (namespace, pod) group_left (host_ip) kube_pod_status_phase")
    assert finding.check == "promql/match"
    assert "group_left takes label host_ip from kube_pod_status_phase" in finding.message
    finding = only("kube_pod_info * on (namespace, pod) group_left (sparkle) kube_pod_status_phase")
    assert (finding.check, "group_left" in finding.message) == ("promql/unknown-label", True)


def test_a_label_lost_by_a_join_is_found_further_on() -> None:
    join = "(kube_pod_status_phase * on (namespace, pod) kube_pod_info)"
    assert checks(f"sum by (pod) {join}") == []
    assert checks(f"sum by (node) {join}") == ["promql/unknown-label"]


def test_recorded_series_are_matched_by_their_inferred_labels() -> None:
    record = recording("node:pods:sum", "sum by (cluster, node) (kube_pod_info)")
    good = expression("sum by (cluster, node) (kube_node_status_capacity) / node:pods:sum", "alert")
    assert findings(record, good) == []
    bad = expression("sum by (cluster) (kube_node_status_capacity) / node:pods:sum", "alert")
    assert [f.check for f in findings(record, bad)] == ["promql/match"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kube_pod_info > 1 and kube_pod_info > 1", True),
        ("(kube_pod_info) / kube_pod_info", True),
        ("kube_pod_info unless (kube_pod_info)", True),
        ("rate(spark_odd[5m]) > rate(spark_odd[5m])", True),
        ("kube_pod_info + kube_pod_info", False),
        ("rate(spark_odd[5m]) > rate(spark_odd[5m] offset 1d)", False),
        ("kube_pod_info > 1 and kube_pod_info < 5", False),
    ],
)
def test_the_same_thing_on_both_sides_is_found(text: str, found: bool) -> None:
    assert checks(text) == (["promql/same-operands"] if found else [])


SHARE = "sum by (cluster, node) (kube_pod_info) / dataops:node:capacity"
CAPACITY = recording("dataops:node:capacity", "sum by (cluster, node) (kube_node_status_capacity)", "c.py:1")


def test_what_has_left_prometheus_has_external_labels_that_an_aggregation_takes_away() -> None:
    """Only where it is read from outside: in Prometheus itself both sides have cluster and node."""
    (finding,) = findings(CAPACITY, expression(SHARE))
    assert finding.check == "promql/match"
    assert "environment, platform, prometheus of the right side" in finding.message
    inside = recording("dataops:node:share", SHARE, "s.py:1")
    reader = expression("dataops:node:share")
    assert findings(CAPACITY, inside, reader) == []
    assert [f.check for f in findings(CAPACITY, replace(inside, ruler=True), reader)] == ["promql/match"]
    both = "sum by (cluster, node) (kube_pod_info) / sum by (cluster, node) (dataops:node:capacity)"
    assert findings(CAPACITY, expression(both)) == []
