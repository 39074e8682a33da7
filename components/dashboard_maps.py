"""Dashboards as ConfigMaps, which Grafana's sidecar picks up by label: one each, in its folder."""

from __future__ import annotations

import pulumi

from components.base import Component
from components.grafana_values import DASHBOARD_LABELS, FOLDER_ANNOTATION
from components.resources import ConfigMap
from dashboards.grafana import dashboard_json
from model.dashboard import Dashboard
from settings import Settings


class Dashboards(Component):
    """One ConfigMap per dashboard, named dashboard-<uid>."""

    def __init__(
        self,
        name: str,
        dashboards: tuple[Dashboard, ...],
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        for dashboard in dashboards:
            ConfigMap(
                f"dashboard-{dashboard.uid}",
                {f"{dashboard.uid}.json": dashboard_json(dashboard)},
                namespace=settings.namespace,
                labels=DASHBOARD_LABELS,
                annotations={FOLDER_ANNOTATION: dashboard.folder},
                opts=self.child(),
            )
        self.register_outputs({})
