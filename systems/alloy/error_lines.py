"""Errors in logs: how many lines of the levels error and worse a workload writes, measured by its own past.

The agents count them on the nodes (components/alloy_config.py). How many are too many, nobody can say for all
workloads: some write errors all day and are well. So what is told is growth, held against the day before.
"""

from __future__ import annotations

from model.expr import Expr
from model.promql import metric, over_time, rate, sum_by, unless
from model.rule import Alert, Severity, Signal
from systems.base import above

ERROR_LEVELS = ("error", "err", "fatal", "critical", "crit", "panic", "severe", "alert", "emerg", "50", "60")
"""How loggers call what is an error or worse, in lower case; the numbers are pino's."""
COUNTER = "error_lines_total"
"""The counter's name as it is configured."""
ERROR_LINES = f"loki_process_custom_{COUNTER}"
"""As Alloy exposes it: ``loki_process_custom_`` is its prefix for counters of a configuration."""
WORKLOAD = ("namespace", "app")
"""Labels of the counter: pods come and go, and a workload's past is longer than a pod's."""
KEPT = "24h"
"""How long a counter stays without a line: what is quiet for an hour has not lost its past."""

_RECORD = "dataops:app:error_lines_rate5m"
_A_MINUTE = 12
_TIMES = 3
_NO_LINES = "a workload has it from its first line on"


def error_lines() -> Signal:
    return Signal(
        name="error_lines",
        title="Lines of errors by workload",
        description="Lines of the levels error and worse that a workload writes per second, over 5 minutes. "
        "Counted on the nodes: what comes to the collector by OTLP is not in it.",
        good="0, or as many as ever.",
        unit="cps",
        expr=sum_by(rate(metric(ERROR_LINES, may_be_absent=_NO_LINES), "5m"), *WORKLOAD),
        legend="{{namespace}} {{app}}",
        record=_RECORD,
        scope=("cluster", "namespace"),
    )


def error_lines_alert(signal: Signal) -> Alert:
    return above(
        "ErrorLogsHigh",
        signal,
        _A_MINUTE / 60,
        for_="15m",
        severity=Severity.WARNING,
        component="logs",
        summary="{{ $labels.namespace }}/{{ $labels.app }} writes {{ $value | humanize }} lines of errors per second",
        description=f"More than {_A_MINUTE} lines a minute have the level error or worse, for 15 minutes. That is over "
        f"{_TIMES} times the mean of a day, and over {_TIMES} times the peak around this time yesterday.",
        guard=_grown(),
    )


def _grown() -> Expr:
    """More than the day before had, in the mean, and more than the same hours of yesterday had at their worst.

    The mean alone would tell of every nightly batch. Without an hour of history there is no mean, and nothing is told;
    what was not there yesterday is held against its mean alone.
    """
    now = metric(_RECORD)
    mean = over_time("avg", now.ago("1h"), "1d")
    yesterday = over_time("max", now.ago("23h"), "2h")
    return unless(now > mean * _TIMES, now <= yesterday * _TIMES)
