"""Thanos' parts: the chart's (stevehipwell/thanos, selectorLabels), the side car of Prometheus, and the Ruler."""

from __future__ import annotations

from obs.simulate.exporter import Exporter
from obs.simulate.exporters.own import only, part
from obs.simulate.exporters.prometheus import PODS as PROMETHEUS
from obs.simulate.series import Rows
from obs.simulate.values import Clock, Fixed

RULER = {"app.kubernetes.io/name": "thanos-ruler", "app.kubernetes.io/managed-by": "prometheus-operator"}
_FILES = "/etc/thanos/rules/thanos-ruler-kube-prometheus-stack-thanos-ruler-rulefiles-0"
RULE_GROUP = f"{_FILES}/monitoring-rules-slo-deployment-success.yaml;slo-deployment-success"
_PORT = 10902


def _chart(component: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": "thanos", "app.kubernetes.io/component": component}


def _part(name: str, component: str, pods: dict[str, str]) -> Exporter:
    return part(
        "thanos",
        f"thanos-{name}",
        _PORT,
        pods,
        "thanos",
        component=component,
        rows=(
            Rows.of("code", "200", "500", only="http_requests_total"),
            Rows.of("handler", "query"),
            Rows.of("grpc_code", "OK", "Internal", only="grpc_server_handled_total"),
            Rows.of("operation", "get", "upload", "iter"),
            Rows.of("rule_group", RULE_GROUP),
            Rows.of("strategy", "abort"),
        ),
        defaults={"bucket": "metrics", "method": "get", "code": "200", "grpc_type": "server_stream", "grpc_code": "OK"},
        values=(
            ("http_requests_total", only("code", "200")),
            ("grpc_server_handled_total", only("grpc_code", "OK")),
            ("thanos_objstore_bucket_last_successful_upload_time", Clock(600)),
            ("thanos_objstore_bucket_operations_total", Fixed(40)),
            ("thanos_rule_loaded_rules", Fixed(12)),
            ("prometheus_rule_evaluations_total", only("strategy", "abort")),
        ),
    )


EXPORTERS = (
    _part("query", "query", _chart("query")),
    _part("query-frontend", "query-frontend", _chart("query-frontend")),
    _part("store-gateway", "store", _chart("store-gateway")),
    _part("compact", "compact", _chart("compact")),
    _part("sidecar", "sidecar", PROMETHEUS),
    _part("ruler", "ruler", RULER),
)
