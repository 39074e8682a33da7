"""Rates over time that follow how wide a point is, so that none of what happened falls between two of them."""

from __future__ import annotations

import pytest
from dashboard_samples import panel, rendered_panel, signal
from stacks import run

from dashboards.queries import dashboard_variables, panel_queries, rate_window
from model.dashboard import OVER_TIME
from model.expr import Expr
from model.promql import call, histogram_quantile, increase, metric, over_time, rate, sum_by
from model.quantity import seconds

WEEKS_POINT = 600
FAILED, ALL = metric("failed_total"), metric("all_total")


def test_a_rate_that_follows_has_no_gap_between_points_and_zoomed_in_the_range_of_its_signal() -> None:
    free = signal(expr=sum_by(rate(FAILED, "5m")) / sum_by(rate(ALL, "5m")))
    (query,) = panel_queries(panel(signals=(free,), follows=(free,)), ())
    assert query.expr.count("[$__rate_interval]") == 2
    # Steps that Grafana takes for minutes up to 90 days.
    for step in (1, 15, 75, 120, 300, 600, 1800, 7200):
        assert seconds(query.rate_interval(step)) >= max(step, 300)
    assert query.rate_interval() == query.rate_interval(60) == "5m"
    assert query.rate_interval(600) == "675s"


def test_grafana_is_told_the_step_from_which_it_takes_the_range() -> None:
    free = signal()
    following = rendered_panel(panel(signals=(free,), follows=(free,)))
    assert following["targets"][0]["interval"] == "75s"
    assert "[$__rate_interval]" in following["targets"][0]["expr"]
    assert "Rates over 5m, and over all of a point that is wider." in following["description"]
    judged = rendered_panel(panel(signals=(free,)))
    assert "interval" not in judged["targets"][0]
    assert "[5m]" in judged["targets"][0]["expr"]


@pytest.mark.parametrize(
    "expr",
    [
        increase(FAILED, "1h"),  # "in an hour" is what it means
        rate(FAILED, "5m") / increase(ALL, "5m"),
        rate(FAILED, "5m") / rate(ALL, "1h"),
        over_time("max", metric("load"), "5m"),
        metric("level:load:rate5m"),
    ],
)
def test_what_says_more_of_its_range_than_a_rate_does_not_follow(expr: Expr) -> None:
    assert rate_window(expr) is None


@pytest.mark.parametrize("counted", ["rate", "increase", "delta"])
def test_a_quantile_follows_however_its_buckets_are_counted(counted: str) -> None:
    """It is the same of counts in so long as of counts a second: of a share of them, that is not known."""
    buckets = sum_by(call(counted, metric("took_seconds_bucket").over("5m")), "le")
    assert rate_window(histogram_quantile(0.95, buckets)) == "5m"
    assert (rate_window(buckets) == "5m") is (counted == "rate")


@pytest.mark.parametrize("stack", ["prod", "apps"])
def test_what_follows_nothing_is_as_long_as_a_point_of_a_week_is_wide_or_judged(stack: str) -> None:
    plan = run(stack).namespace["plan"]
    judged = "\n".join(str(alert.expr) for alert in plan.alerts)
    short = [
        (board.uid, shown.title)
        for board in plan.dashboards
        for shown in board.panels
        if shown.kind in OVER_TIME
        for one in shown.signals
        if not any(one is free for free in shown.follows) and str(one.query) not in judged
        if any(seconds(s.range) < WEEKS_POINT for s in one.query.selectors() if s.range)
    ]
    assert short == []


FOLLOWS = {
    ("dataops-pod", "CPU by pod"): True,
    ("dataops-data", "Waits by class"): True,
    ("dataops-capacity", "Network traffic by node"): True,
    ("dataops-capacity", "CPU throttling"): False,  # an alert's
    ("dataops-capacity", "Failed API requests"): False,  # two alerts'
    ("dataops-capacity", "API requests"): False,  # the guard of an alert's
    ("dataops-workload", "Scheduler lag"): False,  # a record
}


def test_a_panel_follows_where_no_alert_judges_it() -> None:
    plan = run("prod").namespace["plan"]
    found: dict[tuple[str, str], set[bool]] = {}
    for board in plan.dashboards:
        for shown in board.panels:
            said = {"$__rate_interval" in query.expr for query in panel_queries(shown, dashboard_variables(board))}
            found[board.uid, shown.title] = said
    assert {panel: found.get(panel) for panel in FOLLOWS} == {panel: {one} for panel, one in FOLLOWS.items()}
