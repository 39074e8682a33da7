from __future__ import annotations

import promql_parser as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from promql_samples import CATALOGUE, TARGET, checks, expression

from obs.check.infer import infer
from obs.check.scope import Known, Scope
from obs.check.vector import Vector

POD_INFO = TARGET | {"node", "host_ip"}
LABELS = st.sets(st.sampled_from(sorted(POD_INFO)))


def shape(text: str) -> Vector:
    scope = Scope(expression(text, "alert"), Known(CATALOGUE))
    vector = infer(scope, pp.parse(text))
    assert vector is not None
    return vector


def labels(text: str) -> set[str]:
    return set(shape(text).labels)


@given(LABELS)
def test_by_leaves_exactly_its_labels(by: set[str]) -> None:
    text = f"sum by ({', '.join(sorted(by))}) (kube_pod_info)"
    assert labels(text) == by
    assert shape(text).key == frozenset(by)
    assert checks(text) == []


@given(LABELS)
def test_without_leaves_exactly_the_others(without: set[str]) -> None:
    text = f"sum without ({', '.join(sorted(without))}) (kube_pod_info)"
    assert labels(text) == POD_INFO - without
    assert checks(text) == []


@given(LABELS, LABELS)
def test_on_leaves_exactly_the_labels_that_it_matches(on: set[str], by: set[str]) -> None:
    both = sorted(on & by)
    text = f"kube_pod_info * on ({', '.join(both)}) max by ({', '.join(both)}) (kube_pod_info)"
    assert labels(text) == set(both)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kube_pod_info", POD_INFO),
        ('kube_pod_info{node=""}', POD_INFO - {"node"}),
        ("sum(kube_pod_info)", set()),
        ("topk(3, kube_pod_info)", POD_INFO),
        ("topk by (node) (1, kube_pod_info)", POD_INFO),
        ("bottomk(1, sum by (node) (kube_pod_info))", {"node"}),
        ('count_values by (node) ("phase", kube_pod_info)', {"node", "phase"}),
        ("quantile by (node) (0.9, kube_pod_info)", {"node"}),
        ("-kube_pod_info", POD_INFO),
        ("abs(kube_pod_info) > 2", POD_INFO),
        ("max_over_time(sum by (node) (kube_pod_info)[1h:1m] offset 1d)", {"node"}),
        ("absent(kube_pod_info)", set()),
        ('absent(kube_pod_info{node="a", pod=~"b", host_ip!="c"})', {"node"}),
        ('absent(kube_pod_info{node="a", node=~"a|b"})', set()),
        ('absent(sum(kube_pod_info{node="a"}))', set()),
        ('absent_over_time((kube_pod_info{node="a"}[5m]))', {"node"}),
        ('label_replace(sum by (node) (kube_pod_info), "x", "$1", "node", "(.*)")', {"node", "x"}),
        ('label_replace(sum by (node, pod) (kube_pod_info), "pod", "", "", "")', {"node"}),
        ('label_join(sum by (node, pod) (kube_pod_info), "x", "-", "node", "pod")', {"node", "pod", "x"}),
        ("vector(1)", set()),
        ("vector(time())", set()),
        ("hour()", set()),
        ("hour(kube_pod_info)", POD_INFO),
        ("sort_desc(sum by (node) (kube_pod_info))", {"node"}),
        ("histogram_quantile(0.9, sum by (le, app_id) (rate(spark_stage_duration_seconds_bucket[5m])))", {"app_id"}),
        ("sum by (node) (kube_pod_info) / scalar(sum(kube_pod_info))", {"node"}),
        ("2 * sum by (node) (kube_pod_info)", {"node"}),
        ("kube_pod_info and on (node) kube_node_status_capacity", POD_INFO),
        ("sum by (node) (kube_pod_info) unless on () vector(1)", {"node"}),
        ("sum by (node) (kube_pod_info) or sum by (pod) (kube_pod_info)", {"node", "pod"}),
        ("kube_pod_status_phase * on (namespace, pod) group_left (node) kube_pod_info", TARGET | {"phase", "node"}),
        ("kube_pod_info * on (namespace, pod) group_right (node) kube_pod_status_phase", TARGET | {"phase", "node"}),
        (
            "sum by (node, pod) (kube_pod_info) / ignoring (pod) group_left () sum by (node) (kube_pod_info)",
            {"node", "pod"},
        ),
    ],
)
def test_labels_of_a_result(text: str, expected: set[str]) -> None:
    assert labels(text) == expected


def test_a_label_is_sure_only_where_every_alternative_has_it() -> None:
    vector = shape("sum by (node) (kube_pod_info) or sum by (node, pod) (kube_pod_info)")
    assert (set(vector.sure), set(vector.labels)) == ({"node"}, {"node", "pod"})
    joined = shape(
        "kube_pod_status_phase * on (pod) group_left (node) (sum by (pod, node) (kube_pod_info) or vector(1))"
    )
    assert "node" in joined.possible - joined.sure


def test_a_name_stays_with_what_only_picks_samples() -> None:
    keeps = ["kube_pod_info", "topk(1, kube_pod_info)", "kube_pod_info > 1", "sort(kube_pod_info)"]
    loses = ["kube_pod_info > bool 1", "kube_pod_info * 1", "rate(spark_odd[5m])", "sum by (pod) (kube_pod_info)"]
    assert [shape(t).may_have("__name__") for t in (*keeps, *loses)] == [True] * 4 + [False] * 4
