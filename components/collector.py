"""The OpenTelemetry Collector: a tier that takes everything in, and one that sees whole traces and series."""

from __future__ import annotations

import pulumi

from components.base import Component
from components.collector_values import gateway_values, sampler_values
from components.helm import chart
from components.keep_lists import Keep
from components.services import COLLECTOR_GATEWAY, COLLECTOR_SAMPLER
from components.sizes import sizing
from settings import Settings

CHART = "opentelemetry-collector"


class Collector(Component):
    """Both tiers. Register it where the setting ``collector`` is on, after what it sends to."""

    def __init__(self, name: str, settings: Settings, keep: Keep, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        sizes = sizing(settings)
        sampler = chart(
            CHART,
            release=COLLECTOR_SAMPLER,
            source=settings.chart_source,
            namespace=settings.namespace,
            values=sampler_values(settings, sizes, keep),
            opts=self.child(),
        )
        chart(
            CHART,
            release=COLLECTOR_GATEWAY,
            source=settings.chart_source,
            namespace=settings.namespace,
            values=gateway_values(settings, sizes, keep),
            opts=self.child(depends_on=[sampler]),
        )
        self.register_outputs({})
