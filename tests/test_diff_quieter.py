"""What people on call hear less of after a change, each with the change that has it and the one that does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from test_diff import ALERT, ROUTES, alerting, rule, snapshot, thing
from test_diff_risks import named, told

from obs.diff.looser import Way, shifts
from obs.diff.report.model import report
from obs.diff.times import covered, share
from obs.expand import RenderedObject

CRITICAL = {"severity": "critical", "component": "disk"}


@pytest.mark.parametrize(
    ("before", "after", "ways"),
    [
        ("x > 5", "x > 6", ["looser"]),
        ("x >= 5", "x >= 4", ["tighter"]),
        ("x < 5", "x < 4", ["looser"]),
        ("5 < x", "6 < x", ["looser"]),
        ("(x > 5) and y > 1", "(x > 5) and y > 2", ["looser"]),
        ("x > 5 unless y > 1", "x > 5 unless y > 2", ["tighter"]),
        ("(x > 5) * on (a) group_left (b) y", "(x > 7) * on (a) group_left (b) y", ["looser"]),
        ("x > 2 * 0.5", "x > 2 * 0.25", ["tighter"]),
        ("x == 1", "x == 2", ["unknown"]),
        ("count(x > 5) > 1", "count(x > 6) > 1", ["unknown"]),
        ("x / 100 > 1", "x / 200 > 1", ["unknown"]),
        ("sum by (a) (x) > 1", "sum by (b) (x) > 1", ["unknown"]),
        ("rate(x[5m]) > 1", "rate(x[10m]) > 1", ["unknown"]),
        ('x{a=~"b|c"} > 1', 'x{a=~"b"} > 1', ["unknown"]),
        ('x{a=~"b|c"} > 1', 'x{a=~"c|b"} > 1', []),
        ("x > bool 1", "x > bool 2", ["unknown"]),
        ("x > 1", "this is ( no PromQL", ["unknown"]),
    ],
)
def test_conditions_are_compared(before: str, after: str, ways: list[str]) -> None:
    assert [shift.way for shift in shifts(before, after)] == [Way(way) for way in ways]


@pytest.mark.parametrize(
    ("changes", "level", "text"),
    [
        ({"expr": "x > 0.99"}, "high", "holds later: threshold 0.85 → 0.99"),
        ({"for": "30d"}, "high", "waits 5m → 30d"),
        ({"for": "6m"}, "low", "waits 5m → 6m, a little longer"),
        ({"expr": "y > 0.85"}, "medium", "condition `x` → `y` cannot be compared"),
        ({"labels": {**CRITICAL, "severity": "info"}}, "high", "severity critical → info"),
        ({"expr": "x > 0.8"}, "", ""),
        ({"for": "1m"}, "", ""),
    ],
)
def test_an_alert_that_is_heard_less_is_a_risk_by_its_severity(
    changes: Mapping[str, Any], level: str, text: str
) -> None:
    found = report(snapshot(rule(labels=CRITICAL)), snapshot(rule(**{"labels": CRITICAL, **changes})))
    assert told(found) == ([(level, "quieter Full", text)] if level else [])


def test_the_severity_of_an_alert_is_that_of_losing_it() -> None:
    severities = ("critical", "none", "high", "medium")
    rules = [{**ALERT, "alert": name, "expr": name, "labels": {"severity": name}} for name in severities]
    group = thing("PrometheusRule", "r", spec={"groups": [{"name": "g", "rules": rules}]})
    levels = {one.subject: str(one.level) for one in report(snapshot(group), snapshot()).risks}
    assert levels == {"critical": "high", "none": "high", "high": "medium", "medium": "low"}


def many(**changes: object) -> RenderedObject:
    rules = [{**ALERT, "alert": f"A{n}", "expr": f'x{n}{{ns="a"}} > 1', **changes} for n in range(4)]
    return thing("PrometheusRule", "r", spec={"groups": [{"name": "g", "rules": rules}]})


def test_a_part_of_many_conditions_is_one_risk() -> None:
    group = many().manifest or {}
    moved = [{**r, "expr": r["expr"].replace('"a"', '"b"')} for r in group["spec"]["groups"][0]["rules"]]
    after = thing("PrometheusRule", "r", spec={"groups": [{"name": "g", "rules": moved}]})
    assert named(report(snapshot(many()), snapshot(after))) == [("low", 'quieter condition `ns="b"`')]


def routed(**changes: object) -> dict[str, Any]:
    """ROUTES, where chat's branch has further keys."""
    pager, chat = ROUTES["route"]["routes"]  # type: ignore[index]
    return {**ROUTES, "route": {"receiver": "rest", "routes": [pager, {**chat, **changes}]}}


def test_a_receiver_that_hears_no_more_is_named_and_not_counted() -> None:
    before, after = alerting(), alerting(routed(receiver="rest"))
    assert named(report(snapshot(before, many()), snapshot(after, many()))) == [("medium", "quieter receiver chat")]
    one = report(snapshot(before, rule()), snapshot(after, rule()))
    assert told(one) == [("medium", "quieter Full", "chat hears no more of it; told now rest")]


def timed(interval: Mapping[str, Any], key: str = "mute_time_intervals") -> RenderedObject:
    times = [{"name": "quiet", "time_intervals": [interval]}]
    return alerting({**routed(**{key: ["quiet"]}), "time_intervals": times})


NIGHT = {"times": [{"start_time": "22:00", "end_time": "24:00"}]}
ALL = {"times": [{"start_time": "00:00", "end_time": "24:00"}]}


@pytest.mark.parametrize(
    ("after", "severity", "risks"),
    [
        (timed(ALL), "critical", [("high", "quieter maintenance quiet")]),
        (timed(ALL), "high", [("medium", "quieter maintenance quiet")]),
        (timed(NIGHT), "critical", [("medium", "quieter maintenance quiet")]),
        (timed(NIGHT), "high", []),
        (timed(NIGHT, "active_time_intervals"), "high", [("medium", "quieter maintenance quiet")]),
        (timed(ALL, "active_time_intervals"), "critical", []),
    ],
)
def test_a_time_that_mutes_is_a_risk_by_its_length(
    after: RenderedObject, severity: str, risks: list[tuple[str, str]]
) -> None:
    alert = rule(labels={**CRITICAL, "severity": severity})
    assert named(report(snapshot(alerting(), alert), snapshot(after, alert))) == risks
    assert report(snapshot(after, alert), snapshot(after, alert)).risks == ()


def test_a_window_that_grows_to_all_time_is_told() -> None:
    found = report(snapshot(timed(NIGHT), rule()), snapshot(timed(ALL), rule()))
    assert told(found) == [("medium", "quieter maintenance quiet", "mutes all the time, to chat: Full")]


@pytest.mark.parametrize(
    ("interval", "part"),
    [
        ({}, 1),
        (NIGHT, 2 / 24),
        ({"times": [{"start_time": 22 * 60, "end_time": 24 * 60}]}, 2 / 24),  # YAML's reading of 22:00
        ({"weekdays": ["monday:friday", "sunday"]}, 6 / 7),
        ({"months": ["january:june", "12"]}, 7 / 12),
        ({"days_of_month": ["1:5", "-1"]}, 6 / 31),
        ({"days_of_month": [91]}, 1),  # 1:31
    ],
)
def test_times_cover_a_part_of_all_time(interval: dict[str, Any], part: float) -> None:
    assert share(covered([interval])) == pytest.approx(part)


def test_times_that_halve_the_year_cover_all_of_it() -> None:
    halves = [{"months": ["1:6"]}, {"months": ["july:december"]}]
    assert share(covered(halves)) == 1


def inhibiting(*rules: tuple[str, str, tuple[str, ...]]) -> RenderedObject:
    given = [{"source_matchers": [s], "target_matchers": [t], "equal": list(equal)} for s, t, equal in rules]
    return alerting({**ROUTES, "inhibit_rules": given})


PAGES, INFOS, HIGHS = 'severity="critical"', 'severity="info"', 'severity="high"'


@pytest.mark.parametrize(
    ("before", "after", "risks"),
    [
        (
            (),
            ((INFOS, PAGES, ("pod",)),),
            [("high", f"quieter inhibition {INFOS} mutes {PAGES} of equal pod")],
        ),
        ((), ((PAGES, HIGHS, ("pod",)),), [("medium", f"quieter inhibition {PAGES} mutes {HIGHS} of equal pod")]),
        # Fewer labels that must be equal, of those that there are.
        (
            ((PAGES, HIGHS, ("pod", "instance")),),
            ((PAGES, HIGHS, ("pod",)),),
            [("medium", f"quieter inhibition {PAGES} mutes {HIGHS} of equal pod")],
        ),
        (((PAGES, HIGHS, ("pod", "no_such_label")),), ((PAGES, HIGHS, ("pod",)),), []),
        (((PAGES, HIGHS, ("pod",)),), ((PAGES, HIGHS, ("pod", "instance")),), []),
        # A wider one was there already.
        (((PAGES, 'severity=~"high|info"', ("pod",)),), ((PAGES, HIGHS, ("pod",)),), []),
        (((PAGES, HIGHS, ("pod",)),), (), []),
        ((), ((PAGES, 'alertname="NoSuchAlert"', ("pod",)),), []),
    ],
)
def test_an_inhibition_that_mutes_more_is_a_risk(before: Any, after: Any, risks: list[tuple[str, str]]) -> None:
    rules = [
        {**ALERT, "alert": s.title(), "expr": f"{s}_by_pod_instance > 1", "labels": {"severity": s}}
        for s in ("critical", "high", "info")
    ]
    text = {"annotations": {"summary": "{{ $labels.pod }} {{ $labels.instance }}"}}
    group = thing("PrometheusRule", "r", spec={"groups": [{"name": "g", "rules": [{**r, **text} for r in rules]}]})
    found = report(snapshot(inhibiting(*before), group), snapshot(inhibiting(*after), group))
    assert named(found) == risks


def receiving(**configs: object) -> RenderedObject:
    return alerting({**ROUTES, "receivers": [{"name": "rest"}, {"name": "pager"}, {"name": "chat", **configs}]})


def test_a_receiver_that_is_told_less_is_a_risk() -> None:
    resolved = receiving(slack_configs=[{"channel": "#a", "send_resolved": True}])
    silent = receiving(slack_configs=[{"channel": "#a", "send_resolved": False}])
    found = report(snapshot(resolved, rule()), snapshot(silent, rule()))
    assert told(found) == [("low", "quieter receiver chat", "is not told any more that an alert has ended")]
    hook = receiving(webhook_configs=[{"url_file": "/u"}])  # tells of ends unless it says otherwise
    silenced = receiving(webhook_configs=[{"url_file": "/u", "send_resolved": False}])
    assert named(report(snapshot(hook), snapshot(silenced))) == [("low", "quieter receiver chat")]
    assert report(snapshot(silent, rule()), snapshot(resolved, rule())).risks == ()
    assert named(report(snapshot(resolved, rule()), snapshot(receiving(), rule()))) == [
        ("medium", "quieter receiver chat")
    ]
