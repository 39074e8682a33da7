"""Values as a person reads them, and what a threshold says of them."""

from __future__ import annotations

import math

from dashboards.thresholds import NEUTRAL, OK, RATES, SEVERITY, binary, judges, steps
from model.dashboard import Panel
from model.rule import Signal

_NAMES = {NEUTRAL.hex: "", OK.hex: "well"} | {colour.hex: severity.value for severity, colour in SEVERITY.items()}
_BARE = ("none", "short")
_WHOLE = 1000
_LENGTHS = ((86400, "d"), (3600, "h"), (60, "min"))


def shown(value: float, signal: Signal) -> str:
    """The value with its unit, or the word that it stands for."""
    for known, word in signal.words:
        if value == known:
            return word
    return "no data" if math.isnan(value) else amount(value, signal.unit)


def amount(value: float, unit: str) -> str:
    if unit in ("percentunit", "percent"):
        return f"{value * (100 if unit == 'percentunit' else 1):.4g} %"
    if unit in ("bytes", "decbytes", "Bps", "binBps"):
        scaled, prefixed = binary(value)
        return f"{scaled:.3g} {prefixed}{'/s' if 'ps' in unit else ''}"
    if unit == "s":
        found = next(((size, name) for size, name in _LENGTHS if abs(value) >= size), None)
        return f"{value / found[0]:.3g} {found[1]}" if found else f"{value:.3g} s"
    # No 1e+04: what has more digits than are shown is a whole number.
    number = f"{value:,.0f}" if abs(value) >= _WHOLE else f"{value:.4g}" if unit in _BARE else f"{value:.3g}"
    return number if unit in _BARE else f"{number} {RATES.get(unit, unit)}"


def judged(value: float, panel: Panel) -> tuple[str, str]:
    """(colour, word): the band of the panel's thresholds that the value is in; grey and no word without any."""
    if panel.tiers and value == 0:
        return OK.hex, ""
    if not judges(panel.thresholds) or math.isnan(value):
        return NEUTRAL.hex, ""
    colour = [step.colour for step in steps(panel.thresholds) if step.value is None or value >= step.value][-1]
    return colour, _NAMES[colour]
