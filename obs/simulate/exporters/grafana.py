"""Grafana of kube-prometheus-stack (labels: grafana-community/grafana, selectorLabels)."""

from __future__ import annotations

from obs.simulate.exporters.own import only, part
from obs.simulate.series import Rows
from obs.simulate.values import Fixed

PODS = {"app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": "kube-prometheus-stack"}

EXPORTERS = (
    part(
        "grafana",
        "grafana",
        3000,
        PODS,
        "grafana",
        rows=(
            Rows.of("datasource", "Metrics", "Logs", "Traces"),
            Rows.of("code", "200", "502", only="grafana_datasource_request_total"),
        ),
        defaults={"status_code": "200", "code": "200", "method": "GET", "handler": "/api/ds/query"},
        values=(("grafana_datasource_request_total", only("code", "200")), ("grafana_stat_totals_dashboard", Fixed(9))),
    ),
)
