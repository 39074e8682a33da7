"""How the replay counts: episodes, what belongs to an incident, what was told in time, and the bars."""

from __future__ import annotations

from itertools import pairwise

import pytest
from bench_alerts import judged, missed
from hypothesis import given
from hypothesis import strategies as st

from model.rule import Severity
from obs.replay.program import Told
from obs.replay.rhythm import DAY
from obs.replay.run import incidents, least, length, minutes, stretches
from obs.replay.score import Incident, episodes, false_a_week, scores, summed, whole
from obs.simulate.scenarios import SCENARIOS

FAULT = Incident("x", 100, 150, ("Down",), within=20, also=("Slow",), tail=10)


@pytest.mark.parametrize(
    ("firing", "expected"),
    [
        ([], []),
        ([5], [(5, 5)]),
        ([5, 10, 15, 30], [(5, 15), (30, 30)]),
        ([30, 5, 10], [(5, 10), (30, 30)]),
    ],
)
def test_an_alert_that_fires_on_is_one_episode(firing: list[int], expected: list[tuple[int, int]]) -> None:
    assert episodes(firing, 5) == expected


@given(st.sets(st.integers(0, 500).map(lambda n: n * 5)))
def test_episodes_hold_every_look_and_no_other(firing: set[int]) -> None:
    spans = episodes(firing, 5)
    assert {at for first, last in spans for at in range(first, last + 5, 5)} == firing
    assert all(later[0] - earlier[1] > 5 for earlier, later in pairwise(spans))


@pytest.mark.parametrize(
    ("firing", "right", "told"),
    [
        ([110, 115], 1, 1),
        ([120], 1, 1),
        ([125], 1, 0),  # too late, but about something
        ([160], 1, 0),  # rules look back
        ([165], 0, 0),
        ([95], 0, 0),  # before there was anything
        ([95, 100], 1, 1),  # it lasts into the incident
        ([], 0, 0),
    ],
)
def test_what_belongs_to_an_incident_and_what_was_told_in_time(firing: list[int], right: int, told: int) -> None:
    (score,) = scores({"Down": firing}, [FAULT], 5)
    assert (score.alert, score.right, score.incidents, score.told) == ("Down", right, 1, told)
    assert score.recall == told


def test_an_alert_that_may_fire_is_no_miss_and_no_false_one() -> None:
    found = {s.alert: s for s in scores({"Slow": [110], "Other": [110, 400]}, [FAULT], 5)}
    assert (found["Slow"].precision, found["Slow"].recall) == (1, None)
    assert (found["Other"].precision, found["Other"].recall) == (0, None)
    assert (found["Down"].precision, found["Down"].recall) == (None, 0)
    all_ = whole(found.values())
    assert all_.precision == pytest.approx(1 / 3)
    assert all_.recall == 0
    assert false_a_week(all_, 14 * 24 * 60) == 1


SEVERITIES = {"Down": Severity.CRITICAL, "Slow": Severity.HIGH, "Idle": Severity.INFO}


def test_a_bar_that_is_not_met_is_said() -> None:
    good, wrong = judged({"x": {"Down": [110], "Idle": [105]}, "": {"Idle": [3]}}, [FAULT], SEVERITIES)
    assert (wrong, list(missed(good, [], SEVERITIES, 14))) == ([], [])
    late, wrong = judged({"x": {"Down": [130]}}, [FAULT], SEVERITIES)
    assert wrong == ["missed: Down in x: day 0 02:10 (+30 min)"]
    assert list(missed(late, [], SEVERITIES, 14)) == ["recall of critical alerts 0.0%; the bar is 100%"]
    assert list(missed(late, [], SEVERITIES | {"Down": Severity.HIGH}, 14)) == []


def test_what_fires_on_a_healthy_platform_is_false_and_said() -> None:
    fired = {"x": {"Down": [110]}, "": {"Slow": [10, 11, 300]}}
    found, wrong = judged(fired, [FAULT], SEVERITIES)
    healthy, _ = judged(fired, [], SEVERITIES)
    assert wrong == ["false: Slow on a healthy platform: day 0 00:10, day 0 05:00"]
    bars = [line.split(";")[0] for line in missed(found, healthy, SEVERITIES, 7)]
    assert bars == ["precision 33.3%", "2.0 false alerts a week"]


def test_scores_of_several_replays_are_one_for_each_alert() -> None:
    one, other = scores({"Down": [110]}, [FAULT], 5), scores({"Down": [400]}, [FAULT], 5)
    (both,) = summed([*one, *other])
    assert (both.episodes, both.right, both.incidents, both.told) == (2, 1, 2, 1)


def test_what_is_told_becomes_the_minutes_at_which_it_fires() -> None:
    def told(minute: int, number: str, *, fires: bool) -> Told:
        return Told("x", minute, fires, {"alertname": "Down", "pod": number})

    both = [told(5, "a", fires=True), told(6, "b", fires=True), told(7, "a", fires=False), told(9, "b", fires=False)]
    assert minutes(both, {"x": 10}) == {"x": {"Down": [5, 6, 7, 8]}}
    assert minutes(both[:2], {"x": 8}) == {"x": {"Down": [5, 6, 7, 8]}}


def test_every_scenario_has_a_time_of_its_own_that_counts() -> None:
    parts = stretches(SCENARIOS.values(), 2)
    faults = [(part, fault) for part in parts for fault in part.faults]
    assert sorted(fault.scenario.name for _, fault in faults) == sorted(SCENARIOS)
    assert all(part.counts < fault.begin < fault.end < part.end for part, fault in faults)
    assert parts[0].end == parts[1].counts
    hours = {fault.begin % (24 * 60) // 60 for _, fault in faults}
    assert len(hours) == 24
    due = {incident.name: incident for incident in incidents(parts)}
    assert due["oom-kill"].alerts == ("OOMKill",)
    assert due["spark-some-jobs-fail"].also == ("ErrorBudgetBurnRateCritical", *due["spark-some-jobs-fail"].also[1:])


def test_what_work_tells_is_due_when_as_much_is_done() -> None:
    """At night, of what people do, later than by day; what machines do, and who is silent, at any hour."""
    people, machines, silent = SCENARIOS["mesh-errors"], SCENARIOS["high-cpu"], SCENARIOS["jenkins-down"]
    day, night = 2 * DAY + 12 * 60, 2 * DAY + 60
    assert least(people) == length(people, day) < length(people, night) / 3
    assert all(length(machines, at) <= 1.1 * least(machines) for at in (day, night))
    assert length(silent, night) == least(silent)


def test_what_is_left_of_a_long_budget_is_not_due_after_days_of_health() -> None:
    parts = stretches([SCENARIOS["web-latency"]], 1)
    ((short,), (long,)) = (list(incidents(parts, systems)) for systems in ((), ("web_applications",)))
    left = {"ErrorBudgetExhausted", "ErrorBudgetHalfSpent"}
    assert left < set(short.alerts)
    assert set(long.alerts) == set(short.alerts) - left
    assert left <= set(long.also)
