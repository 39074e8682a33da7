"""Tempo as one process (labels: grafana-community/tempo, selectorLabels)."""

from __future__ import annotations

from obs.simulate.exporters.own import part
from obs.simulate.series import Rows
from obs.simulate.values import Events

EXPORTERS = (
    part(
        "tempo",
        "tempo",
        3200,
        {"app.kubernetes.io/name": "tempo", "app.kubernetes.io/instance": "tempo"},
        "tempo",
        rows=(
            Rows.of("reason", "rate_limited", "trace_too_large", only="tempo_discarded_spans_total"),
            Rows.of("receiver", "otlp/otlp_receiver"),
            Rows.of("route", "api_search", "api_traces_traceid"),
        ),
        defaults={"status_code": "200", "method": "GET", "tenant": "single-tenant"},
        values=(("tempo_distributor_spans_received_total", Events(300)),),
    ),
)
