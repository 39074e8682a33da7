"""Lines over time as SVG: one path for each series, and the thresholds dashed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from dashboards.thresholds import SEVERITY
from model.dashboard import Panel
from model.rule import Severity
from obs.preview.answers import Line
from obs.preview.values import amount

_WIDTH, _HEIGHT = 600, 150
# Okabe and Ito, which colour-blind people tell apart; the dash pattern tells them apart without any colour.
# Their black is the colour of the text, which a dark page has too; their yellow cannot be seen on white.
_LINES = (
    ("#0072B2", ""),
    ("#E69F00", "6 3"),
    ("#009E73", "2 3"),
    ("#CC79A7", "8 3 2 3"),
    ("#56B4E9", "1 2"),
    ("#D55E00", "10 3"),
    ("currentColor", "5 2 1 2"),
    ("#999999", "3 3"),
)
_MOST = len(_LINES)


def chart(panel: Panel, lines: Sequence[Line]) -> str:
    """SVG with a legend that has the last value of each series."""
    drawn = [line for line in lines if any(map(math.isfinite, line.values))][:_MOST]
    if not drawn:
        return '<p class="nothing">no data</p>'
    numbers = [value for line in drawn for value in line.values if math.isfinite(value)]
    limits = [t for t in panel.thresholds if t.severity in SEVERITY]
    low = min(0.0, *numbers)
    high = max(*numbers, *(t.value for t in limits), low)
    high = high if high > low else low + 1
    paths = "".join(_path(line, index, low, high) for index, line in enumerate(drawn))
    marks = "".join(_limit(t.value, t.severity, low, high) for t in limits)
    left = f"{len(lines) - len(drawn)} more series" if len(lines) > len(drawn) else ""
    items = "".join(_item(panel, line, index) for index, line in enumerate(drawn))
    top = escape(amount(high, panel.unit))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(panel.title)}">{marks}{paths}</svg><p class="scale">up to {top}</p>'
        f'<ul class="legend">{items}</ul><p class="scale">{left}</p>'
    )


def _y(value: float, low: float, high: float) -> float:
    return round(_HEIGHT - 4 - (value - low) / (high - low) * (_HEIGHT - 8), 1)


def _path(line: Line, index: int, low: float, high: float) -> str:
    colour, dash = _LINES[index]
    last = max(len(line.values) - 1, 1)
    points = [f"{n / last * _WIDTH:.1f},{_y(v, low, high)}" for n, v in enumerate(line.values) if math.isfinite(v)]
    return (
        f'<polyline points="{" ".join(points)}" stroke="{colour}" stroke-dasharray="{dash}" fill="none" '
        'stroke-width="1.5" vector-effect="non-scaling-stroke"/>'
    )


def _limit(value: float, severity: str, low: float, high: float) -> str:
    colour = SEVERITY[Severity(severity)].hex
    y = _y(value, low, high)
    return f'<line x1="0" x2="{_WIDTH}" y1="{y}" y2="{y}" stroke="{colour}" stroke-dasharray="10 6" stroke-width="1"/>'


def _item(panel: Panel, line: Line, index: int) -> str:
    colour, dash = _LINES[index]
    mark = f'<svg class="mark" viewBox="0 0 20 4"><line x1="0" x2="20" y1="2" y2="2" stroke="{colour}" '
    mark += f'stroke-dasharray="{dash}" stroke-width="2"/></svg>'
    return f"<li>{mark}{escape(line.legend)}: <b>{escape(amount(line.values[-1], panel.unit))}</b></li>"
