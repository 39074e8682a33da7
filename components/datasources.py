"""What Grafana reads, and how one leads to the other: metrics to traces, traces to logs and metrics, logs to traces.

All datasources are ours: the chart's would be a second default, which Grafana refuses (K03), and know nothing of
Thanos. Texts with ``$`` are for Grafana itself and escaped as ``$$``: provisioning expands environment variables.
"""

from __future__ import annotations

from typing import Any

import pulumi
import yaml

from components.base import Component
from components.kube_prometheus_values import SCRAPE_INTERVAL
from components.remote_store import STORE_CREDENTIAL
from components.resources import ConfigMap
from components.services import Services
from model.quantity import compressed
from settings import Settings

DATASOURCE_LABELS = {"grafana_datasource": "1"}
METRICS, PROMETHEUS, ALERTMANAGER, LOGS, TRACES = "prometheus", "prometheus-local", "alertmanager", "loki", "tempo"
"""Uids. ``prometheus`` is the default: everything that was ever scraped, wherever it is kept."""

TRACE_ID = "trace_id"
"""How the id of a trace is called, in exemplars and in the structured metadata of logs."""
_CREDENTIAL = f"${{{STORE_CREDENTIAL}}}"

# Metrics of Tempo's generator (grafana/tempo v2.10.8, modules/generator/processor/spanmetrics).
_FAILED = 'status_code="STATUS_CODE_ERROR"'
_SPAN_QUERIES = {
    "Request rate": "sum by (service) (rate(traces_spanmetrics_calls_total{$$__tags}[5m]))",
    "Error rate": f"sum by (service) (rate(traces_spanmetrics_calls_total{{$$__tags, {_FAILED}}}[5m]))",
    "95 % of requests are faster than": (
        "histogram_quantile(0.95, sum by (le, service) (rate(traces_spanmetrics_latency_bucket{$$__tags}[5m])))"
    ),
}


def datasources(settings: Settings) -> list[dict[str, Any]]:
    """Grafana's provisioning entries, the default first; one for each store that the stack has."""
    services = Services(settings)
    found = [_metrics(settings, services)]
    if asks_prometheus(settings):
        # What Thanos answers depends on Thanos: the way past it, for the day when that is what is broken.
        url = services.prometheus.url()
        found.append(_prometheus(settings, "Prometheus (this cluster)", PROMETHEUS, url, "Prometheus"))
    found.append(
        _entry(
            "Alertmanager",
            "alertmanager",
            ALERTMANAGER,
            services.alertmanager.url(),
            {"implementation": "prometheus", "handleGrafanaManagedAlerts": False},
        )
    )
    if settings.logs.enabled:
        found.append(_logs(settings, services))
    if settings.traces.enabled:
        found.append(_traces(settings, services))
    return found


def asks_prometheus(settings: Settings) -> bool:
    """Whether Grafana has a way past Thanos: not to shards, of which each knows a part."""
    return settings.thanos_mode is not None and settings.shards == 1


def _entry(name: str, kind: str, uid: str, url: str, json_data: dict[str, Any], **more: Any) -> dict[str, Any]:
    shared = {"access": "proxy", "isDefault": False, "editable": False}
    return {"name": name, "type": kind, "uid": uid, "url": url, **shared, "jsonData": json_data, **more}


def _prometheus(settings: Settings, name: str, uid: str, url: str, flavour: str, **more: Any) -> dict[str, Any]:
    json_data: dict[str, Any] = {
        "httpMethod": "POST",
        "prometheusType": flavour,
        # The shortest step that makes sense: $__rate_interval follows from it.
        "timeInterval": compressed(SCRAPE_INTERVAL, settings.time_compression),
        "manageAlerts": False,
        **more.pop("jsonData", {}),
    }
    if settings.traces.enabled:
        json_data["exemplarTraceIdDestinations"] = [
            {"name": TRACE_ID, "datasourceUid": TRACES, "urlDisplayLabel": "Trace"}
        ]
    return _entry(name, "prometheus", uid, url, json_data, **more)


def _metrics(settings: Settings, services: Services) -> dict[str, Any]:
    url, remote = services.metrics_query_url, settings.metrics_store.remote_write
    if remote is None:
        return _prometheus(settings, "Metrics", METRICS, url, "Thanos", isDefault=True)
    more: dict[str, Any] = {"isDefault": True, "jsonData": {}, "secureJsonData": {}}
    if remote.tenant:
        more["jsonData"]["httpHeaderName1"] = "X-Scope-OrgID"
        more["secureJsonData"]["httpHeaderValue1"] = remote.tenant
    if remote.username:
        more |= {"basicAuth": True, "basicAuthUser": remote.username}
        more["secureJsonData"]["basicAuthPassword"] = _CREDENTIAL
    elif remote.secret or remote.existing_secret:
        more["jsonData"]["httpHeaderName2"] = "Authorization"
        more["secureJsonData"]["httpHeaderValue2"] = f"Bearer {_CREDENTIAL}"
    if not more["secureJsonData"]:
        del more["secureJsonData"]
    return _prometheus(settings, "Metrics", METRICS, url, "Mimir", **more)


def _logs(settings: Settings, services: Services) -> dict[str, Any]:
    json_data: dict[str, Any] = {"maxLines": 1000}
    if settings.traces.enabled:
        trace = {"matcherType": "label", "matcherRegex": TRACE_ID, "name": "Trace", "url": "$${__value.raw}"}
        json_data["derivedFields"] = [{**trace, "datasourceUid": TRACES, "urlDisplayLabel": "Trace"}]
    return _entry("Logs", "loki", LOGS, services.loki.url(), json_data)


def _traces(settings: Settings, services: Services) -> dict[str, Any]:
    json_data: dict[str, Any] = {
        "nodeGraph": {"enabled": True},
        "serviceMap": {"datasourceUid": METRICS},
        "tracesToMetrics": {
            "datasourceUid": METRICS,
            "spanStartTimeShift": "-15m",
            "spanEndTimeShift": "15m",
            "tags": [{"key": "service.name", "value": "service"}],
            "queries": [{"name": name, "query": query} for name, query in _SPAN_QUERIES.items()],
        },
    }
    if settings.logs.enabled:
        json_data["tracesToLogsV2"] = {
            "datasourceUid": LOGS,
            "spanStartTimeShift": "-5m",
            "spanEndTimeShift": "5m",
            "tags": [
                {"key": "k8s.namespace.name", "value": "namespace"},
                {"key": "k8s.pod.name", "value": "pod"},
            ],
            # Not filterByTraceID: that looks for the id in the line, and it is in the structured metadata.
            "customQuery": True,
            "query": f'{{$${{__tags}}}} | {TRACE_ID} = "$${{__trace.traceId}}"',
        }
    return _entry("Traces", "tempo", TRACES, services.tempo.url(), json_data)


def datasources_yaml(settings: Settings) -> str:
    """Grafana's provisioning file. What it does not name any more is removed from Grafana."""
    content = {"apiVersion": 1, "prune": True, "datasources": datasources(settings)}
    return yaml.safe_dump(content, sort_keys=False, width=10_000)


class Datasources(Component):
    """One ConfigMap, which Grafana's side car picks up by its label."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        ConfigMap(
            "grafana-datasources",
            {"datasources.yaml": datasources_yaml(settings)},
            namespace=settings.namespace,
            labels=DATASOURCE_LABELS,
            opts=self.child(),
        )
        self.register_outputs({})
