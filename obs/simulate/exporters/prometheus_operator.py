"""The Prometheus operator of kube-prometheus-stack, without TLS.

Labels of its pod: kube-prometheus-stack templates/prometheus-operator/deployment.yaml.
"""

from __future__ import annotations

from obs.simulate.exporters.own import part
from obs.simulate.series import Labels, Rows
from obs.simulate.values import Fixed

PODS = {"app": "kube-prometheus-stack-operator", "app.kubernetes.io/component": "prometheus-operator"}


def _state(labels: Labels) -> Fixed:
    return Fixed(0 if labels.get("state") == "rejected" or labels.get("status") == "failed" else 3)


EXPORTERS = (
    part(
        "prometheus_operator",
        "prometheus-operator",
        8080,
        PODS,
        "prometheus-operator",
        rows=(
            Rows.of("controller", "alertmanager", "prometheus", "thanos"),
            Rows.of("resource", "PrometheusRule", "ServiceMonitor", "PodMonitor"),
            Rows.of("state", "selected", "rejected"),
            Rows.of("status", "ok", "failed"),
        ),
        values=(
            ("prometheus_operator_(managed_resources|syncs)", _state),
            ("prometheus_operator_(reconcile|list|watch)_operations_total", Fixed(40)),
        ),
    ),
)
