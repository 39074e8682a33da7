"""Thanos: queries over everything, blocks for longer than Prometheus keeps them, and who expires them."""

from __future__ import annotations

import pulumi

from components.base import Component
from components.helm import chart
from components.keep_lists import Keep
from components.services import THANOS, thanos_compactor_release
from components.sizes import sizing
from components.thanos_values import compactor_values, thanos_values
from settings import Settings


class Thanos(Component):
    """Query, query frontend and store gateway; in mode receive routers and ingestors; a compactor for each class.

    The side cars and the ruler are made by kube-prometheus-stack (components/prometheus_store.py).
    """

    def __init__(self, name: str, settings: Settings, keep: Keep, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        size = sizing(settings)
        releases = {
            thanos_compactor_release(c): compactor_values(settings, size, c, keep) for c in settings.retention_classes
        }
        for release, values in {THANOS: thanos_values(settings, size, keep), **releases}.items():
            chart(
                THANOS,
                release=release,
                source=settings.chart_source,
                namespace=settings.namespace,
                values=values,
                opts=self.child(),
            )
        self.register_outputs({})
