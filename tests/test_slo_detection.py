"""How long a burn rate takes to be seen and to be over, against what windows then hold; and the page that says so."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stacks import ROOT

from model.quantity import seconds
from slo.windows import BURNS, Burn

PAGE = ROOT / "docs" / "how-to" / "objectives.md"
ROW = re.compile(r"^\| ([\d.]+) %, (\w+) \| (\w+), (\w+) \| ([\d.]+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
PAIRS = [(window, burn) for window, burns in BURNS.items() for burn in burns]


def shown(time: float) -> str:
    return f"{time / 60:.1f} min" if time < 3 * 3600 else f"{time / 3600:.1f} h"


def test_the_page_has_every_pair_with_its_times() -> None:
    rows = ROW.findall(PAGE.read_text())
    assert [row[1:4] for row in rows] == [(window, burn.long, burn.short) for window, burn in PAIRS]
    for (percent, *_, factor, all_, tenth, few), (window, burn) in zip(rows, PAIRS, strict=True):
        assert float(factor) == burn.factor(window)
        for bad, cell in ((1.0, all_), (0.1, tenth), (0.02, few)):
            budget = 1 - float(percent) / 100
            told, over = burn.detection(window, budget, bad), burn.reset(window, budget, bad)
            assert cell == ("never" if told is None or over is None else f"{shown(told)}, {shown(over)}")


@pytest.mark.parametrize(("bad", "told"), [(1.0, 51.84), (0.1, 518.4), (0.02, 2592.0), (0.001, None)])
def test_the_workbooks_page_at_99_9_percent(bad: float, told: float | None) -> None:
    found = BURNS["30d"][0].detection("30d", 0.001, bad)
    assert found == (None if told is None else pytest.approx(told))


@given(st.sampled_from(PAIRS), st.floats(0.0001, 0.1), st.floats(0.01, 1))
def test_both_windows_are_above_from_then_on_and_the_short_one_below_after_the_reset(
    pair: tuple[str, Burn], budget: float, bad: float
) -> None:
    window, burn = pair
    limit = burn.factor(window) * budget
    assume(abs(bad / limit - 1) > 1e-6)
    told, over = burn.detection(window, budget, bad), burn.reset(window, budget, bad)
    if told is None or over is None:
        assert bad < limit
        return
    for late, above in ((told * 1.01, True), (told * 0.99, False)):
        ratios = [bad * min(1, late / seconds(length)) for length in (burn.long, burn.short)]
        assert (min(ratios) > limit) is above
    left = bad * (seconds(burn.short) - over) / seconds(burn.short)
    assert left == pytest.approx(limit)
