"""Prometheus, Alertmanager, Grafana and the cluster's exporters: kube-prometheus-stack and its CRDs."""

from __future__ import annotations

import pulumi

from components.base import Component
from components.charts import CHARTS
from components.grafana_secrets import grafana_secrets
from components.grafana_values import GRAFANA_ADMIN_SECRET
from components.helm import Release, chart
from components.kube_prometheus_values import kube_prometheus_values
from components.rbac import grants
from components.remote_store import CREDENTIAL, STORE_SECRET, own_secret
from components.resources import Secret
from components.series_classes import of_stack
from components.services import KUBE_PROMETHEUS, Services
from components.sizes import sizing
from plan import Plan
from settings import Secrets, Settings

# What the CRDs add to the cluster's API: charts render monitors only where it is there.
OPERATOR_APIS = (
    "monitoring.coreos.com/v1",
    *(
        f"monitoring.coreos.com/v1/{k}"
        for k in ("PodMonitor", "Probe", "Prometheus", "PrometheusRule", "ServiceMonitor")
    ),
)
# The release is kept in a Secret of at most 1 MiB, and agents are not deployed here.
_CRD_VALUES = {
    "crds": {"annotations": {"helm.sh/resource-policy": "keep"}, "prometheusagents": {"enabled": False}},
}


class OperatorCrds(Component):
    """The operator's custom resource definitions, kept when the stack goes: without them all monitors go too."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        Release(
            "prometheus-operator-crds",
            source=settings.chart_source,
            namespace=settings.namespace,
            values=_CRD_VALUES,
            opts=self.child(
                protect=settings.cluster.environment == "production",
                retain_on_delete=True,
            ),
        )
        self.register_outputs({})


class Metrics(Component):
    """kube-prometheus-stack with a generated Grafana administrator.

    Outputs: ``grafana_admin_secret`` (name of the Secret), and the in-cluster addresses of its parts.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        plan: Plan,
        secrets: Secrets,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        child = self.child()
        needed = _store_secret(settings, secrets, child)
        chart(
            KUBE_PROMETHEUS,
            source=settings.chart_source,
            namespace=settings.namespace,
            values=kube_prometheus_values(settings, sizing(settings), of_stack(settings, plan.series), plan.keep),
            opts=self.child(
                depends_on=[*grafana_secrets(name, settings, secrets, child), *grants(settings, child), *needed]
            ),
        )
        self.grafana_admin_secret = GRAFANA_ADMIN_SECRET
        services = Services(settings)
        self.prometheus_url = services.prometheus.url()
        self.alertmanager_url = services.alertmanager.url()
        self.grafana_url = settings.grafana.url
        self.chart_version = CHARTS[KUBE_PROMETHEUS].version
        self.register_outputs({})


def _store_secret(settings: Settings, secrets: Secrets, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    data = {key: secrets.text(value) if key == CREDENTIAL else value for key, value in own_secret(settings).items()}
    return [Secret(STORE_SECRET, data, namespace=settings.namespace, opts=opts)] if data else []
