"""What state, work and waits of an Oracle database mean."""

from __future__ import annotations

from model.expr import Expr
from model.promql import call, increase, matching, max_by, metric, not_matching, rate, sum_by
from model.rule import Signal

_DATABASE = "database"
TABLESPACE_USAGE = "dataops:oracle_tablespace:usage_ratio"
_WITH_DATA = "the exporter has a series for what the database's views have a row for"
WAITS = ("user_io", "system_io", "concurrency", "application", "commit", "configuration")


def state_signals() -> tuple[Signal, ...]:
    # Temporary and undo space is taken once and used again: it is always full, and never runs out because of that.
    percent = metric("oracledb_tablespace_used_percent", not_matching("type", "TEMPORARY|UNDO"))
    limited = matching("resource_name", "sessions|processes")
    used = metric("oracledb_resource_current_utilization", limited)
    allowed = metric("oracledb_resource_limit_value", limited)
    by = (_DATABASE, "inst_id", "resource_name")
    return (
        Signal(
            name="down",
            title="Databases that do not answer",
            description="1 while the exporter cannot ask this database.",
            good="0.",
            unit="short",
            expr=1 - max_by(metric("oracledb_up"), _DATABASE),
            legend="{{database}}",
        ),
        Signal(
            name="tablespace_usage",
            title="Fullest tablespaces",
            description="Share of a tablespace in use, of what it may grow to.",
            good="Below 85 %.",
            unit="percentunit",
            expr=max_by(percent, _DATABASE, "tablespace") / 100,
            legend="{{database}} {{tablespace}}",
            record=TABLESPACE_USAGE,
            maximum=1,
        ),
        Signal(
            name="connection_usage",
            title="Sessions and processes",
            description="Share of the sessions and processes that an instance allows, where it has a limit.",
            good="Below 90 %: at the limit nobody can connect (ORA-00018, ORA-00020).",
            unit="percentunit",
            expr=max_by(used, *by) / (max_by(allowed, *by) > 0),
            legend="{{database}} {{inst_id}} {{resource_name}}",
            record="dataops:oracle:connection_usage_ratio",
            maximum=1,
        ),
        Signal(
            name="lock_wait",
            title="Longest wait for a lock",
            description="The longest time that a session has been waiting for a lock of another.",
            good="Seconds.",
            unit="s",
            expr=max_by(metric("oracledb_blocked_sessions_longest_wait_seconds"), _DATABASE),
            legend="{{database}}",
        ),
        Signal(
            name="scrape_errors",
            title="Failed queries of the exporter",
            description="Queries of the exporter that failed in the last hour, by what they are for.",
            good="0; otherwise a panel here is empty or old.",
            unit="short",
            expr=max_by(
                increase(metric("oracledb_exporter_scrape_errors_total", may_be_absent=_WITH_DATA), "1h"),
                _DATABASE,
                "collector",
            ),
            legend="{{database}} {{collector}}",
            record="dataops:oracle:exporter_errors_1h",
        ),
    )


def executions() -> Expr:
    """Statements in 5 minutes. A gauge that counts: a restart makes a difference negative, which is cut off."""
    grown = call("delta", metric("oracledb_activity_execute_count").over("5m"))
    return sum_by(call("clamp_min", max_by(grown, _DATABASE, "inst_id"), 0), _DATABASE)


def work_signals() -> tuple[Signal, ...]:
    spent = max_by(increase(metric("oracledb_time_model_sql_execute_seconds_total"), "5m"), _DATABASE, "inst_id")
    return (
        Signal(
            name="statement_time",
            title="Mean time of a statement",
            description="Time that the database spent executing SQL in 5 minutes, by execution.",
            good="Milliseconds; below 5 s.",
            unit="s",
            expr=sum_by(spent, _DATABASE) / (executions() > 0),
            legend="{{database}}",
            record="dataops:oracle:statement_seconds_mean",
        ),
        Signal(
            name="sessions",
            title="Sessions by state",
            description="Sessions of users, by whether they work.",
            good="Few are active at a time.",
            unit="short",
            expr=sum_by(
                max_by(metric("oracledb_sessions_value", matching("type", "USER")), _DATABASE, "inst_id", "status"),
                _DATABASE,
                "status",
            ),
            legend="{{database}} {{status}}",
        ),
    )


def wait_signal(kind: str) -> Signal:
    words = kind.replace("_io", " I/O")
    waited = metric(f"oracledb_wait_time_{kind}", may_be_absent=_WITH_DATA)
    return Signal(
        name=f"wait_{kind}",
        title="Waits by class" if kind == WAITS[0] else f"Waits for {words}",
        description=f"Sessions that wait for {words} at a time, over 5 minutes.",
        good="Far below the number of CPUs; one class above the others names the bottleneck.",
        unit="short",
        expr=sum_by(max_by(rate(waited, "5m"), _DATABASE, "inst_id", "con_id"), _DATABASE),
        legend="{{database}} " + words,
    )
