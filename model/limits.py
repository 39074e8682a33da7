"""Where values begin to be bad, apart from what an alert watches."""

from __future__ import annotations

from dataclasses import dataclass

_BANDS = ((1, "warning"), (0.8, "medium"), (0.7, "high"))
"""Shares of an objective that is not reached, and their colours (spec 60-dashboards 1.3, without its gaps)."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Values beyond ``value`` are bad: above it, or below it where ``above`` is False.

    ``severity`` names the alert tier that starts there; ``inclusive`` says that ``value`` itself is bad.
    """

    value: float
    severity: str
    above: bool = True
    inclusive: bool = False


def attained(objective: float) -> tuple[Threshold, ...]:
    """Bands of a share that has to be ``objective`` or more."""
    return tuple(Threshold(value=round(objective * share, 6), severity=tier, above=False) for share, tier in _BANDS)


def over(**tiers: float) -> tuple[Threshold, ...]:
    """Bad above a value: ``over(warning=0.8, medium=0.85)``. The keywords are severities."""
    return tuple(Threshold(value=value, severity=tier) for tier, value in tiers.items())


def under(**tiers: float) -> tuple[Threshold, ...]:
    """Bad below a value."""
    return tuple(Threshold(value=value, severity=tier, above=False) for tier, value in tiers.items())
