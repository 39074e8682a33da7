"""Colours of alert tiers: the one palette, and the colour steps that a panel draws from its thresholds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from dashboards.signals import WORST_BUDGET
from model.dashboard import Dashboard, Panel, Threshold
from model.quantity import duration
from model.rule import Alert, Severity
from slo.signals import REMAINING


class Colour(NamedTuple):
    hex: str
    name: str


class Step(NamedTuple):
    """From ``value`` upwards the colour is ``colour`` (hex); None is minus infinity."""

    value: float | None
    colour: str


# Okabe and Ito's colours (2008), which stay apart for red-green and blue-yellow blindness. Their purple
# (#CC79A7) is too near to orange for the worst tier, so that is Paul Tol's (muted scheme): at least
# 25 apart (CIE76) from each other colour under all three kinds of blindness, and a contrast of 3.3 on
# Grafana's dark and 5.3 on its light background (WCAG asks for 3). Nor is there room for a mildest tier,
# which is the blue of Julia's logo: 24 apart from the others, with the same contrasts.
OK = Colour("#009E73", "green")
SEVERITY = {
    Severity.LOW: Colour("#4063D8", "dark blue"),
    Severity.INFO: Colour("#56B4E9", "blue"),
    Severity.WARNING: Colour("#F0E442", "yellow"),
    Severity.MEDIUM: Colour("#E69F00", "orange"),
    Severity.HIGH: Colour("#D55E00", "red"),
    Severity.CRITICAL: Colour("#AA4499", "purple"),
}
# Green would judge a value that has no threshold.
NEUTRAL = Colour("#999999", "grey")

_WORST_FIRST = list(Severity)
# (above, inclusive)
_SIDES = {(True, False): "above", (True, True): "from", (False, False): "below", (False, True): "up to"}
_DURATION = re.compile(r"(\d+)([a-z]+)")
_SHORTEST = 0.001
RATES = {"ops": "ops/s", "reqps": "req/s", "cps": "c/s", "pps": "p/s"}
"""Grafana's name of a unit -> how it writes it (packages/grafana-data, valueFormats/categories)."""
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def steps(thresholds: Sequence[Threshold]) -> list[Step]:
    """Grafana's ascending colour steps; the first has no value.

    Thresholds that are bad below their value turn the scale round: the lowest band has the colour of the
    lowest threshold, and green starts at the highest one. Both kinds together make a green band between.
    A band takes the worst tier that it has reached, as all of their alerts fire there.
    """
    above, below = _tiers(thresholds, above=True), _tiers(thresholds, above=False)
    if not judges(thresholds):
        return [Step(None, NEUTRAL.hex)]
    starts = [None, *(_end(t) for t in reversed(below)), *(_start(t) for t in above)]
    tiers = [*reversed(_worst_so_far(below)), None, *_worst_so_far(above)]
    # Two tiers that start at one value make one step: the later, which has the worse tier or is green.
    bands = dict(zip(starts, tiers, strict=True))
    return [Step(start, SEVERITY[tier].hex if tier else OK.hex) for start, tier in bands.items()]


def judges(thresholds: Sequence[Threshold]) -> bool:
    """Whether the steps tell good from bad at all."""
    return any(t.severity in SEVERITY for t in thresholds)


def legend(thresholds: Sequence[Threshold], unit: str) -> str:
    """The tiers in words (so that nothing is said by colour alone); empty without thresholds."""
    tiers = (*_tiers(thresholds, above=True), *_tiers(thresholds, above=False))
    words = [
        f"{t.severity} ({SEVERITY[Severity(t.severity)].name}) {_SIDES[t.above, t.inclusive]} {amount(t.value, unit)}"
        for t in tiers
    ]
    return f"Thresholds: {', '.join(words)}." if words else ""


def binary(value: float) -> tuple[float, str]:
    """Bytes in the largest unit of which there is at least one."""
    power = min(int(math.log(max(abs(value), 1), 1024)), len(_BINARY) - 1)
    return value / 1024**power, _BINARY[power]


def amount(value: float, unit: str) -> str:
    """A value as a person writes it, for the Grafana units that thresholds have."""
    if unit in ("percentunit", "percent"):
        return f"{value * (100 if unit == 'percentunit' else 1):g} %"
    if unit == "bytes":
        scaled, prefixed = binary(value)
        return f"{scaled:g} {prefixed}"
    if unit == "s" and value >= _SHORTEST:
        number, name = _DURATION.findall(duration(value))[0]
        return f"{number} {'min' if name == 'm' else name}"
    return f"{value:.12g}" if unit in ("none", "short") else f"{value:.12g} {RATES.get(unit, unit)}"


def problems(thresholds: Sequence[Threshold]) -> Iterator[str]:
    """What cannot be drawn: unknown tiers, values that are not finite, no good value left."""
    for t in thresholds:
        if t.severity not in (*SEVERITY, Severity.NONE):
            yield f"threshold {t.value:g} has the severity {t.severity!r}; allowed: {', '.join(SEVERITY)}"
        if not math.isfinite(t.value):
            yield f"threshold {t.severity!r} at {t.value} is not a finite number"
    above, below = _tiers(thresholds, above=True), _tiers(thresholds, above=False)
    if above and below and _end(below[0]) >= _start(above[0]):
        yield f"bad below {below[0].value:g} and bad above {above[0].value:g} leave no good value between"


def _tiers(thresholds: Sequence[Threshold], *, above: bool) -> list[Threshold]:
    """Those of one side that colour something, outwards from the good values. The heartbeat's tier colours nothing."""
    side = [t for t in thresholds if t.above is above and t.severity in SEVERITY]
    return sorted(side, key=lambda t: _start(t) if above else -_end(t))


def _start(threshold: Threshold) -> float:
    """The first bad value of a threshold that is bad above."""
    return threshold.value if threshold.inclusive else _next(threshold.value)


def _end(threshold: Threshold) -> float:
    """The first value that a threshold which is bad below no longer covers."""
    return _next(threshold.value) if threshold.inclusive else threshold.value


def _next(value: float) -> float:
    """Just above. Grafana's steps include their value, but ``restarts > 0`` must leave 0 green."""
    return float(f"{value + max(abs(value), 1) * 1e-9:.15g}")


def _worst_so_far(tiers: Sequence[Threshold]) -> list[Severity]:
    ranks = accumulate((_WORST_FIRST.index(Severity(t.severity)) for t in tiers), min)
    return [_WORST_FIRST[rank] for rank in ranks]


def coloured(dashboard: Dashboard, alerts: tuple[Alert, ...]) -> Dashboard:
    """Colour steps come from the alerts on a panel's signals, else from their own limits: each is written once."""
    rows = tuple(
        replace(row, panels=tuple(_with_thresholds(panel, alerts) for panel in row.panels)) for row in dashboard.rows
    )
    return replace(dashboard, rows=rows)


def _with_thresholds(panel: Panel, alerts: tuple[Alert, ...]) -> Panel:
    names = {signal.name for signal in panel.signals}  # to compare two whole signals takes much longer
    watching = [a for a in alerts if a.signal.name in names and a.signal in panel.signals]
    panel = replace(panel, rules=tuple(sorted({f"{a.name} ({a.severity.value})" for a in watching})))
    if panel.thresholds:
        return panel
    if WORST_BUDGET.name in names:  # the least of what these alerts watch
        watching = [a for a in alerts if a.signal is REMAINING]
    steps = {
        Threshold(
            value=a.threshold, severity=a.severity.value, above=a.op in (">", ">="), inclusive=a.op in (">=", "<=")
        )
        for a in watching
        if a.op in (">", ">=", "<", "<=")
    }
    steps = steps or {limit for signal in panel.signals for limit in signal.limits}
    return replace(panel, thresholds=tuple(sorted(steps, key=lambda s: (s.value, s.severity))))
