"""Where the collector's tiers send, and what their queues hold while nobody takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.services import Services
from components.sizes import PartSize
from model.quantity import quantity

Config = dict[str, Any]

# The receiver and Tempo take 4 MiB at most, and answer more with an error for which nothing is sent again.
_LARGEST_REQUEST = 3_500_000
_FOR_EVER = {"enabled": True, "initial_interval": "1s", "max_interval": "10s", "max_elapsed_time": 0}


@dataclass(frozen=True)
class Queues:
    """Bytes (as sent) that each queue of one replica holds. Beyond that the newest is dropped, and counted."""

    traces: int
    logs: int
    metrics: int


def gateway_queues(size: PartSize) -> Queues:
    """In memory, where data takes 3 to 4 times what it takes as sent: in sum half of what the pod may use."""
    memory = size.resources.most_memory
    return Queues(traces=int(memory * 0.08), logs=int(memory * 0.04), metrics=int(memory * 0.02))


def sampler_queue(size: PartSize) -> int:
    """Bytes of traces on the sampler's volume: 60 % of it, as the file does not shrink before it is compacted."""
    return int(quantity(size.storage) * 60 / 100)


BY_TRACE = {"routing_key": "traceID"}
# All series of one process: counters of two processes would take turns in one series.
BY_INSTANCE = {"routing_key": "attributes", "routing_attributes": ["service.name", "service.instance.id"]}


def to_samplers(services: Services, queue: int, routing: Config) -> Config:
    """To the ready pods behind the headless Service, asked of DNS (the other resolver takes pods that are not ready).

    The queue is in front of the choice of a pod, and not one for each: what waits for a pod that went away is given to
    another. Before that it is tried where it belongs for longer than DNS needs, as trying again sends everything again,
    what other pods took already too.
    """
    service = services.collector_sampler
    return {
        **routing,
        "resolver": {"dns": {"hostname": service.host, "port": str(service.ports["otlp"])}},
        "protocol": {
            "otlp": {
                "tls": {"insecure": True},
                "timeout": "5s",
                "sending_queue": {"enabled": False},
                "retry_on_failure": {
                    "enabled": True,
                    "initial_interval": "1s",
                    "max_interval": "4s",
                    "max_elapsed_time": "15s",
                },
            }
        },
        "timeout": "25s",
        "sending_queue": {"enabled": True, "sizer": "bytes", "queue_size": queue, "num_consumers": 20},
        "retry_on_failure": _FOR_EVER,
    }


def to_loki(services: Services, queue: int) -> Config:
    return {
        "endpoint": services.loki.url(path="/otlp"),
        "sending_queue": {
            "enabled": True,
            "sizer": "bytes",
            "queue_size": queue,
            "batch": {"flush_timeout": "1s", "min_size": 500_000, "max_size": _LARGEST_REQUEST},
        },
        "retry_on_failure": _FOR_EVER,
    }


def to_tempo(services: Services, size: PartSize) -> Config:
    return {
        "endpoint": services.tempo_intake.address("otlp-grpc"),
        "tls": {"insecure": True},
        "sending_queue": {
            "enabled": True,
            "storage": "file_storage",
            "sizer": "bytes",
            "queue_size": sampler_queue(size),
            # Only to keep requests small enough: the processor before it made batches already.
            "batch": {"flush_timeout": "200ms", "min_size": 0, "max_size": _LARGEST_REQUEST},
        },
        "retry_on_failure": _FOR_EVER,
    }


def prometheus(endpoint: str) -> Config:
    """Where Prometheus finds the applications' series. Without OpenMetrics there are no exemplars.

    With their times: when series move to another sampler the old one shows its last values for a while, and without a
    time Prometheus would take old and new in turn for one counter that falls again and again.
    """
    return {"endpoint": endpoint, "enable_open_metrics": True, "send_timestamps": True, "metric_expiration": "5m"}
