"""Tempo, which keeps traces and makes metrics of them."""

from __future__ import annotations

import pulumi

from components.base import Component
from components.helm import chart
from components.services import TEMPO
from components.sizes import sizing
from components.tempo_values import distributed_values, single_values
from settings import Settings


class Traces(Component):
    """The chart for the stack's mode: one process, or many with Kafka before them."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        distributed = settings.traces_mode == "distributed"
        values = distributed_values if distributed else single_values
        chart(
            "tempo-distributed" if distributed else "tempo",
            release=TEMPO,
            source=settings.chart_source,
            namespace=settings.namespace,
            values=values(settings, sizing(settings)),
            opts=self.child(),
        )
        self.register_outputs({})
