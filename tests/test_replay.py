"""How the replay counts: episodes, what belongs to an incident, what was told in time; and that its past is a past."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rule import Severity
from obs.bench_alerts import fired, minutes, missed
from obs.replay.history import INCIDENTS, MINUTES, Series
from obs.replay.score import Incident, episodes, false_a_week, scores, whole

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


def test_a_bar_that_is_not_met_is_said() -> None:
    good = scores({"Down": [110]}, [FAULT], 5)
    severities = {"Down": Severity.CRITICAL}
    assert list(missed(good, severities)) == []
    late = scores({"Down": [130]}, [FAULT], 5)
    assert ["recall of critical alerts 0%" in line for line in missed(late, severities)] == [True]
    wrong = scores({"Down": [110, 300, 400]}, [FAULT], 5)
    assert [line.split()[0] for line in missed(wrong, severities)] == ["precision", "1.0"]
    assert list(missed(late, {"Down": Severity.HIGH})) == []


SAID = """  FAILED:
    expr: "count(ALERTS)", time: 1d2h5m,
        exp: nil
        got: {alertname="Down"} 1E+00
            {alertname="Slow"} 2E+00

    expr: "count(ALERTS)", time: 10m,
        exp: nil
        got: {alertname="Down"} 1E+00
"""


def test_what_promtool_found_is_read() -> None:
    assert fired(SAID.replace("exp: nil", "exp:nil")) == {"Down": [1565, 10], "Slow": [1565]}
    assert fired("SUCCESS") == {}
    assert [minutes(text) for text in ("1w1d", "2h5m0s", "45m")] == [11520, 125, 45]


def test_series_are_written_short_and_whole() -> None:
    series = Series("up", {"job": "a"}, [1.0, 1.0, 1.0, None, None, 0.5])
    assert series.text() == {"series": 'up{cluster="replay",job="a"}', "values": "1x2 _x2 0.5"}


def test_incidents_are_apart_and_end_in_time() -> None:
    ordered = sorted(INCIDENTS, key=lambda i: i.start)
    assert all(one.end + one.tail <= other.start for one, other in pairwise(ordered))
    assert ordered[-1].end < MINUTES
    assert len({i.name for i in INCIDENTS}) == len(INCIDENTS)
