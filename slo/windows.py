"""Burn-rate windows (SRE Workbook, chapter 5: multiwindow, multi-burn-rate alerts).

The Workbook gives them for 30 days. For 7 days and 24 hours the shares of the budget are larger, so
that each pair still means a burn rate above 1 (below it the budget lasts): derived, spec 40-slo 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.quantity import seconds
from model.rule import CONFIRMED, Severity


@dataclass(frozen=True)
class Burn:
    """Alert when ``share`` of the budget goes within ``long``, and still does within ``short``."""

    long: str
    short: str
    share: float
    severity: Severity
    for_: str

    def factor(self, window: str) -> float:
        """Burn rate that spends ``share`` of the budget of ``window`` within ``long``; 1 spends it exactly."""
        return round(self.share * seconds(window) / seconds(self.long), 6)

    def detection(self, window: str, budget: float, bad: float) -> float | None:
        """Seconds from the fault until both windows are above the factor when a share ``bad`` of the events fails from
        then on and none before; without ``for`` and the recorded rate's own 5 minutes. None: it never is.
        """
        needed = self.factor(window) * budget / bad
        return None if needed > 1 else needed * seconds(self.long)

    def reset(self, window: str, budget: float, bad: float) -> float | None:
        """Seconds from the end of a fault that filled the windows until the short one is below the factor again."""
        needed = self.factor(window) * budget / bad
        return None if needed > 1 else (1 - needed) * seconds(self.short)


_CRITICAL, _HIGH, _MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM
BURNS: dict[str, tuple[Burn, ...]] = {
    "30d": (
        Burn("1h", "5m", 0.02, _CRITICAL, CONFIRMED),
        Burn("6h", "30m", 0.05, _HIGH, "15m"),
        Burn("1d", "2h", 0.10, _MEDIUM, "1h"),
        Burn("3d", "6h", 0.10, _MEDIUM, "1h"),
    ),
    "7d": (
        Burn("1h", "5m", 0.05, _CRITICAL, CONFIRMED),
        Burn("6h", "30m", 0.10, _HIGH, "15m"),
        Burn("1d", "2h", 0.20, _MEDIUM, "1h"),
    ),
    "24h": (
        Burn("1h", "5m", 0.25, _CRITICAL, CONFIRMED),
        Burn("6h", "30m", 0.50, _HIGH, "15m"),
    ),
}
STILL_SPENT = {"30d": "6h", "7d": "6h", "24h": "1h"}
"""Window of the objective -> how long ago the last bad event may be while the budget counts as still being spent."""

SEEN = {"30d": "10d", "7d": "2d", "24h": "3h"}
"""Window of the objective -> how long ago objects must have been seen before their budget is told.

Restarts alone are soon half of what the first days of a month may lose.
"""


def burns(window: str) -> tuple[Burn, ...]:
    """The pairs for an SLO window. Raises ValueError for a window that has none."""
    if window not in BURNS:
        raise ValueError(f"window {window!r} has no burn-rate windows; allowed: {', '.join(BURNS)}")
    return BURNS[window]


def recorded_windows(window: str) -> tuple[str, ...]:
    """Every window in which a burn rate is recorded, shortest first."""
    lengths = {length for burn in burns(window) for length in (burn.long, burn.short)}
    return tuple(sorted(lengths, key=seconds))
