"""Prometheus, and the reloaders beside it and beside Alertmanager.

Labels of pods: prometheus-operator pkg/prometheus/server and pkg/alertmanager.
"""

from __future__ import annotations

from obs.simulate.exporters.own import part
from obs.simulate.series import Rows
from obs.simulate.values import Events, Fixed, Growth, Wave

PODS = {"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/managed-by": "prometheus-operator"}
ALERTMANAGER_PODS = {"app.kubernetes.io/name": "alertmanager", "app.kubernetes.io/managed-by": "prometheus-operator"}
ALERTMANAGER = "http://alertmanager-operated.monitoring.svc:9093/api/v2/alerts"
_FILES = "/etc/prometheus/rules/prometheus-kube-prometheus-stack-prometheus-rulefiles-0"
RULE_GROUP = f"{_FILES}/monitoring-rules-kubernetes.yaml;dataops-kubernetes"
_RULES = Rows.of("rule_group", RULE_GROUP, f"{_FILES}/monitoring-rules-nodes.yaml;dataops-nodes")
RELOADER_PORT = 8080

EXPORTERS = (
    part(
        "prometheus",
        "prometheus",
        9090,
        PODS,
        "prometheus",
        rows=(_RULES, Rows.of("alertmanager", ALERTMANAGER)),
        defaults={"remote_name": "thanos-receive", "handler": "/api/v1/query", "code": "200", "type": "float"},
        values=(
            ("prometheus_notifications_(sent|errors|dropped)_total", Fixed(0)),
            ("prometheus_notifications_alertmanagers_discovered", Fixed(1)),
            ("prometheus_tsdb_head_series", Wave(21_000, 0.01)),
            ("prometheus_tsdb_head_samples_appended_total", Growth(700)),
            ("prometheus_target_scrapes_sample_.+_total", Fixed(0)),
            ("prometheus_rule_group_interval_seconds", Fixed(30)),
            ("prometheus_rule_group_iterations_total", Events(2)),
            ("prometheus_remote_storage_queue_highest_.+", Fixed(1.8e9)),
        ),
    ),
    *(
        part("prometheus", f"{name}-reloader", RELOADER_PORT, pods, "prometheus-config-reloader")
        for name, pods in (("prometheus", PODS), ("alertmanager", ALERTMANAGER_PODS))
    ),
)
