"""What goes wrong with the OpenTelemetry Collector."""

from __future__ import annotations

from obs.simulate.scenario import Change, Down, Scenario, Set, Step

_TO_TEMPO = {"exporter": "otlp_grpc/tempo"}
_FAST = Step(50, every="30s")


def _scenario(name: str, title: str, description: str, alert: str, within: str, *changes: Change | Down) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="collector",
        changes=changes,
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "telemetry-refused",
        "The collector refuses spans",
        "Its pipeline does not take them on.",
        "CollectorRefusing",
        "16m",
        Change("otelcol_receiver_refused_spans_total", _FAST),
    ),
    _scenario(
        "collector-memory",
        "The collector is out of memory",
        "The limiter refuses spans.",
        "CollectorMemoryLimited",
        "10m",
        Change("otelcol_processor_memory_limiter_refused_spans_total", _FAST),
    ),
    _scenario(
        "export-fails",
        "Tempo refuses spans for good",
        "They are larger than it takes.",
        "CollectorExportFailing",
        "16m",
        Change("otelcol_exporter_send_failed_spans_total", _FAST, _TO_TEMPO),
    ),
    _scenario(
        "queue-overflows",
        "A queue is full",
        "Tempo has been away for an hour.",
        "CollectorQueueOverflowing",
        "10m",
        Change("otelcol_exporter_enqueue_failed_spans_total", _FAST, _TO_TEMPO),
    ),
    _scenario(
        "queue-fills",
        "A queue fills",
        "Tempo is slow.",
        "CollectorQueueFilling",
        "14m",
        Change("otelcol_exporter_queue_size", Set(900), _TO_TEMPO),
    ),
    _scenario(
        "traces-dropped",
        "The samplers have no room",
        "More traces come than they hold until they decide.",
        "CollectorTracesDropped",
        "16m",
        Change("otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total", Step(20, every="30s")),
    ),
    _scenario(
        "collector-down",
        "The collector does not answer",
        "What applications send is lost once they give up.",
        "CollectorSilent",
        "6m",
        Down("otel-gateway"),
        Down("otel-sampler"),
    ),
)
