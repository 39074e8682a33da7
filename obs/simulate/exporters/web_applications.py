"""A Spring Boot application with a database, and two with FastAPI."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.web_applications import APPLICATIONS, SPRING
from obs.simulate.series import Labels, Rows, Table
from obs.simulate.values import Events, Fixed, Growth, Value, Wave

REQUESTS_PER_MINUTE = 120.0
HEAP = 2**30
_POOL = 10
# The heap has parts without a limit of their own.
_HEAP = (
    {"area": "heap", "id": "G1 Old Gen"},
    {"area": "heap", "id": "G1 Eden Space"},
    {"area": "nonheap", "id": "Metaspace"},
)


def _most(labels: Labels) -> float:
    return HEAP if labels["id"] == "G1 Old Gen" else -1


def _spring(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        rows=(
            Rows(_HEAP, "jvm_memory_(used|max|committed)_bytes"),
            Rows.of("status", "200", "404", only="http_server_requests_.+"),
        ),
        defaults={
            "uri": "/api/reviews",
            "method": "GET",
            "outcome": "SUCCESS",
            "exception": "none",
            "error": "none",
            "pool": "HikariPool-1",
            "action": "end of minor GC",
            "cause": "G1 Evacuation Pause",
            "gc": "G1 Young Generation",
            "level": "info",
            "state": "runnable",
        },
        values=(
            ("jvm_memory_max_bytes", _most),
            ("jvm_memory_used_bytes", Wave(0.2 * HEAP, 0.1)),
            ("hikaricp_connections_max", Fixed(_POOL)),
            ("hikaricp_connections_active", Wave(3, 0.3)),
            ("hikaricp_connections_pending", Fixed(0)),
            ("process_cpu_time_ns_total", Growth(1e8)),
        ),
        scales=(("http_server_requests_seconds", 0.08), ("jvm_gc_pause_seconds", 0.02)),
    )


def _requests(labels: Labels) -> Value:
    """Some requests failed in the past; none does now."""
    return Fixed(4) if labels["status"] == "5xx" else Events(REQUESTS_PER_MINUTE)


def _fastapi(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        rows=(Rows.of("status", "2xx", "5xx", only="http_requests_total"),),
        defaults={"handler": "/api/places", "method": "GET", "status": "2xx"},
        values=(("http_requests_total", _requests),),
        scales=(("http_request_duration_.+", 0.06),),
    )


EXPORTERS = tuple(
    Exporter(
        name=name,
        system="web_applications",
        port=port,
        path="/actuator/prometheus" if port == SPRING else "/metrics",
        pods={"app": name},
        contract="spring-boot" if port == SPRING else "fastapi",
        component="histogram" if port == SPRING else "prometheus-fastapi-instrumentator",
        table=_spring if port == SPRING else _fastapi,
    )
    for name, (_, port) in APPLICATIONS.items()
)
