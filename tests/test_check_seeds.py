"""The defects that the first drafts of this platform's rules had, as they were written, and repaired."""

from __future__ import annotations

import time

import pytest
from promql_samples import checks, expression, findings, recording

from obs.check.infer import Expression

KINDS = {"R": "recording", "A": "alert", "T": "panel", "Q": "panel"}

WRITTEN = [
    ("R01", 'avg(up{job=~"spark.*|airflow.*|trino.*"})', {"promql/lost-cluster"}),
    (
        "R02",
        "sum(increase(spark_job_succeeded_total[24h])) / sum(increase(spark_job_total[24h]))",
        {"promql/unknown-metric", "promql/lost-cluster"},
    ),
    ("R03", '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m]))', {"promql/lost-cluster"}),
    ("R05", "predict_linear(dataops:storage:usage_bytes[7d], 7*24*3600)", {"promql/unknown-metric"}),
    (
        "R09",
        (
            'rate(jvm_gc_collection_time_seconds_total{job="spark"}[5m])'
            ' / rate(jvm_gc_collection_time_seconds_total{job="spark"}[5m] offset 5m)'
        ),
        {"promql/unknown-metric"},
    ),
    ("R11", "time() - airflow_scheduler_heartbeat", {"promql/type"}),
    (
        "R15",
        'sum(iceberg_table_files_count{size_category="small"}) / sum(iceberg_table_files_count)',
        {"promql/unknown-label", "promql/lost-cluster"},
    ),
    (
        "R16",
        (
            'predict_linear(sum(kubelet_volume_stats_used_bytes{persistentvolumeclaim=~".*dataops.*"})[7d:1h],'
            " 7 * 24 * 3600)"
        ),
        {"promql/lost-cluster"},
    ),
    (
        "R23",
        "histogram_quantile(0.95, sum(rate(spark_job_duration_seconds_bucket[5m])) by (le))",
        {"promql/unknown-metric"},
    ),
    (
        "A01",
        "((1 - up) > (14.4 * 0.001) and (1 - up) > (14.4 * 0.001))",
        {"promql/same-operands"},
    ),
    ("A03", 'up{job="platform-critical"} == 0', {"promql/unknown-job"}),
    ("A04", "iceberg_table_files_deleted_unexpectedly > 0", {"promql/unknown-metric"}),
    (
        "A05",
        'rate(kube_pod_container_status_terminated_reason{reason="OOMKilled"}[5m]) > 0.1',
        {"promql/type"},
    ),
    ("A06", 'rate(spark_job_status{status="failed"}[10m]) > 0.1', {"promql/unknown-metric"}),
    ("A07", "(storage_capacity_used / storage_capacity_total) > 0.85", {"promql/unknown-metric"}),
    (
        "A08",
        "histogram_quantile(0.95, trino_query_duration_seconds) > 600",
        {"promql/type", "promql/optin"},
    ),
    (
        "A10",
        (
            'sum(increase(kube_pod_container_status_terminated_reason{reason="OOMKilled",'
            ' namespace=~"spark.*|airflow.*|trino.*"}[10m])) > 3'
        ),
        {"promql/type", "promql/lost-cluster"},
    ),
    (
        "A16",
        'count(trino_query_wall_time_seconds > 600 and trino_query_state == "RUNNING") > 5',
        {"promql/parse"},
    ),
    ("T20", 'pipeline_duration_seconds{stage="*"}', {"promql/literal-regex"}),
    (
        "Q02",
        '(metrics_master_aliveWorkers_Value{namespace="spark"} / 2) * 100',
        {"promql/unknown-metric"},
    ),
]

REPAIRED = [
    ("R03", '1 - avg by (cluster) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'),
    (
        "R07",
        (
            "sum by (cluster) (increase(spark_job_succeeded_total[24h]))"
            " / (sum by (cluster) (increase(spark_job_succeeded_total[24h]))"
            " + sum by (cluster) (increase(spark_job_failed_total[24h])) > 0)"
        ),
    ),
    ("R11", "rate(airflow_scheduler_heartbeat[5m]) == 0"),
    ("R16", "predict_linear(kubelet_volume_stats_used_bytes[7d], 7 * 24 * 3600)"),
    ("R23", "histogram_quantile(0.95, sum by (cluster, le) (rate(spark_stage_duration_seconds_bucket[1h])))"),
    ("A03", 'absent(up{job="spark-driver"} == 1)'),
    (
        "A08",
        "histogram_quantile(0.95, sum by (cluster, le) (rate(trino_query_duration_seconds_bucket[15m]))) > 600",
    ),
    (
        "A10",
        (
            "sum by (cluster, namespace, pod) (increase(kube_pod_container_status_restarts_total[10m])) > 3"
            " and on (cluster, namespace, pod)"
            ' kube_pod_container_status_terminated_reason{reason="OOMKilled"} == 1'
        ),
    ),
    (
        "A14",
        "kubelet_volume_stats_used_bytes / kubelet_volume_stats_capacity_bytes > 0.85",
    ),
    ("T20", 'pipeline_duration_seconds{stage=~".+"}'),
]


def found(name: str, text: str) -> set[str]:
    return set(checks(text, KINDS[name[0]]))


@pytest.mark.parametrize(("name", "text", "expected"), WRITTEN, ids=[w[0] for w in WRITTEN])
def test_a_defect_that_can_be_seen_without_running_is_found(name: str, text: str, expected: set[str]) -> None:
    assert found(name, text) == expected


@pytest.mark.parametrize(("name", "text"), REPAIRED, ids=[r[0] for r in REPAIRED])
def test_the_repaired_rule_has_no_finding(name: str, text: str) -> None:
    assert found(name, text) == set()


def test_a_record_with_two_meanings_and_alerts_of_one_name_are_found() -> None:
    record, counter = "dataops:spark:success_rate_24h", "increase(spark_job_succeeded_total[24h])"
    rules = [
        recording(record, f"sum by (cluster) ({counter})", "r02.py:1"),
        recording(record, f"avg by (cluster) ({counter})", "r07.py:1"),
        *(Expression(f"{record} < 0.{i}", "alert", "alert StorageCapacityLow", f"a.py:{i}") for i in (1, 2)),
    ]
    assert [f.check for f in findings(*rules)] == ["rules/duplicate-alert", "rules/duplicate-record"]


def test_a_thousand_expressions_are_checked_in_well_under_a_second() -> None:
    stack: list[Expression] = []
    for i in range(250):
        record = f"app:jobs_{i}:rate5m"
        stack += [
            recording(record, f"sum by (cluster, app_id) (rate(spark_job_failed_total[{i + 1}m]))"),
            Expression(
                f"{record} > {i} and on (cluster, app_id) {record} < {i + 1}0", "alert", f"alert A{i}", "a.py:1"
            ),
            expression(f"kube_pod_status_phase * on (namespace, pod) group_left (node) (kube_pod_info > {i})"),
            expression(f"histogram_quantile(0.9, sum by (le) (rate(spark_stage_duration_seconds_bucket[{i + 1}s])))"),
        ]
    start = time.process_time()
    assert findings(*stack) == []
    assert time.process_time() - start < 1  # 0.07 s in November 2026
