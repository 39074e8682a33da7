"""What goes wrong with web applications."""

from __future__ import annotations

from obs.simulate.exporters.web_applications import HEAP
from obs.simulate.scenario import SPENT, Change, Down, Observe, Scenario, Set


def _scenario(name: str, title: str, description: str, change: Change | Down, *alerts: str, within: str) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="web_applications",
        changes=(change,),
        alerts=tuple(sorted(alerts)),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "web-latency",
        "A web application is slow",
        "A query without an index: nearly all requests of ojeomneo take 2 seconds.",
        Change("http_server_requests_seconds", Observe(mean=2.0, per_minute=1200)),
        "WebLatencyHigh",
        # Nearly all are slow where 5 % may be: every pair of a month's budget, the slowest after an hour.
        *SPENT,
        "ErrorBudgetBurnRateMedium",
        "ErrorBudgetBurnRateMediumSlow",
        within="2h",
    ),
    _scenario(
        "web-heap",
        "A web application's heap is full",
        "ojeomneo keeps what it should forget: 96 % of its heap is in use after each collection.",
        Change("jvm_memory_used_bytes", Set(0.96 * HEAP), {"id": "G1 Old Gen"}),
        "WebHeapNearlyFull",
        within="20m",
    ),
    _scenario(
        "web-connections",
        "A web application waits for its database",
        "A transaction that is never closed holds connections: six threads of ojeomneo wait for one.",
        Change("hikaricp_connections_pending", Set(6)),
        "WebConnectionsExhausted",
        within="8m",
    ),
    _scenario(
        "web-application-down",
        "A web application does not answer",
        "reviewmaps answers nobody, Prometheus neither.",
        Down("reviewmaps-server"),
        "WebApplicationSilent",
        within="6m",
    ),
)
