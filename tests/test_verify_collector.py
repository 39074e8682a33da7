"""A collector that is scraped and loses nothing; what it loses is told with its place."""

from __future__ import annotations

import pytest
from fake_stack import CLUSTER, Fake, as_planned, served

from model.promql import matching
from obs.verify.client import Server
from obs.verify.collector import check_collector
from obs.verify.finding import Result

_TIERS = ("otel-gateway", "otel-sampler")


def checked(fake: Fake) -> Result:
    with served(fake) as url, Server(url, "Prometheus") as prometheus:
        return check_collector(prometheus, matching("cluster", f"{CLUSTER}|"), _TIERS)


def test_a_collector_that_loses_nothing_is_clean() -> None:
    result = checked(as_planned())
    assert result.findings == ()
    assert result.ok == result.total


def test_a_tier_that_is_not_scraped_is_told() -> None:
    fake = as_planned()
    there = fake.has_data
    fake.has_data = lambda query: 'service="otel-sampler"' not in query and there(query)
    [finding] = checked(fake).findings
    assert (finding.check, finding.severity, finding.subject) == ("collector/absent", "error", "otel-sampler")


@pytest.mark.parametrize(
    ("metric", "check", "severity"),
    [
        ("otelcol_receiver_refused_log_records_total", "collector/refused", "warning"),
        ("otelcol_exporter_send_failed_spans_total", "collector/failed", "error"),
        ("otelcol_exporter_enqueue_failed_metric_points_total", "collector/dropped", "error"),
        ("otelcol_exporter_queue_size", "collector/queue", "warning"),
    ],
)
def test_what_is_lost_or_waits_is_told(metric: str, check: str, severity: str) -> None:
    fake = as_planned()
    there = fake.has_data
    fake.has_data = lambda query: metric in query or there(query)
    result = checked(fake)
    assert [(finding.check, finding.severity) for finding in result.findings] == [(check, severity)]
    assert result.ok == result.total - (severity == "error")
