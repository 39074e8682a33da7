"""What goes wrong with Oracle databases."""

from __future__ import annotations

from obs.simulate.exporters.oracle import LIMIT, STATEMENTS_PER_MINUTE
from obs.simulate.scenario import Change, Down, Scenario, Set, Step

_SPACE = {"tablespace": "METASTORE"}
_USED = "oracledb_tablespace_used_percent"


def _scenario(
    name: str, title: str, description: str, change: Change | Down, *alerts: str, within: str = "18m"
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="oracle",
        changes=(change,),
        alerts=alerts,
        within=within,
    )


SCENARIOS = (
    _scenario(
        "oracle-down",
        "A database does not answer",
        "The listener is gone.",
        Change("oracledb_up", Set(0)),
        "OracleDown",
        within="6m",
    ),
    _scenario(
        "oracle-tablespace-full",
        "A tablespace is nearly full",
        "The Metastore's tablespace may not grow further and is 96 % full.",
        Change(_USED, Set(96), _SPACE),
        "OracleTablespaceFull",
        "OracleTablespaceUsageHigh",
    ),
    _scenario(
        "oracle-tablespace-filling",
        "A tablespace fills up",
        "The Metastore's tablespace is 87 % full.",
        Change(_USED, Set(87), _SPACE),
        "OracleTablespaceUsageHigh",
    ),
    _scenario(
        "oracle-sessions",
        "A database is out of sessions",
        "A pool leaks: 95 % of the sessions are taken.",
        Change("oracledb_resource_current_utilization", Set(0.95 * LIMIT), {"resource_name": "sessions"}),
        "OracleConnectionsHigh",
    ),
    _scenario(
        "oracle-slow",
        "Statements are slow",
        "A plan changed after statistics were gathered: a statement takes 8 seconds.",
        Change("oracledb_time_model_sql_execute_seconds_total", Step(8 * STATEMENTS_PER_MINUTE / 6, every="10s")),
        "OracleStatementsSlow",
        within="25m",
    ),
    _scenario(
        "oracle-locks",
        "Sessions wait for a lock",
        "Somebody updated a table by hand and went for lunch.",
        Change("oracledb_blocked_sessions_longest_wait_seconds", Set(900)),
        "OracleLockWait",
    ),
    _scenario(
        "oracle-exporter-down",
        "The Oracle exporters do not answer",
        "Nothing is known of any database.",
        Down("oracle-exporter"),
        "OracleExporterSilent",
        within="6m",
    ),
)
