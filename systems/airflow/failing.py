"""DAGs that fail each time, however many others do well."""

from __future__ import annotations

from collections.abc import Iterator

from model.promql import binary, call, increase, length, max_by, metric, over_time, unless
from model.rule import RecordingRule, Signal
from systems.airflow.signals import DURATION, FAILED, HEARD, NEVER_YET

_ENDED_AT = {
    DURATION: "dataops:airflow_dag:succeeded_timestamp_seconds",
    FAILED: "dataops:airflow_dag:failed_timestamp_seconds",
}
_REMEMBERED = "26h"
"""How long the end of a DAG's run is remembered: a nightly DAG that fails again, two hours later, must not seem well in
between, and one that is paused or gone must be forgotten. 50 DAGs that always run cost 0.1 s of processor time."""


def ends() -> Iterator[RecordingRule]:
    """When a run of a DAG was last seen to end, well or not, for five minutes after each.

    A counter comes into being with its first event, which no increase shows. An hour's memory keeps one that was only
    not scraped from being taken for new. Where both ended within five minutes the times are equal.
    """
    for name, record in _ENDED_AT.items():
        count = metric(f"{name}_count", may_be_absent=NEVER_YET)
        lately = (increase(count, "5m") > 0) | unless(count, call("last_over_time", count.over("1h").ago("5m")))
        yield RecordingRule(record=record, expr=max_by(call("timestamp", count) & lately, "dag_id"))


def failing() -> Signal:
    """Of each DAG alone: one that only fails is a small share of all runs where many others do well."""
    good, failed = (
        max_by(over_time("max", metric(_ENDED_AT[name], may_be_absent=NEVER_YET), _REMEMBERED), "dag_id")
        for name in (DURATION, FAILED)
    )
    lasting = (call("time") - binary("<", good, failed)) | unless(failed, good) * 0 + length(_REMEMBERED)
    return Signal(
        name="failing",
        title="DAGs that fail",
        description="DAGs whose last run failed, by the time since one succeeded; 26 hours where none did in these.",
        good="Nothing is shown.",
        unit="s",
        # What is remembered outlives its source.
        expr=binary("and", lasting, HEARD, on=()),
        legend="{{dag_id}}",
    )
