"""What the panels of a preview show: answers of a running Prometheus, or samples made of what a signal says of itself.

A sample is no measurement, and the page says so: it has the unit, the labels and the thresholds of its panel, which is
what a reviewer looks at.
"""

from __future__ import annotations

import math
import re
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dashboards.queries import Query, with_all
from dashboards.thresholds import SEVERITY
from model.dashboard import Panel
from model.rule import Signal
from obs.errors import ObsError
from obs.preview.healthy import order, stated
from obs.verify.client import Refused, Server

POINTS = 48
_HOUR = 3600.0
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_TYPICAL = {"s": 40.0, "ms": 20.0, "bytes": 6e9, "Bps": 3e6, "percentunit": 0.6, "percent": 60.0}
_MEMBERS = 3
_SEVERAL = 3
# What a signal without limits calls good: none of it, or not even a row; then one of each is sampled, for its columns.
_STATED = re.compile(r"(?P<none>0|None)\b|Nothing is shown|1\b")
SAMPLES = (
    "Values are samples of a healthy system, not measurements. "
    "Where a healthy system shows nothing, there are rows all the same: for their columns."
)


@dataclass(frozen=True)
class Line:
    """One series: its legend, its labels and its values, the last of which is now."""

    legend: str
    labels: Mapping[str, str]
    values: tuple[float, ...]


Answers = Callable[[Panel, Query, int], tuple[Line, ...]]
"""(panel, query, number of its signal) -> series."""


def sampled(panel: Panel, query: Query, number: int) -> tuple[Line, ...]:
    """The same samples for the same panel: those of a healthy system, below its lowest threshold."""
    # A card without alerts has one series, which no severity tells apart.
    names = [] if panel.tiers else list(dict.fromkeys(_LABEL.findall(query.legend)))
    members = _MEMBERS if set(names) - {"cluster"} else 1
    level, swing = _level(panel, number)
    level *= order(panel.signals[number])
    found = []
    for member in range(members):
        labels = {name: f"{name}-{member + 1}" if name != "cluster" else "cluster-1" for name in names}
        shift = zlib.crc32(f"{panel.title}{number}{member}".encode()) % 628 / 100
        wave = (level * (1 - swing * (member + 1 - math.sin(shift + 6.28 * n / POINTS))) for n in range(POINTS))
        values = map(math.floor, wave) if _counts(panel.signals[number], level) else wave
        found.append(Line(_filled(query.legend, labels), labels, tuple(map(float, values))))
    return tuple(found)


def _level(panel: Panel, number: int) -> tuple[float, float]:
    """A good value, and the share by which it may swing and stay good."""
    signal = panel.signals[number]
    if signal.words:
        return signal.words[0][0], 0
    judging = [t for t in panel.thresholds if t.severity in SEVERITY]
    bad_above = [t.value for t in judging if t.above]
    bad_below = [t.value for t in judging if not t.above]
    if bad_below:
        best = min(bad_above, default=signal.maximum or max(bad_below) * 1.3 or 1.0)
        return (best if best > max(bad_below) else max(bad_below)), 0
    if bad_above:
        return min(bad_above) * 0.7, 0.1
    if found := _STATED.match(signal.good):
        return 0.0 if found["none"] else 1.0, 0
    if (level := stated(signal)) is not None:
        return level
    return (signal.maximum or 0) * 0.6 or _TYPICAL.get(signal.unit, 8.0), 0.1


def _counts(signal: Signal, level: float) -> bool:
    """Whether it is made of whole things: 7.9 failed runs confuse a reviewer. Small numbers may be rates of them."""
    return signal.unit in ("none", "short") and level >= _SEVERAL


def live(prometheus: Server) -> Answers:
    """Answers over the last 6 hours. A query that the server refuses is an error: the page must not hide it."""

    def ask(_: Panel, query: Query, __: int) -> tuple[Line, ...]:
        now, step = time.time(), 6 * _HOUR / POINTS
        try:
            series = prometheus.query_range(with_all(query.expr, query.rate_interval(step)), now - 6 * _HOUR, now, step)
        except Refused as error:
            raise ObsError(f"{query.expr}: {error}") from None
        return tuple(Line(_filled(query.legend, s.labels), s.labels, s.values) for s in series if s.values)

    return ask


def _filled(legend: str, labels: Mapping[str, str]) -> str:
    return _LABEL.sub(lambda found: labels.get(found[1], ""), legend).strip() or "now"
