"""When a web application needs a person. Errors and slow answers burn budgets (slo/): spec 30-rules A21, N20."""

from __future__ import annotations

from model.promql import metric
from model.rule import Alert, Severity, Signal
from systems.base import above
from systems.web_applications.signals import REQUESTS

_PER_SECOND = 0.1
"""Of fewer requests a few slow ones are the whole of P95."""


def alerts(signals: dict[str, Signal], cluster: str) -> tuple[Alert, ...]:
    found = [
        above(
            "WebLatencyHigh",
            signals["latency_of_objective"],
            1,
            for_="10m",
            # Of the objective it is a burn rate of 1; what goes faster is told by the budget, at higher severities.
            severity=Severity.WARNING,
            component="web",
            summary="{{ $labels.application }} is slow: P95 is {{ $value | humanizePercentage }} of its objective",
            description="More than 5 % of the application's requests have taken longer than allowed for 10 minutes.",
            guard=metric(REQUESTS) > _PER_SECOND,
        ),
        above(
            "WebApplicationSilent",
            signals["web_applications_silent"],
            0,
            for_="3m",
            severity=Severity.HIGH,
            component="web",
            summary="{{ $labels.application }} delivers no metrics",
            description=(
                "Prometheus has seen nothing of the application for 3 minutes. Until it is back, "
                "no alert on its errors or latency can fire, and it may be down."
            ),
            labels={"cluster": cluster},
        ),
    ]
    return (*found, *_jvm(signals)) if "heap_usage" in signals else tuple(found)


def _jvm(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    instance = "{{ $labels.application }} ({{ $labels.pod }})"
    return (
        above(
            "WebHeapNearlyFull",
            signals["heap_usage"],
            0.90,
            for_="15m",
            severity=Severity.WARNING,
            component="web",
            summary=f"Heap of {instance} is {{{{ $value | humanizePercentage }}}} full",
            description="The heap has not been below 90 % for 15 minutes: the JVM collects more and more often.",
        ),
        above(
            "WebConnectionsExhausted",
            signals["pool_waiting"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            component="web",
            summary=f"{{{{ $value | humanize }}}} threads of {instance} wait for the database",
            description="Threads have been waiting for a connection of the pool for 5 minutes: requests queue up.",
        ),
    )
