"""What a value is measured in, as exponents of seconds, bytes and things, and what arithmetic does to it."""

from __future__ import annotations

from typing import NamedTuple

_KNOWN_LENGTHS = {1.0: "s", 1e-3: "ms", 1e-6: "µs", 1e-9: "ns", 60.0: "minutes", 3600.0: "hours", 86400.0: "days"}


class Dimension(NamedTuple):
    """``scale`` is how many seconds, bytes or shares a value of 1 is; ``at``: seconds since 1970.

    ``free``: a plain number, which is measured in whatever it stands beside.
    """

    seconds: int = 0
    bytes: int = 0
    things: int = 0
    scale: float = 1.0
    at: bool = False
    free: bool = False

    @property
    def name(self) -> str | None:
        """One of the keys of what ``obs.check.units`` knows how to show; None where no unit says it."""
        return self._replace(scale=float(f"{self.scale:.6g}"))._name()

    def _name(self) -> str | None:
        if self.at or self.free:
            return "number" if self.free else "timestamp" if self.scale == 1 else None
        unit = (self.seconds, self.bytes)
        if unit == (0, 0):
            return self._of_things()
        if unit == (1, 0):
            return _KNOWN_LENGTHS.get(self.scale, "part of s")
        if unit == (-1, 0):
            return "count/s" if self.things == 1 else None
        whole = {(0, 1): "bytes", (-1, 1): "bytes/s"}.get(unit)
        return whole if whole is None or self.scale == 1 else f"part of {whole}"

    def _of_things(self) -> str | None:
        if self.things == 1:
            return "count" if self.scale == 1 else "part of count"
        # A share by a thing is a share: the sum of many by their number.
        return None if self.things not in (0, -1) else {1.0: "ratio", 0.01: "percent"}.get(self.scale, "share")


NUMBER = Dimension(free=True)
RATIO, COUNT, SECONDS, BYTES = Dimension(), Dimension(things=1), Dimension(seconds=1), Dimension(bytes=1)
MOMENT = Dimension(seconds=1, at=True)


def per_second(one: Dimension | None) -> Dimension | None:
    return None if one is None or one.free or one.at else one._replace(seconds=one.seconds - 1)


def scaled(one: Dimension | None, factor: float) -> Dimension | None:
    """One of which there are ``factor`` times as many: 100 times a share is in percent."""
    if one is None or one.free or factor in (0, 1, -1):
        return one
    return None if one.at else one._replace(scale=one.scale / abs(factor))


def product(left: Dimension | None, right: Dimension | None) -> Dimension | None:
    if left is None or right is None or left.at or right.at:
        return None
    if left.free or right.free:
        return right if left.free else left
    powers = [a + b for a, b in zip(left[:3], right[:3], strict=True)]
    return Dimension(powers[0], powers[1], powers[2], left.scale * right.scale)


def quotient(left: Dimension | None, right: Dimension | None) -> Dimension | None:
    if left is None or right is None or left.at or right.at:
        return None
    if right.free:
        return left
    start = RATIO if left.free else left
    powers = [a - b for a, b in zip(start[:3], right[:3], strict=True)]
    return Dimension(powers[0], powers[1], powers[2], start.scale / right.scale)


def total(left: Dimension | None, right: Dimension | None, *, minus: bool) -> Dimension | None:
    if left is None or right is None:
        return None
    if left.at or right.at:
        if left.at and right.at:
            return SECONDS if minus else None
        return MOMENT
    return either(left, right)


def either(left: Dimension | None, right: Dimension | None) -> Dimension | None:
    """Of two that stand beside each other; None where they are unlike."""
    if left is None or right is None:
        return None
    if left.free or right.free:
        return right if left.free else left
    return left if left.name is not None and left.name == right.name else None
