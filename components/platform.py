"""The whole of one cluster, composed: order, provider and stack outputs."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.provider import Provider

from components.alert_routing import AlertRouting
from components.base import Component
from components.collector import Collector
from components.dashboard_maps import Dashboards
from components.datasources import Datasources
from components.exporters import Exporters
from components.logs import Logs
from components.metrics import Metrics, OperatorCrds
from components.monitors import Monitors
from components.network_policies import NetworkPolicies
from components.object_storage import ObjectStorage
from components.outputs import VERSION
from components.pod_security import namespace_labels, namespaces
from components.resources import Namespace
from components.rules import Rules
from components.services import Services
from components.thanos import Thanos
from components.traces import Traces
from plan import Plan
from settings import Secrets, Settings


class Platform(Component):
    """Namespaces, CRDs, the stack, then everything that needs the CRDs."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        plan: Plan,
        secrets: Secrets,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        provider = Provider(
            "cluster",
            context=settings.cluster.context,
            cluster_identifier=settings.cluster.name,
            # Otherwise a changed dashboard is deleted and created again, with a gap between.
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=self.child(),
        )
        inside = self.child(providers=[provider])
        made = _namespaces(settings, inside)
        ready = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=made))
        if settings.network_policies:
            NetworkPolicies("network-policies", settings, ready)
        crds = OperatorCrds("operator-crds", settings, ready)
        routing = AlertRouting("alert-routing", plan.routing, settings, secrets, ready)
        storage = ObjectStorage("storage", settings, secrets, ready)
        needs_crds = pulumi.ResourceOptions.merge(ready, pulumi.ResourceOptions(depends_on=[crds]))
        with_storage = pulumi.ResourceOptions.merge(needs_crds, pulumi.ResourceOptions(depends_on=[storage]))
        with_routing = pulumi.ResourceOptions.merge(with_storage, pulumi.ResourceOptions(depends_on=[routing]))
        metrics = Metrics("metrics", settings, plan, secrets, with_routing)
        if settings.thanos_mode is not None:
            Thanos("metrics-store", settings, plan.keep, with_storage)
        if settings.logs.enabled:
            Logs("logs", settings, plan.keep, with_storage)
        if settings.collector.enabled:
            Collector("collector", settings, plan.keep, needs_crds)
        Datasources("datasources", settings, ready)
        if settings.traces.enabled:
            Traces("traces", settings, secrets, plan.keep, with_storage)
        Exporters("exporters", settings, secrets, plan.keep, needs_crds)
        Monitors("monitors", plan.systems, settings, secrets, needs_crds)
        Rules("rules", plan, settings, needs_crds)
        Dashboards("dashboards", plan.dashboards, settings, ready)
        self.stack_outputs = _outputs(settings, plan, metrics)
        self.register_outputs({})


def _namespaces(settings: Settings, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    # Kept when the stack goes: a deleted namespace takes every volume claim in it along.
    opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True))
    return [Namespace(name, labels=namespace_labels(level), opts=opts) for name, level in namespaces(settings).items()]


def _outputs(settings: Settings, plan: Plan, metrics: Metrics) -> dict[str, Any]:
    """What other projects may read: the fields of :class:`components.outputs.StackOutputs`."""
    return {
        "outputsVersion": VERSION,
        "clusterName": settings.cluster.name,
        "environment": settings.cluster.environment,
        "namespace": settings.namespace,
        "prometheusUrl": metrics.prometheus_url,
        "alertmanagerUrl": metrics.alertmanager_url,
        "grafanaUrl": metrics.grafana_url,
        **_telemetry_outputs(settings),
        "grafanaAdminSecret": metrics.grafana_admin_secret,
        "kubePrometheusStackVersion": metrics.chart_version,
        "systems": [system.name for system in plan.systems],
        "alerts": sorted({alert.name for alert in plan.alerts}),
        "dashboards": {dashboard.uid: dashboard.title for dashboard in plan.dashboards},
    }


def _telemetry_outputs(settings: Settings) -> dict[str, str | None]:
    """Where to ask and where to send; null for what the stack does not have."""
    services = Services(settings)
    collector = services.collector_gateway if settings.collector.enabled else None
    return {
        "metricsUrl": services.metrics_query_url,
        "logsUrl": services.loki.url() if settings.logs.enabled else None,
        "tracesUrl": services.tempo.url() if settings.traces.enabled else None,
        "otlpGrpcUrl": collector.url("otlp") if collector else None,
        "otlpHttpUrl": collector.url("otlp-http") if collector else None,
    }
