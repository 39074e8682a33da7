"""The configurations of the OpenTelemetry Collector's two tiers, as plain values.

The gateways take everything in, name its pods, remove personal data, and hand each trace and each series to one
sampler by its hash. The samplers see whole traces, so they can keep those with errors and slow ones and draw lots for
the rest; and whole series, so that Prometheus finds each of them in one place. docs/how-to/telemetry.md says more.
"""

from __future__ import annotations

from typing import Any

from components import collector_exporters as exporters
from components import collector_processors as processors
from components.collector_privacy import privacy_processor
from components.services import Service, Services
from components.sizes import Sizing
from settings import Settings
from settings.parts import PartName

Config = dict[str, Any]

QUEUE_DIRECTORY = "/var/lib/otelcol/queue"
HEALTH_PORT = 13133
_POD_IP = "${env:MY_POD_IP}"
# Requests of 4 MiB are common, and larger ones of a gateway's own making are not sent.
_MOST_RECEIVED_MIB = 16


def gateway_config(settings: Settings, sizes: Sizing) -> Config:
    """The first tier. Signals that the stack does not keep have no pipeline: senders are told at once."""
    queues = exporters.gateway_queues(sizes[PartName.COLLECTOR_GATEWAY])
    services = Services(settings)
    common = ["memory_limiter", "k8s_attributes", "resource", "transform/privacy"]
    to: Config = {"load_balancing/metrics": exporters.to_samplers(services, queues.metrics, exporters.BY_INSTANCE)}
    pipelines: Config = {"metrics": _pipeline([*common, "transform/labels", "batch"], "load_balancing/metrics")}
    if settings.traces.enabled:
        to["load_balancing/traces"] = exporters.to_samplers(services, queues.traces, exporters.BY_TRACE)
        pipelines["traces"] = _pipeline([*common, "batch"], "load_balancing/traces")
    if settings.logs.enabled:
        to["otlp_http/loki"] = exporters.to_loki(services, queues.logs)
        # No batch processor: it takes whatever it is given. So a sender hears of a full queue, and keeps what it has.
        pipelines["logs"] = _pipeline([*common, "transform/labels"], "otlp_http/loki")
    through: Config = {
        "memory_limiter": processors.MEMORY_LIMITER,
        "k8s_attributes": processors.K8S_ATTRIBUTES,
        "resource": processors.resource(settings),
        "transform/privacy": privacy_processor(settings.collector.personal_data),
        "transform/labels": processors.labels(settings),
        "batch": processors.BATCH,
    }
    ports = services.collector_gateway.ports
    protocols = {
        "grpc": {
            **_grpc(services.collector_gateway),
            # A connection of gRPC stays with one pod for ever; so that new pods get their share.
            "keepalive": {"server_parameters": {"max_connection_age": "5m", "max_connection_age_grace": "30s"}},
        },
        "http": {"endpoint": f"{_POD_IP}:{ports['otlp-http']}"},
    }
    service = _service(services.collector_gateway, ["health_check"], pipelines)
    return _config({}, protocols, through, to, service)


def sampler_config(settings: Settings, sizes: Sizing) -> Config:
    """The second tier."""
    size = sizes[PartName.COLLECTOR_SAMPLER]
    services = Services(settings)
    tier = services.collector_sampler
    through: Config = {"memory_limiter": processors.MEMORY_LIMITER}
    to: Config = {"prometheus": exporters.prometheus(f"{_POD_IP}:{tier.ports['prometheus']}")}
    pipelines: Config = {"metrics": _pipeline(["memory_limiter"], "prometheus")}
    extensions: Config = {}
    if settings.traces.enabled:
        through |= {
            "tail_sampling": processors.tail_sampling(settings, size),
            "transform/ratio": processors.ratio(settings.collector.sampling.percentage / 100),
            "batch": processors.BATCH,
        }
        to["otlp_grpc/tempo"] = exporters.to_tempo(services, size)
        pipelines["traces"] = _pipeline(list(through), "otlp_grpc/tempo")
        extensions["file_storage"] = _file_storage()
    service = _service(tier, ["health_check", *extensions], pipelines)
    return _config(extensions, {"grpc": _grpc(tier)}, through, to, service)


def _config(extensions: Config, protocols: Config, through: Config, to: Config, service: Config) -> Config:
    return {
        "extensions": {"health_check": {"endpoint": f"{_POD_IP}:{HEALTH_PORT}"}, **extensions},
        "receivers": {"otlp": {"protocols": protocols}},
        "processors": through,
        "exporters": to,
        "service": service,
    }


def _pipeline(through: list[str], exporter: str) -> Config:
    return {"receivers": ["otlp"], "processors": through, "exporters": [exporter]}


def _grpc(tier: Service) -> Config:
    return {"endpoint": f"{_POD_IP}:{tier.ports['otlp']}", "max_recv_msg_size_mib": _MOST_RECEIVED_MIB}


def _file_storage() -> Config:
    return {
        "directory": QUEUE_DIRECTORY,
        "create_directory": True,
        # A damaged file (a node that lost its power) is put aside, and the sampler starts.
        "recreate": True,
        # What was emptied is given back to the volume.
        "compaction": {"directory": QUEUE_DIRECTORY, "on_start": True, "on_rebound": True, "cleanup_on_start": True},
    }


def _service(tier: Service, extensions: list[str], pipelines: Config) -> Config:
    """Its own metrics have names that no version changes: with _total and units (the two flags; without, it varies)."""
    prometheus = {
        "host": _POD_IP,
        "port": tier.ports["metrics"],
        "without_type_suffix": False,
        "without_units": False,
        "without_scope_info": True,
    }
    return {
        "extensions": extensions,
        "telemetry": {
            "logs": {"encoding": "json"},
            "metrics": {"readers": [{"pull": {"exporter": {"prometheus": prometheus}}}]},
        },
        "pipelines": pipelines,
    }
