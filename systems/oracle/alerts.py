"""When an Oracle database needs a person."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from model.rule import Alert, Severity, Signal
from systems.base import above
from systems.oracle.signals import executions

if TYPE_CHECKING:
    from systems.oracle import Thresholds


def alerts(signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    """Spec 30-rules N13 and T18: tiers of a tablespace; a database that is asked once a minute cannot page in 120 s."""
    oracle = partial(above, component="oracle")
    of = "Database {{ $labels.database }}"
    space = "{{ $labels.database }} tablespace {{ $labels.tablespace }} is {{ $value | humanizePercentage }} full"
    full = "More than {:.0%} of what the tablespace may grow to has been in use for 10 minutes."
    return (
        oracle(
            "OracleDown",
            signals["down"],
            0,
            for_="2m",
            severity=Severity.HIGH,
            summary=f"{of} does not answer",
            description="The exporter has not been able to ask the database for 2 minutes.",
        ),
        oracle(
            "OracleTablespaceFull",
            signals["tablespace_usage"],
            limits.tablespace_high,
            for_="10m",
            severity=Severity.HIGH,
            summary=space,
            description=full.format(limits.tablespace_high),
        ),
        oracle(
            "OracleTablespaceUsageHigh",
            signals["tablespace_usage"],
            limits.tablespace_warning,
            for_="10m",
            severity=Severity.WARNING,
            summary=space,
            description=full.format(limits.tablespace_warning),
        ),
        oracle(
            "OracleConnectionsHigh",
            signals["connection_usage"],
            limits.connections,
            for_="5m",
            severity=Severity.HIGH,
            summary=f"{of} has {{{{ $value | humanizePercentage }}}} of its {{{{ $labels.resource_name }}}} in use",
            description=f"More than {limits.connections:.0%} have been in use for 5 minutes.",
        ),
        oracle(
            "OracleStatementsSlow",
            signals["statement_time"],
            limits.statement_seconds,
            for_="10m",
            severity=Severity.HIGH,
            summary=f"Statements of {of[0].lower() + of[1:]} take {{{{ $value | humanizeDuration }}}}",
            description=f"A statement has taken more than {limits.statement_seconds:g} s on average for 10 minutes.",
            guard=executions() >= limits.minimum_executions,
        ),
        oracle(
            "OracleLockWait",
            signals["lock_wait"],
            limits.lock_wait_seconds,
            for_="5m",
            severity=Severity.MEDIUM,
            summary=f"{of} has sessions that wait for locks",
            description="A session has been waiting for {{ $value | humanizeDuration }} for a lock of another.",
        ),
    )
