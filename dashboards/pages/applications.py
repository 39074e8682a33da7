"""Below end-to-end analytics: one web application, certificates."""

from __future__ import annotations

from dashboards.pages.common import logs_of
from dashboards.shelf import Group, Page, Wanted, show
from model.dashboard import PanelKind, Variable

_PARENT = "dataops-e2e"

APPLICATION = Page(
    uid="dataops-application",
    title="Application health",
    description="Requests, errors and latency of one web application, its runtime and its log.",
    parent=_PARENT,
    systems=("web_applications",),
    keys=("application",),
    related=("web_applications", "probes"),
    variables=(
        (
            "web_applications",
            Variable(name="application", label="application", metric="dataops:application:requests_rate5m"),
        ),
    ),
    rows=(
        Group(
            title="Requests",
            panels=(
                show(PanelKind.TIMESERIES, "web_applications.requests", title="Request rate", width=12),
                show(PanelKind.TIMESERIES, "web_applications.error_ratio", width=12),
                Wanted(
                    kind=PanelKind.TIMESERIES,
                    names=(
                        "web_applications.latency_p50",
                        "web_applications.latency_p95",
                        "web_applications.latency_p99",
                    ),
                    title="Latency (P50, P95, P99)",
                    width=12,
                    exemplars=True,
                ),
                show(PanelKind.BARGAUGE, "web_applications.latency_of_objective", width=12, optional=True),
            ),
        ),
        Group(
            title="Runtime",
            panels=(
                show(PanelKind.TIMESERIES, "web_applications.heap_usage", optional=True),
                show(PanelKind.TIMESERIES, "web_applications.gc_pauses", optional=True),
                show(PanelKind.TIMESERIES, "web_applications.pool_usage", optional=True),
                show(PanelKind.TIMESERIES, "web_applications.pool_waiting", optional=True),
            ),
        ),
        logs_of('{app=~".+", app=~"$application.*"}', "Log of the application"),
    ),
)

CERTIFICATES = Page(
    uid="dataops-certificates",
    title="Certificates",
    description="Which certificates end when, and whether cert-manager renews them.",
    parent=_PARENT,
    systems=("cert_manager",),
    related=("cert_manager",),
    variables=(
        (
            "cert_manager",
            Variable(name="namespace", label="namespace", metric="certmanager_certificate_ready_status"),
        ),
    ),
    rows=(
        Group(
            title="Certificates",
            panels=(
                show(PanelKind.BARGAUGE, "cert_manager.life_left", width=12),
                show(PanelKind.TABLE, "cert_manager.expires_in", width=12),
                show(PanelKind.TABLE, "cert_manager.not_ready", width=12),
                show(PanelKind.TABLE, "cert_manager.issuers_not_ready", width=12),
            ),
        ),
        Group(
            title="cert-manager",
            panels=(
                show(PanelKind.TIMESERIES, "cert_manager.sync_errors", width=12),
                show(PanelKind.TIMESERIES, "cert_manager.acme_requests", width=12),
            ),
        ),
    ),
)
PAGES = (APPLICATION, CERTIFICATES)
