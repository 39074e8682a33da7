from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from dashboard_samples import dashboard, panel, signal
from hypothesis import given
from hypothesis import strategies as st

from dashboards.thresholds import NEUTRAL, OK, SEVERITY, amount, coloured, legend, problems, steps
from model.dashboard import Threshold
from model.limits import attained, over
from model.rule import Alert, Severity

GREEN = OK.hex
YELLOW = SEVERITY[Severity.WARNING].hex
RED = SEVERITY[Severity.HIGH].hex
PURPLE = SEVERITY[Severity.CRITICAL].hex

ONE_SIDE = st.lists(st.tuples(st.floats(-1e12, 1e12), st.sampled_from(list(SEVERITY)), st.booleans()), max_size=6)


def above(value: float, severity: str, *, inclusive: bool = False) -> Threshold:
    return Threshold(value=value, severity=severity, inclusive=inclusive)


def below(value: float, severity: str, *, inclusive: bool = False) -> Threshold:
    return Threshold(value=value, severity=severity, above=False, inclusive=inclusive)


def colour_at(value: float, *thresholds: Threshold) -> str:
    """What Grafana draws: the last step whose value is reached."""
    return [s.colour for s in steps(thresholds) if s.value is None or value >= s.value][-1]


def test_bad_above_climbs_from_green() -> None:
    found = steps([above(0.9, "critical"), above(0.8, "warning")])
    assert [step.colour for step in found] == [GREEN, YELLOW, PURPLE]
    assert [step.value for step in found] == [None, 0.800000001, 0.900000001]


def test_bad_below_starts_with_the_worst_and_ends_green() -> None:
    found = steps([below(0.99, "warning"), below(0.95, "critical")])
    assert found == [(None, PURPLE), (0.95, YELLOW), (0.99, GREEN)]


def test_both_kinds_leave_a_green_band_between() -> None:
    found = steps([below(10, "high"), above(80, "warning", inclusive=True)])
    assert found == [(None, RED), (10, GREEN), (80, YELLOW)]


@pytest.mark.parametrize(
    ("threshold", "at_the_value", "below_it", "above_it"),
    [
        (above(3, "high"), GREEN, GREEN, RED),
        (above(3, "high", inclusive=True), RED, GREEN, RED),
        (below(3, "high"), GREEN, RED, GREEN),
        (below(3, "high", inclusive=True), RED, RED, GREEN),
    ],
)
def test_the_value_itself_has_the_colour_that_the_alert_gives_it(
    threshold: Threshold, at_the_value: str, below_it: str, above_it: str
) -> None:
    assert [colour_at(v, threshold) for v in (3, 2, 4)] == [at_the_value, below_it, above_it]


def test_nothing_wrong_is_green_where_anything_above_zero_is_bad() -> None:
    assert colour_at(0, above(0, "critical")) == GREEN
    assert colour_at(1, above(0, "critical")) == PURPLE


def test_a_band_keeps_the_worst_tier_that_it_has_reached() -> None:
    assert colour_at(100, above(50, "critical"), above(90, "warning")) == PURPLE
    assert colour_at(1, below(50, "critical"), below(10, "warning")) == PURPLE


def test_two_tiers_at_one_value_make_one_step_of_the_worse() -> None:
    assert steps([above(5, "critical", inclusive=True), above(5, "warning", inclusive=True)]) == [
        (None, GREEN),
        (5, PURPLE),
    ]
    assert steps([below(5, "warning"), below(5, "critical")]) == [(None, PURPLE), (5, GREEN)]


@given(ONE_SIDE, st.booleans())
def test_steps_ascend_and_only_the_first_has_no_value(tiers: list[tuple[float, str, bool]], is_above: bool) -> None:
    found = steps([Threshold(value=v, severity=s, above=is_above, inclusive=i) for v, s, i in tiers])
    values = [step.value for step in found]
    assert values[0] is None
    assert all(a is not None and b is not None and a < b for a, b in pairwise(values[1:]))


def test_without_a_threshold_nothing_is_judged() -> None:
    assert steps([]) == [(None, NEUTRAL.hex)]


def test_the_heartbeats_tier_colours_nothing() -> None:
    heartbeat = above(0, Severity.NONE)
    assert steps([heartbeat]) == [(None, NEUTRAL.hex)]
    assert list(problems([heartbeat])) == []


def test_the_legend_says_tier_colour_side_and_value() -> None:
    assert legend(
        [above(0.9, "critical"), above(0.8, "warning"), below(0.1, "info", inclusive=True)], "percentunit"
    ) == ("Thresholds: warning (yellow) above 80 %, critical (purple) above 90 %, info (blue) up to 10 %.")
    assert legend([], "s") == ""


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.999, "percentunit", "99.9 %"),
        (85, "percent", "85 %"),
        (600, "s", "10 min"),
        (14 * 86400, "s", "14 d"),
        (0.3, "s", "300 ms"),
        (0.00025, "s", "0.00025 s"),
        (1209600, "short", "1209600"),
        (3, "short", "3"),
        (8 * 1024**3, "bytes", "8 GiB"),
        (0, "bytes", "0 B"),
    ],
)
def test_amounts_read_as_a_person_writes_them(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


@pytest.mark.parametrize(
    ("thresholds", "told"),
    [
        ([above(1, "fatal")], "'fatal'; allowed: low, info, warning, medium, high, critical"),
        ([above(float("inf"), "high")], "not a finite number"),
        ([below(10, "high"), above(5, "high")], "bad below 10 and bad above 5 leave no good value"),
        ([below(5, "high", inclusive=True), above(5, "high")], "leave no good value"),
    ],
)
def test_thresholds_that_cannot_be_drawn_are_named(thresholds: list[Threshold], told: str) -> None:
    [problem] = problems(thresholds)
    assert told in problem


def test_only_one_value_may_be_good() -> None:
    only_one = [below(1, "high"), above(1, "high")]
    assert list(problems(only_one)) == []
    assert [colour_at(v, *only_one) for v in (0, 1, 2)] == [RED, GREEN, RED]


# Full colour blindness of each kind as a matrix on linear RGB (Machado, Oliveira and Fernandes 2009, table 1).
SIGHT = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def _linear(colour: str) -> list[float]:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def _lab(colour: str, sight: str) -> tuple[float, float, float]:
    seen = [sum(m * c for m, c in zip(row, _linear(colour), strict=True)) for row in SIGHT[sight]]
    r, g, b = (min(1.0, max(0.0, part)) for part in seen)
    white = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505, 0.2126 * r + 0.7152 * g + 0.0722 * b
    x, y, z = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (*white, (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def test_every_severity_that_an_alert_may_have_has_a_colour_of_its_own() -> None:
    assert set(SEVERITY) == set(Severity) - {Severity.NONE}
    for part in zip(*SEVERITY.values(), strict=True):
        assert len({*part}) == len(SEVERITY)


@pytest.mark.parametrize("sight", SIGHT)
def test_the_palette_stays_apart_for_every_kind_of_sight(sight: str) -> None:
    for one, other in combinations([OK, *SEVERITY.values()], 2):
        distance = sum((a - b) ** 2 for a, b in zip(_lab(one.hex, sight), _lab(other.hex, sight), strict=True)) ** 0.5
        assert distance > 15, (one, other)


def test_limits_of_a_signal_colour_it_where_no_alert_does() -> None:
    limited = signal(limits=over(warning=0.8))
    [shown] = coloured(dashboard(panel(signals=(limited,))), ()).panels
    assert [(t.value, t.severity) for t in shown.thresholds] == [(0.8, "warning")]
    alert = Alert(
        name="TooMuch",
        signal=limited,
        op=">",
        threshold=0.9,
        for_="1m",
        severity=Severity.HIGH,
        component="a",
        summary="a",
        description="a",
    )
    [shown] = coloured(dashboard(panel(signals=(limited,))), (alert,)).panels
    assert [(t.value, t.severity) for t in shown.thresholds] == [(0.9, "high")]


def test_bands_of_an_objective_have_no_gaps() -> None:
    found = steps(attained(0.999))
    assert found == [
        (None, SEVERITY[Severity.HIGH].hex),
        (0.6993, SEVERITY[Severity.MEDIUM].hex),
        (0.7992, SEVERITY[Severity.WARNING].hex),
        (0.999, OK.hex),
    ]
