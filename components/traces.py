"""Tempo, which keeps traces and makes metrics of them."""

from __future__ import annotations

import pulumi

from components.base import Component
from components.helm import chart
from components.keep_lists import Keep
from components.resources import Secret, ServiceMonitor
from components.services import TEMPO
from components.sizes import sizing
from components.tempo_values import KAFKA_SECRET, distributed_values, single_values, tempo_monitor
from settings import Secrets, Settings
from settings.telemetry import KAFKA_KEYS


class Traces(Component):
    """The chart for the stack's mode: one process, or many with Kafka before them."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        secrets: Secrets,
        keep: Keep,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        kafka, needed = settings.traces.kafka, []
        if kafka and kafka.secret:
            password = {KAFKA_KEYS[0]: secrets.text(kafka.secret)}
            needed.append(Secret(KAFKA_SECRET, password, namespace=settings.namespace, opts=self.child()))
        distributed, size = settings.traces_mode == "distributed", sizing(settings)
        chart(
            "tempo-distributed" if distributed else "tempo",
            release=TEMPO,
            source=settings.chart_source,
            namespace=settings.namespace,
            values=distributed_values(settings, size, keep) if distributed else single_values(settings, size),
            opts=self.child(depends_on=needed),
        )
        if not distributed:
            # Not by the name of the chart's own, which stacks of before have: as that goes, it would take this along.
            monitor = tempo_monitor(settings, keep)
            ServiceMonitor(f"{TEMPO}-single", monitor, namespace=settings.namespace, opts=self.child())
        self.register_outputs({})
