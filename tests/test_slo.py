"""Objectives: windows, factors, minimum traffic."""

from __future__ import annotations

from dataclasses import replace

import promql_parser
import pytest

from model.promql import count_by, eq, metric
from model.quantity import seconds
from model.rule import Alert, RecordingRule, Severity
from model.sli import events, slower_than
from model.slo import Slo
from slo.rules import compile_slo
from slo.windows import BURNS, burns, recorded_windows


def objective(window: str = "30d", share: float = 0.999, name: str = "checkout") -> Slo:
    total = metric("http_requests_total", eq("app", name))
    return Slo(
        name=name,
        title="Checkout",
        description="Share of requests that are answered.",
        objective=share,
        window=window,
        bad=total.where(eq("status", "500")),
        total=total,
        component="shop",
    )


def alerts(slo: Slo) -> dict[str, Alert]:
    return {rule.name: rule for rule in compile_slo(slo).group.rules if isinstance(rule, Alert)}


def records(slo: Slo) -> list[RecordingRule]:
    return [rule for rule in compile_slo(slo).group.rules if isinstance(rule, RecordingRule)]


@pytest.mark.parametrize("share", [0, 1, 1.5, -0.1])
def test_an_objective_of_all_or_nothing_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="must be above 0 and below 1"):
        objective(share=share)


def test_thirty_days_have_the_workbooks_factors() -> None:
    assert [(b.long, b.short, b.factor("30d")) for b in burns("30d")] == [
        ("1h", "5m", 14.4),
        ("6h", "30m", 6),
        ("1d", "2h", 3),
        ("3d", "6h", 1),
    ]


@pytest.mark.parametrize("window", BURNS)
def test_every_pair_means_that_the_budget_does_not_last(window: str) -> None:
    for burn in burns(window):
        assert burn.factor(window) >= 1
        assert seconds(burn.short) < seconds(burn.long) < seconds(window)


def test_an_unknown_window_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="allowed: 30d, 7d, 24h"):
        compile_slo(objective(window="90d"))


def test_both_windows_and_enough_events_are_needed_for_a_page() -> None:
    alert = alerts(objective())["ErrorBudgetBurnRateCritical"]
    assert str(alert.expr) == (
        'slo:burn_rate:1h{slo="checkout"} > 14.4 and (slo:burn_rate:5m{slo="checkout"} > 14.4 '
        'and sum_over_time(slo:events_total:rate5m{slo="checkout"}[1h:5m]) * 300 >= 10)'
    )
    assert alert.severity is Severity.CRITICAL
    assert alert.labels == {"slo": "checkout", "signal": "error_budget_burn"}


def test_the_budget_is_counted_over_the_whole_window() -> None:
    remaining = next(r for r in records(objective()) if r.record == "slo:error_budget_remaining:ratio")
    assert remaining.expr.lookback() == seconds("30d")


def test_long_windows_read_recorded_rates_and_no_raw_series() -> None:
    for rule in records(objective()):
        raw = {s.name for s in rule.expr.selectors()} & {"http_requests_total"}
        assert not raw or rule.expr.lookback() == seconds("5m")


def test_every_burn_rate_that_an_alert_reads_is_recorded() -> None:
    for window in BURNS:
        recorded = {rule.record for rule in records(objective(window))}
        assert {f"slo:burn_rate:{w}" for w in recorded_windows(window)} <= recorded
        for alert in alerts(objective(window)).values():
            assert {s.name for s in alert.expr.selectors()} <= recorded


def test_all_expressions_are_promql() -> None:
    for window in BURNS:
        for rule in compile_slo(objective(window)).group.rules:
            promql_parser.parse(str(rule.expr))


def test_a_missing_series_of_bad_events_counts_as_none() -> None:
    bad = next(r for r in records(objective()) if r.record == "slo:events_bad:rate5m")
    assert str(bad.expr).endswith('or sum by (cluster) (rate(http_requests_total{app="checkout"}[5m])) * 0')


def test_the_state_of_the_budget_is_told_only_where_it_has_room_for_failures_and_still_shrinks() -> None:
    exhausted = str(alerts(objective("7d", 0.95))["ErrorBudgetExhausted"].expr)
    assert 'sum_over_time(slo:events_total:rate5m{slo="checkout"}[7d:5m]) * 300 >= 40' in exhausted
    assert 'slo:burn_rate:6h{slo="checkout"} > 0' in exhausted


def test_several_counters_are_one_total_and_a_missing_one_counts_as_none() -> None:
    failed, succeeded = metric("jobs_failed_total"), metric("jobs_succeeded_total")
    total = str(events(failed, succeeded))
    assert total.count("rate(jobs_failed_total[5m])") == total.count("rate(jobs_succeeded_total[5m])") == 2
    assert str(events(failed)) == "sum by (cluster) (rate(jobs_failed_total[5m]))"
    promql_parser.parse(total)


def test_slow_requests_are_all_but_those_of_the_buckets_below() -> None:
    bad = slower_than(metric("http_seconds_bucket"), 0.5)
    assert str(bad) == (
        '(sum by (cluster) (rate(http_seconds_bucket{le="+Inf"}[5m])) > 0) * '
        "(1 - histogram_fraction(0, 0.5, sum by (cluster, le) (rate(http_seconds_bucket[5m]))))"
    )


def test_an_objective_may_count_objects_instead_of_events() -> None:
    age = metric("table_age_seconds")
    fresh = replace(objective("24h", 0.95), bad=count_by(age > 7200), total=count_by(age))
    recorded = {rule.record: str(rule.expr) for rule in records(fresh)}
    assert recorded["slo:events_total:rate5m"] == "count by (cluster) (table_age_seconds)"
    assert recorded["slo:events_bad:rate5m"] == (
        "count by (cluster) (table_age_seconds > 7200) or count by (cluster) (table_age_seconds) * 0"
    )
