"""Metrics of a running stack beside the contracts of its systems."""

from __future__ import annotations

import pytest
from fake_stack import Fake, as_planned, plan, promised, served

from model.promql import matching
from obs.verify import stored
from obs.verify.client import Server
from obs.verify.contracts import check_contracts
from obs.verify.finding import Finding, Result
from obs.verify.reads import reads

STATE, NODES, OPERATOR = "kube-state-metrics", "node-exporter", "spark-operator"


def checked(fake: Fake) -> Result:
    with served(fake) as url, Server(url, "Prometheus") as prometheus:
        return check_contracts(prometheus, promised(), matching("cluster", "local|"), reads(plan()))


def only(fake: Fake) -> Finding:
    [finding] = checked(fake).findings
    return finding


def test_metrics_as_promised_are_clean() -> None:
    result = checked(as_planned())
    assert result.findings == ()
    assert result.ok == result.total > 1000
    assert result.facts["jobs"][NODES]["series"] > 300


def test_metrics_that_are_off_by_default_or_dropped_on_the_way_are_not_expected() -> None:
    names = set().union(*(job.promised() for job in promised()))
    assert "node_systemd_units" not in names
    assert "container_memory_swap" not in names
    assert "kubelet_pleg_relist_duration_seconds_bucket" in names


def test_a_missing_metric_that_a_rule_reads_is_an_error_where_it_is_read() -> None:
    fake = as_planned()
    del fake.series[NODES]["node_memory_MemTotal_bytes"]
    finding = only(fake)
    assert (finding.check, finding.severity) == ("contracts/missing", "error")
    assert "read by " in finding.message
    assert "rule dataops:cluster:memory_usage_ratio" in finding.message
    assert (finding.where or "").startswith("systems/nodes/__init__.py:")


def test_a_missing_part_of_a_histogram_that_a_panel_reads_is_an_error() -> None:
    fake = as_planned()
    del fake.series["argocd-application-controller"]["argocd_app_reconcile_bucket"]
    assert (only(fake).subject, only(fake).severity) == ("metric argocd_app_reconcile_bucket", "error")


def test_missing_metrics_that_nobody_reads_are_one_warning() -> None:
    fake = as_planned()
    for name in [name for name in fake.series[STATE] if name.startswith("kube_cronjob_")]:
        del fake.series[STATE][name]
    finding = only(fake)
    assert (finding.check, finding.severity, finding.where) == (
        "contracts/missing", "info", "contracts/kube-state-metrics.yaml",
    )  # fmt: skip
    assert "kube_cronjob_info" in finding.names
    assert finding.message.startswith(f"{len(finding.names)} metrics without a series")


def test_a_missing_metric_with_a_reason_is_a_warning_that_tells_it() -> None:
    fake = as_planned()
    del fake.series[STATE]["kube_pod_container_status_waiting_reason"]
    finding = only(fake)
    assert (finding.check, finding.severity) == ("contracts/absent", "info")
    assert "exposes a reason only while it holds" in finding.message


def test_a_metric_that_another_job_still_has_is_missing_from_its_own() -> None:
    fake = as_planned()
    del fake.series[OPERATOR]["process_start_time_seconds"]
    fake.series[NODES]["process_start_time_seconds"] = {"job"}
    assert (only(fake).subject, only(fake).severity) == ("metric process_start_time_seconds", "error")


def test_a_job_without_its_metrics_is_one_error() -> None:
    fake = as_planned()
    fake.series[OPERATOR] = {"up": {"job"}, "scrape_duration_seconds": {"job"}}  # what a dead target leaves
    result = checked(fake)
    assert [(f.check, f.severity) for f in result.findings] == [("contracts/empty", "error")]
    assert result.total - result.ok == len(result.findings[0].names) > 10


def test_a_job_that_may_be_absent_counts_for_nothing() -> None:
    fake = as_planned()
    del fake.series["spark-driver"]
    result = checked(fake)
    assert [(f.check, f.severity) for f in result.findings] == [("contracts/empty", "info")]
    assert result.ok == result.total


@pytest.mark.parametrize(
    ("metric", "severity"), [("node_cpu_seconds_total", "error"), ("node_context_switches_total", "warning")]
)
def test_another_type_is_found_and_worse_where_it_is_read(metric: str, severity: str) -> None:
    fake = as_planned()
    fake.metadata[metric] = [{"type": "gauge", "help": "", "unit": ""}]
    finding = only(fake)
    assert (finding.check, finding.severity) == ("contracts/type", severity)
    assert finding.message == "job node-exporter exposes a gauge, promised is a counter"
    assert (finding.where or "").startswith("contracts/node-exporter.yaml:")


def test_openmetrics_names_and_types_keep_the_promise() -> None:
    fake = as_planned()
    fake.metadata["node_cpu_seconds"] = fake.metadata.pop("node_cpu_seconds_total")
    fake.metadata["kube_pod"] = [{"type": "info", "help": "", "unit": ""}]
    del fake.metadata["kube_pod_info"]
    fake.metadata["kube_pod_status_phase"] = [{"type": "stateset", "help": "", "unit": ""}]
    assert checked(fake).findings == ()


def test_a_type_that_is_not_told_is_counted_and_no_finding() -> None:
    fake = as_planned()
    before = checked(fake).facts["jobs"][NODES]["without_type"]
    fake.metadata["node_cpu_seconds_total"] = [{"type": "unknown", "help": "", "unit": ""}]
    del fake.metadata["node_load1"]
    result = checked(fake)
    assert result.findings == ()
    assert result.facts["jobs"][NODES]["without_type"] == before + 2


def test_a_label_that_no_series_has_is_an_error_where_a_reader_names_it() -> None:
    fake = as_planned()
    fake.series[NODES]["node_cpu_seconds_total"] = fake.series[NODES]["node_cpu_seconds_total"] - {"mode"}
    finding = only(fake)
    assert (finding.check, finding.severity, finding.names) == ("contracts/label", "error", ("node_cpu_seconds_total",))
    assert finding.subject == "label mode of job node-exporter"


def test_a_label_that_nobody_names_is_one_warning_for_all_its_metrics() -> None:
    fake = as_planned()
    for labels in fake.series[NODES].values():
        labels.discard("endpoint")
    finding = only(fake)
    assert (finding.check, finding.severity) == ("contracts/label", "info")
    assert len(finding.names) == len(fake.series[NODES])


def test_a_label_that_the_contract_does_not_know_is_a_warning() -> None:
    fake = as_planned()
    fake.series[STATE]["kube_pod_info"] |= {"shard"}
    finding = only(fake)
    assert (finding.check, finding.severity, finding.names) == (
        "contracts/unknown-label", "warning", ("kube_pod_info",),
    )  # fmt: skip


def test_labels_of_an_allow_list_and_of_a_querier_are_known() -> None:
    fake = as_planned()
    fake.series[STATE]["kube_pod_labels"] |= {"label_app_kubernetes_io_name"}
    fake.series[STATE]["kube_pod_labels"] -= {"label_POD_LABEL"}
    fake.series[STATE]["kube_pod_info"] |= {"prometheus_replica", "environment"}
    assert checked(fake).findings == ()


def test_what_is_stored_although_it_is_to_be_dropped_is_a_warning() -> None:
    fake = as_planned()
    fake.series["kubelet"]["container_memory_swap"] = {"pod"}
    finding = only(fake)
    assert (finding.check, finding.severity) == ("contracts/not-dropped", "warning")
    assert "cAdvisorMetricRelabelings" in finding.message


def test_what_no_contract_knows_is_counted_but_not_what_every_process_has() -> None:
    fake = as_planned()
    fake.series[NODES] |= {
        "node_new_thing": {"job"},
        "go_goroutines": {"job"},
        "up": {"job"},
        "scrape_samples_scraped": {"job"},
    }
    finding = only(fake)
    assert (finding.check, finding.severity, finding.names) == (
        "contracts/undocumented", "warning", ("node_new_thing",),
    )  # fmt: skip


def test_what_is_off_by_default_may_be_on() -> None:
    fake = as_planned()
    fake.series[NODES]["node_systemd_units"] = {"job", "state"}
    assert checked(fake).findings == ()


def test_of_a_large_job_only_a_part_is_fetched_and_doubts_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "WHOLE", 10)
    fake = as_planned()
    fake.series[NODES]["node_cpu_seconds_total"] -= {"mode"}
    assert only(fake).subject == "label mode of job node-exporter"
    assert any(query.startswith("topk by (__name__) (20, ") for query in fake.asked)
    assert [q for q in fake.asked if "group by" in q] == [
        'group by (__name__) ({job="node-exporter", cluster=~"local|", mode!=""})'
    ]


def test_the_number_of_questions_does_not_grow_with_the_metrics() -> None:
    fake = as_planned()
    checked(fake)
    assert len(fake.asked) == 2 * len(promised())
