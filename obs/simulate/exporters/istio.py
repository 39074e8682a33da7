"""istiod, the ingress gateway, and the sidecar of the workload behind it."""

from __future__ import annotations

from functools import partial

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.istio import GATEWAY, ISTIOD, PORT, PROXY_PORT, WORKLOAD
from obs.simulate.series import Labels, Rows, Table
from obs.simulate.values import Events, Fixed, Value

REQUESTS_PER_MINUTE = 120.0
DAY = 86_400.0
_ISTIOD = Table(
    rows=(Rows.of("type", "cds", "lds", "rds", "eds"),),
    values=(
        ("pilot_xds", Fixed(2)),
        ("pilot_total_xds_rejects|pilot_xds_.+_reject", Fixed(0)),
        ("citadel_server_(root_cert|cert_chain)_expiry_seconds", Fixed(3650 * DAY)),
    ),
    # Bounds up to 30 s, as the real one has.
    scales=(("pilot_proxy_convergence_time", 0.3),),
)


def _answers(labels: Labels) -> Value:
    """Some requests failed in the past; none does now."""
    return Events(REQUESTS_PER_MINUTE) if labels["response_code"] == "200" else Fixed(4)


def _proxy(reporter: str) -> Table:
    return Table(
        rows=(Rows.of("response_code", "200", "503", only="istio_requests_total"),),
        defaults={
            "reporter": reporter,
            "source_workload": "istio-ingressgateway",
            "source_workload_namespace": "istio-ingress",
            "destination_workload": "portal",
            "destination_workload_namespace": "portal",
            "destination_service": "portal.portal.svc.cluster.local",
            "response_code": "200",
            "response_flags": "-",
            "request_protocol": "http",
        },
        values=(("istio_requests_total", _answers),),
        scales=(("istio_request_duration_milliseconds", 60.0), ("istio_.+_bytes", 2_000.0)),
    )


def _told(table: Table, _cluster: Cluster, _target: Target) -> Table:
    return table


EXPORTERS = (
    Exporter(
        name="istiod",
        system="istio",
        port=PORT,
        pods=ISTIOD,
        contract="istio",
        component="istiod",
        table=partial(_told, _ISTIOD),
    ),
    *(
        Exporter(
            name=name,
            system="istio",
            port=PROXY_PORT,
            path="/stats/prometheus",
            pods=labels,
            contract="istio",
            component="proxy",
            table=partial(_told, _proxy(reporter)),
        )
        for name, labels, reporter in (
            ("istio-gateway", GATEWAY, "source"),
            ("istio-sidecar", WORKLOAD, "destination"),
        )
    ),
)
