"""Loki as one process (labels: grafana-community/loki, templates/single-binary)."""

from __future__ import annotations

from obs.simulate.exporters.own import part
from obs.simulate.series import Rows
from obs.simulate.values import Clock, Events, Fixed, Wave

PODS = {"app.kubernetes.io/name": "loki", "app.kubernetes.io/component": "single-binary"}

EXPORTERS = (
    part(
        "loki",
        "loki",
        3100,
        PODS,
        "loki",
        rows=(
            Rows.of("reason", "rate_limited", "line_too_long", only="loki_discarded_.+"),
            Rows.of("route", "loki_api_v1_push", "loki_api_v1_query_range"),
        ),
        defaults={"status_code": "200", "code": "200", "method": "POST", "tenant": "fake", "user": "fake"},
        values=(
            ("loki_compactor_apply_retention_last_successful_run_timestamp_seconds", Clock(300)),
            ("loki_distributor_lines_received_total", Events(6000)),
            ("loki_ingester_memory_streams", Wave(140, 0.02)),
            ("loki_ingester_chunks_flush_requests_total", Fixed(40)),
        ),
    ),
)
