"""The collector's two tiers (labels: open-telemetry/opentelemetry-collector, selectorLabels)."""

from __future__ import annotations

from obs.simulate.exporter import Exporter
from obs.simulate.exporters.own import part
from obs.simulate.series import Rows
from obs.simulate.values import Events, Fixed

_EXPORTERS = {
    "otel-gateway": ("load_balancing/traces", "otlp_http/loki"),
    "otel-sampler": ("otlp_grpc/tempo", "prometheus"),
}


def _tier(release: str) -> Exporter:
    return part(
        "collector",
        release,
        8888,
        {"app.kubernetes.io/name": "opentelemetry-collector", "app.kubernetes.io/instance": release},
        "collector",
        rows=(Rows.of("exporter", *_EXPORTERS[release]), Rows.of("data_type", "traces")),
        defaults={"receiver": "otlp", "transport": "grpc", "processor": "memory_limiter", "otel_signal": "traces"},
        values=(
            ("otelcol_exporter_queue_capacity", Fixed(1000)),
            ("otelcol_exporter_queue_size", Fixed(3)),
            ("otelcol_(receiver_accepted|exporter_sent)_.+", Events(300)),
        ),
    )


EXPORTERS = tuple(_tier(release) for release in _EXPORTERS)
