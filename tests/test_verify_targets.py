"""Targets of a running stack beside its monitors."""

from __future__ import annotations

import pytest
from fake_stack import CLUSTER, Fake, as_planned, plan, served, target

from obs.verify.client import Server
from obs.verify.finding import Result
from obs.verify.targets import check_targets


def checked(fake: Fake) -> Result:
    with served(fake) as url, Server(url, "Prometheus") as prometheus:
        return check_targets(prometheus, plan(), namespace="monitoring", cluster=CLUSTER)


def without(fake: Fake, job: str) -> Fake:
    fake.targets = [one for one in fake.targets if one["labels"]["job"] != job]
    return fake


def test_all_up_and_all_monitors_selecting_is_clean() -> None:
    result = checked(as_planned())
    assert result.findings == ()
    assert result.ok == result.total > 10


def test_a_target_that_is_down_is_told_with_its_reason() -> None:
    fake = without(as_planned(), "node-exporter")
    fake.targets.append(target("node-exporter", "http-metrics", "/metrics", error="connection refused"))
    result = checked(fake)
    [finding] = result.findings
    assert (finding.check, finding.severity) == ("targets/down", "error")
    assert finding.message == "http://10.244.0.17:8080/metrics: connection refused"
    assert finding.where is not None
    assert finding.where.startswith("systems/nodes/__init__.py:")
    assert result.ok == result.total - 1


def test_a_target_that_was_not_scraped_yet_is_not_up() -> None:
    fake = as_planned()
    fake.targets[0] |= {"health": "unknown"}
    [finding] = checked(fake).findings
    assert finding.message.endswith("not scraped yet")


@pytest.mark.parametrize(
    ("pool", "severity"),
    [
        ("serviceMonitor/shop/basket/0", "warning"),
        ("serviceMonitor/monitoring/kube-prometheus-stack-grafana/0", "error"),
        ("a-job-of-its-own", "error"),
    ],
)
def test_what_is_down_in_another_namespace_is_somebody_elses(pool: str, severity: str) -> None:
    fake = as_planned()
    fake.targets.append(target("basket", "http", "/metrics", pool=pool, error="EOF"))
    [finding] = checked(fake).findings
    assert finding.severity == severity


def test_a_monitor_that_selects_nothing_is_an_error() -> None:
    [finding] = checked(without(as_planned(), "spark-operator")).findings
    assert (finding.check, finding.severity) == ("targets/none", "error")
    assert "app.kubernetes.io/name=spark-operator" in finding.message
    assert "in spark-operator" in finding.message


def test_a_monitor_may_say_why_it_selects_nothing_at_times() -> None:
    findings = checked(without(as_planned(), "spark-driver")).findings
    assert {f.severity for f in findings} == {"info"}
    assert "there may be no job at the moment" in findings[0].message


def test_each_path_of_a_job_needs_a_target() -> None:
    fake = without(as_planned(), "kubelet")
    fake.targets.append(target("kubelet", "https-metrics", "/metrics"))
    [finding] = checked(fake).findings
    assert "path /metrics/cadvisor" in finding.subject
    assert "has only https-metrics /metrics" in finding.message


def test_a_target_on_another_port_does_not_count() -> None:
    fake = without(as_planned(), "node-exporter")
    fake.targets.append(target("node-exporter", "web", "/metrics"))
    [finding] = checked(fake).findings
    assert "has only web /metrics" in finding.message


def test_dropped_targets_are_only_counted() -> None:
    fake = as_planned()
    fake.dropped = {"a": 3, "b": 4}
    [finding] = checked(fake).findings
    assert finding.severity == "info"
    assert finding.message.startswith("7 discovered targets")


def test_targets_of_other_clusters_behind_a_querier_do_not_count() -> None:
    fake = as_planned()
    fake.targets.append(target("node-exporter", "http-metrics", "/metrics", error="EOF", cluster="elsewhere"))
    assert checked(fake).findings == ()
