"""Dashboards as ConfigMaps, which Grafana's sidecar picks up by label: one each, in its folder."""

from __future__ import annotations

import pulumi

from components.kube_prometheus_values import DASHBOARD_LABELS, FOLDER_ANNOTATION
from components.resources import ConfigMap
from dashboards.grafana import dashboard_json
from model.dashboard import Dashboard
from settings import Settings

TYPE = "dataops:observability:Dashboards"


class Dashboards(pulumi.ComponentResource):
    """One ConfigMap per dashboard, named dashboard-<uid>."""

    def __init__(
        self,
        name: str,
        dashboards: tuple[Dashboard, ...],
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        for dashboard in dashboards:
            ConfigMap(
                f"dashboard-{dashboard.uid}",
                {f"{dashboard.uid}.json": dashboard_json(dashboard)},
                namespace=settings.namespace,
                labels=DASHBOARD_LABELS,
                annotations={FOLDER_ANNOTATION: dashboard.folder},
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
