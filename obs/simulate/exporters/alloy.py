"""Alloy on each node (labels: grafana/alloy, selectorLabels)."""

from __future__ import annotations

from obs.simulate.exporters.own import part
from obs.simulate.series import Labels, Rows
from obs.simulate.values import Events, Fixed
from systems.alloy.error_lines import ERROR_LINES

ERRORS_A_MINUTE = {
    ("ojeomneo", "ojeomneo-server"): 1.5,
    ("spark-jobs", "orders-etl"): 6.0,
    ("spark-jobs", "reports-nightly"): 30.0,
    ("trino", "trino"): 0.0,
}
"""(namespace, app) -> lines of errors that a healthy workload writes all the same."""


def _components(labels: Labels) -> Fixed:
    return Fixed(12 if labels["health_type"] == "healthy" else 0)


def _errors(labels: Labels) -> Events:
    return Events(ERRORS_A_MINUTE[labels["namespace"], labels["app"]])


EXPORTERS = (
    part(
        "alloy",
        "alloy",
        12345,
        {"app.kubernetes.io/name": "alloy", "app.kubernetes.io/instance": "alloy"},
        "alloy",
        rows=(
            Rows.of("health_type", "healthy", "unhealthy"),
            Rows(tuple({"namespace": n, "app": a} for n, a in ERRORS_A_MINUTE), only=ERROR_LINES),
            Rows.of("reason", "ingester_error", "rate_limited", only="loki_write_dropped_.+"),
        ),
        defaults={"status_code": "204", "host": "loki.monitoring.svc:3100", "component_id": "loki.write.default"},
        values=(
            ("alloy_component_controller_running_components", _components),
            ("loki_write_sent_entries_total", Events(2000)),
            (ERROR_LINES, _errors),
        ),
    ),
)
