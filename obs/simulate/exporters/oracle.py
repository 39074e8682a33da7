"""The stack's own exporters, and the database that each of them asks."""

from __future__ import annotations

from obs.simulate.cluster import Cluster, Pod
from obs.simulate.exporter import Exporter, Target
from obs.simulate.series import Labels, Rows, Table
from obs.simulate.values import Events, Fixed, Growth, Since, Value, Wave

LIMIT = 500
STATEMENTS_PER_MINUTE = 3000.0
_TABLESPACES = (
    {"tablespace": "METASTORE", "type": "PERMANENT"},
    {"tablespace": "SYSTEM", "type": "PERMANENT"},
    {"tablespace": "TEMP", "type": "TEMPORARY"},
)


def _used(labels: Labels) -> Value:
    """Temporary space stays taken."""
    return Fixed(99) if labels["type"] == "TEMPORARY" else Wave(55, 0.01)


def _table(_cluster: Cluster, target: Target) -> Table:
    assert isinstance(target, Pod)
    database = target.labels["app.kubernetes.io/instance"].removeprefix("oracle-exporter-")
    return Table(
        rows=(
            Rows(_TABLESPACES, "oracledb_tablespace_.+"),
            Rows.of("resource_name", "processes", "sessions"),
            Rows.of("status", "ACTIVE", "INACTIVE"),
        ),
        defaults={"database": database, "inst_id": "1", "con_id": "0", "type": "USER", "collector": "sessions"},
        values=(
            ("oracledb_up", Fixed(1)),
            ("oracledb_tablespace_used_percent", _used),
            ("oracledb_resource_limit_value", Fixed(LIMIT)),
            ("oracledb_resource_current_utilization", Wave(0.3 * LIMIT)),
            ("oracledb_activity_execute_count", Events(STATEMENTS_PER_MINUTE)),
            # Compressed time has as many statements as the whole would: so has their time.
            ("oracledb_time_model_.+_seconds_total", Events(STATEMENTS_PER_MINUTE, each=0.004)),
            ("oracledb_blocked_sessions_.+|oracledb_exporter_.*error.*", Fixed(0)),
            ("oracledb_wait_time_.+", Growth(0.05)),
            ("oracledb_sessions_value", Wave(40)),
            ("process_start_time_seconds", Since()),
        ),
    )


EXPORTER = Exporter(
    name="oracle-exporter",
    system="oracle",
    port=9161,
    pods={"app.kubernetes.io/name": "oracle-exporter"},
    contract="oracle-exporter",
    table=_table,
)
