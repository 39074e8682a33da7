"""Durations and quantities as Prometheus and Kubernetes write them."""

from __future__ import annotations

import re
from decimal import Decimal

_UNITS_MS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?")
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_SUFFIX = {
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** (i + 1) for i, unit in enumerate("kMGTPE")},
    **{f"{unit}i": Decimal(1024) ** (i + 1) for i, unit in enumerate("KMGTPE")},
}
DURATION_FORM = "a Prometheus duration such as 30s, 5m, 15d or 1h30m"
QUANTITY_FORM = "a Kubernetes quantity such as 500m, 2, 8Gi or 50Gi"


def seconds(duration: str) -> float:
    """Length of a Prometheus duration in seconds.

    Raises ValueError when the text is not of the form ``1y2w3d4h5m6s7ms`` (largest unit first).
    """
    match = _DURATION.fullmatch(duration)
    if match is None or not duration:
        raise ValueError(f"{duration!r} is not {DURATION_FORM}")
    return sum(int(n) * ms for n, ms in zip(match.groups(), _UNITS_MS.values(), strict=True) if n) / 1000


def duration(length: float) -> str:
    """The shortest single-unit duration of a length in seconds (whole milliseconds)."""
    ms = round(length * 1000)
    for unit in ("d", "h", "m", "s"):
        if ms % _UNITS_MS[unit] == 0:
            return f"{ms // _UNITS_MS[unit]}{unit}"
    return f"{ms}ms"


def go_duration(text: str) -> str:
    """A Prometheus duration as Go's own parser reads it, which knows no days: 7d is 604800s."""
    return f"{seconds(text):.15g}s"


def compressed(text: str, factor: int) -> str:
    """A duration divided by ``factor``, in whole milliseconds; what is longer than nothing stays so."""
    length = seconds(text)
    return text if factor == 1 or not length else duration(max(length / factor, 0.001))


def quantity(text: str) -> Decimal:
    """Value of a Kubernetes quantity in its base unit (bytes, cores).

    Raises ValueError for anything that Kubernetes would refuse, and for negative amounts.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not {QUANTITY_FORM}")
    number, suffix = match.groups()
    return Decimal(number) * (_SUFFIX[suffix] if suffix else 1)
