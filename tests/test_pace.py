"""A compressed stack is production's, only quicker: every wait is divided, and nothing else changes."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stacks import run

from model.expr import Binary, Expr, Length, Number, Selector
from model.promql import call, increase, length, metric, over_time, rate, sum_by
from model.quantity import duration, seconds
from model.rule import RecordingRule, Signal
from obs.check.plan import check_plan
from pace import Pace
from plan import Plan
from slo.signals import TOTAL

FACTOR = 30


@cache
def plan(factor: int) -> Plan:
    # Kept longer than any rule looks back: at a pace of its own the Ruler would have other rules.
    config = {"timeCompression": factor, "prometheus": {"retention": "31d"}}
    found = run("local", config=config).namespace["plan"]
    assert isinstance(found, Plan)
    return found


def durations(text: str) -> list[float]:
    """Ranges and offsets in a PromQL text, in order."""
    return [seconds(found) for found in re.findall(r"(?:\[|offset )([0-9a-z]+)", text)]


def leaves(expr: Expr) -> list[Expr]:
    found: list[Expr] = []
    expr.with_leaves(lambda leaf: found.append(leaf) or leaf)  # type: ignore[func-returns-value]
    return found


LENGTHS = st.integers(min_value=1, max_value=40 * 86_400).map(duration)
FACTORS = st.integers(min_value=1, max_value=60)


def expressions() -> st.SearchStrategy[Expr]:
    windows = st.one_of(
        st.builds(rate, st.just(metric("a")), LENGTHS),
        st.builds(lambda offset, window: over_time("max", metric("b").ago(offset), window), LENGTHS, LENGTHS),
        st.builds(lambda window: sum_by(increase(metric("c"), window), "pod") > length(window, "1m"), LENGTHS),
        st.builds(Number, st.floats(min_value=0, max_value=1e6)),
    )
    ops = st.sampled_from(["+", "*"])
    return st.recursive(windows, lambda inner: st.builds(Binary, ops, inner, inner), max_leaves=6)


@given(expressions(), FACTORS)
def test_every_range_and_offset_is_divided_and_the_text_is_still_promql(expr: Expr, factor: int) -> None:
    quick = Pace(factor).expr(expr)
    promql_parser.parse(str(quick))
    before, after = durations(str(expr)), durations(str(quick))
    assert after == pytest.approx([max(time / factor, 0.001) for time in before], abs=0.0006)
    assert re.sub(r"[0-9][0-9a-z.+]*", "", str(quick)) == re.sub(r"[0-9][0-9a-z.+]*", "", str(expr))


@given(expressions())
def test_at_production_pace_every_expression_is_itself(expr: Expr) -> None:
    assert Pace(1).expr(expr) == expr


def test_numbers_that_are_lengths_of_time_are_divided_and_others_are_not() -> None:
    expr = (call("time") - metric("born") > length("10m", "1m")) & (metric("share") > 0.2)
    assert str(Pace(FACTOR).expr(expr)) == "time() - born > 22 and share > 0.2"
    assert Pace(FACTOR).expr(length("1m")) == Length(2)


def test_what_grafana_fills_in_is_left_to_grafana() -> None:
    assert str(Pace(FACTOR).expr(rate(metric("a"), "$__rate_interval"))) == "rate(a[$__rate_interval])"


def test_nothing_becomes_nothing_and_nothing_else_does() -> None:
    pace = Pace(60)
    assert [pace.length(text) for text in ("0s", "1ms", "15s", "30s", "7d")] == ["0s", "1ms", "250ms", "500ms", "168m"]


def test_a_signal_stays_one_signal() -> None:
    pace = Pace(FACTOR)
    named: dict[str, Any] = {"title": "S", "description": "d", "good": "g", "unit": "short"}
    waits = Signal(name="s", expr=rate(metric("a"), "5m"), **named)
    still = Signal(name="t", expr=metric("a"), **named)
    assert pace.signal(waits) is pace.signal(waits) is not waits
    assert pace.signal(still) is still


def test_every_wait_of_a_stack_is_divided() -> None:
    def waits(of: Plan) -> list[float]:
        tree = of.routing
        texts = [tree.group_wait, tree.group_interval, tree.repeat_interval]
        texts += [w for r in tree.routes for w in (r.group_wait, r.group_interval, r.repeat_interval) if w]
        texts += [e.interval for s in of.systems for scrape in s.scrapes for e in scrape.endpoints]
        texts += [time for group in of.groups() for time in (group.interval, *(a.for_ for a in of.alerts))]
        rules = [str(rule.expr) for group in of.groups() for rule in group.rules]
        shown = [str(s.query) for d in of.dashboards for panel in d.panels for s in panel.signals]
        return [*map(seconds, texts), *(time for text in (*rules, *shown) for time in durations(text))]

    normal, quick = waits(plan(1)), waits(plan(FACTOR))
    assert len(normal) > 100
    assert quick == pytest.approx([time / FACTOR for time in normal], abs=0.0006)


def test_names_texts_and_retention_stay() -> None:
    def said(of: Plan) -> list[object]:
        rules = [(r.record, r.labels) if isinstance(r, RecordingRule) else (r.name, r.summary, r.description)
                 for group in of.groups() for r in group.rules]  # fmt: skip
        shown = [(d.title, p.title, p.thresholds) for d in of.dashboards for p in d.panels]
        return [*rules, *shown, of.retention, of.routing.group_by, of.routing.inhibitions]

    assert said(plan(FACTOR)) == said(plan(1))


def test_events_of_an_objective_are_counted_right_at_any_pace() -> None:
    """Rates times how often they are looked at is a number of events, where each is over just as long a time."""
    for factor in (1, 7, FACTOR):
        group = next(g for g in plan(factor).groups() if g.name.startswith("slo-"))
        totals = [rule.expr for rule in group.rules if isinstance(rule, RecordingRule) and rule.record == TOTAL]
        rates = {selector.range for expr in totals for selector in expr.selectors()}
        parts = [leaf for rule in group.rules for leaf in leaves(rule.expr)]
        assert {leaf.seconds for leaf in parts if isinstance(leaf, Length)} == {300 / factor}
        looked = {leaf.resolution for leaf in parts if isinstance(leaf, Selector) and leaf.resolution}
        assert looked == rates
        assert [seconds(text) for text in looked] == [pytest.approx(300 / factor, abs=0.0006)]


@pytest.mark.parametrize("factor", [1, 7, FACTOR])
def test_a_stack_of_any_pace_passes_the_checks(factor: int) -> None:
    assert check_plan(plan(factor)) == []


def test_charts_scrape_and_evaluate_at_the_same_pace() -> None:
    values = next(r for r in run("local").resources if r.name == "kube-prometheus-stack").inputs["values"]
    spec = values["prometheus"]["prometheusSpec"]
    assert {spec["scrapeInterval"], spec["evaluationInterval"], *values["kubelet"]["serviceMonitor"].values()} == {"1s"}
    assert spec["retention"] == "15d"
