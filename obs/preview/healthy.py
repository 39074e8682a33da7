"""A good value of a signal, as its own words say it: "Below 5 %.", "99.9 % or more.", "A few seconds."."""

from __future__ import annotations

import re

from model.rule import Signal

_BOUND = re.compile(
    r"(?:(?P<below>(?:Far |Well )?[Bb]elow|Up to|At most)|(?P<above>Above|More than|Longer than))? ?"
    r"(?P<number>\d[\d,.]*\d|\d|a)(?: (?P<unit>%|ms|second|minute|hour|day)s?)?(?P<more> or more)?"
)
_KINDS = {"A few seconds": 4.0, "Seconds": 4.0, "Milliseconds": 0.004, "Minutes": 240.0, "Hours": 14400.0, "Days": 2e6}
_SECONDS = {"ms": 0.001, "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_USUAL = 0.7
_QUANTILE = re.compile(r"\bP(\d\d)\b")
_OF_P99 = {"50": 0.35, "95": 0.8}


def stated(signal: Signal) -> tuple[float, float] | None:
    """(value, share by which it may fall four times and stay good); None where the words name no value."""
    for words, value in _KINDS.items():
        if signal.unit == "s" and signal.good.startswith(words):
            return value, 0.1
    if signal.good.startswith("At the objective") and signal.maximum is not None:
        return signal.maximum, 0.0
    found = _BOUND.match(signal.good)
    if found is None or not (found["below"] or found["above"] or found["more"]):
        return None
    scale = _scale(signal.unit, found["unit"])
    if scale is None:
        return None
    bound = (1.0 if found["number"] == "a" else float(found["number"].replace(",", ""))) * scale
    if found["below"]:
        return bound * _USUAL, 0.1
    top = signal.maximum if signal.maximum is not None else bound * 1.3
    value = (bound + top) / 2
    return value, (1 - bound / value) / 4 if value else 0.0


def order(signal: Signal) -> float:
    """A share of the highest quantile, for those below: P50 is no longer than P99."""
    found = _QUANTILE.search(f"{signal.legend} {signal.title}")
    return _OF_P99.get(found[1], 1.0) if found else 1.0


def _scale(unit: str, said: str | None) -> float | None:
    """From what is said to the signal's unit; None where they are not of one kind."""
    if said == "%":
        return {"percentunit": 0.01, "percent": 1.0}.get(unit)
    if said is None:
        return 1.0 if unit in ("none", "short") else None
    return _SECONDS[said] if unit == "s" else None
