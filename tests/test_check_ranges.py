"""alert/range: a range has room for several samples, of a scrape as of a record."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from stacks import ROOT

from model.expr import Expr
from model.promql import call, eq, increase, metric, over_time, rate, sum_by
from model.rule import RecordingRule
from obs.check.ranges import check_ranges
from obs.run import run_stack
from plan import Plan

CPU, RATE = metric("node_cpu_seconds_total"), "dataops:t:rate5m"

dev = cache(lambda: run_stack("dev", ROOT).plan)


def plan_with(expr: Expr) -> Plan:
    """Stack dev with two records alone, evaluated every 30 seconds: a rate, and what is asked."""
    rules = (RecordingRule(record=RATE, expr=rate(CPU, "5m")), RecordingRule(record="dataops:t:x", expr=expr))
    group = replace(dev().rules[0].groups[0], rules=rules, interval="30s")
    return replace(dev(), rules=(replace(dev().rules[0], groups=(group,)),))


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        (rate(CPU, "30s"), ["node_cpu_seconds_total[30s] has room for 1 samples, one in 30 s; 4 are the least"]),
        (sum_by(increase(CPU, "90s")) / 2, ["node_cpu_seconds_total[90s] has room for 3 samples"]),
        (rate(CPU.where(eq("job", "node-exporter")), "1m") * 2, ["has room for 2 samples"]),
        (call("deriv", metric(RATE).over("1m")), [f"{RATE}[1m] has room for 2 samples"]),
        (rate(CPU, "1m") | rate(CPU.ago("5m"), "1m"), ["[1m] has room", "[1m] offset 5m has room"]),
        (rate(CPU, "2m"), []),
        (over_time("max", CPU, "30s"), []),  # one sample is enough for the largest
        (rate(metric("nobody_writes_this_total"), "30s"), []),  # promql/unknown-metric says so
    ],
)
def test_a_range_has_room_for_several_samples(expr: Expr, said: list[str]) -> None:
    found = list(check_ranges(plan_with(expr)))
    assert [finding.check for finding in found] == ["alert/range"] * len(said)
    assert all(part in finding.message for part, finding in zip(said, found, strict=True))
    assert all(finding.subject == "recording rule dataops:t:x" for finding in found)
