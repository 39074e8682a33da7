"""What is known of the result of an expression: its labels, its type, where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from model.contract import MetricType

NAME = "__name__"
_NONE: frozenset[str] = frozenset()

Buckets = Literal["none", "raw", "rated"]
"""Whether the series are histogram buckets, and if so whether they are already a rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """An instant or range vector whose values are not known but whose shape is.

    ``sure`` labels are on every series, ``possible`` on some; ``open`` means that there may be labels
    that nobody knows. ``key``, known after an aggregation, are the labels that tell the series apart.
    ``pins`` are labels with one known value. ``origin`` names the vector in a message. ``clustered``:
    the series that it was made of had the label ``cluster``. ``unknown``: a metric without a contract
    is among them, so that nothing can be said of its type.
    """

    sure: frozenset[str] = _NONE
    possible: frozenset[str] = _NONE
    open: bool = False
    type: MetricType = "gauge"
    buckets: Buckets = "none"
    key: frozenset[str] | None = None
    pins: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    clustered: bool = False
    unknown: bool = False

    def may_have(self, label: str) -> bool:
        return self.open or label in self.possible

    @property
    def labels(self) -> frozenset[str]:
        """The possible labels without the metric's name."""
        return self.possible - {NAME}

    def only(self, labels: Iterable[str]) -> Vector:
        """Keep at most these labels; afterwards all are known."""
        kept = frozenset(label for label in labels if self.may_have(label))
        return replace(self, sure=self.sure & kept, possible=kept, open=False, pins=_kept(self.pins, kept))

    def without(self, labels: Iterable[str]) -> Vector:
        gone = frozenset(labels)
        return replace(
            self,
            sure=self.sure - gone,
            possible=self.possible - gone,
            key=None if self.key is None else self.key - gone,
            pins={k: v for k, v in self.pins.items() if k not in gone},
        )

    def having(self, label: str, *, sure: bool = True, value: str | None = None) -> Vector:
        """With that label set anew: on every series or on some, to one known value or to many."""
        pins = {k: v for k, v in self.pins.items() if k != label}
        if value is not None and sure:
            pins[label] = value
        return replace(
            self,
            sure=self.sure | {label} if sure else self.sure - {label},
            possible=self.possible | {label},
            pins=pins,
        )

    def computed(self, origin: str) -> Vector:
        """The result of a calculation: a gauge without the metric's name."""
        return replace(self.without((NAME,)), type="gauge", origin=origin)


@dataclass(frozen=True, slots=True)
class Range:
    """Every value is from ``low`` to ``high``, or NaN where it ``may_be_nan``.

    ``narrowed``: a comparison inside leaves out values, and with them series, so that their being there is a condition.
    """

    low: float = -math.inf
    high: float = math.inf
    may_be_nan: bool = False
    narrowed: bool = False

    def __or__(self, other: Range) -> Range:
        return Range(
            min(self.low, other.low),
            max(self.high, other.high),
            self.may_be_nan or other.may_be_nan,
            self.narrowed or other.narrowed,
        )


def merged(vectors: Iterable[Vector], origin: str) -> Vector:
    """The union of several sources: a label is sure only if it is sure in all of them."""
    alternatives = list(vectors)
    if len(alternatives) == 1:
        return replace(alternatives[0], origin=origin)
    first = alternatives[0]
    types = {v.type for v in alternatives}
    pins = {k: v for k, v in first.pins.items() if all(other.pins.get(k) == v for other in alternatives)}
    return Vector(
        sure=first.sure.intersection(*(v.sure for v in alternatives)),
        possible=first.possible.union(*(v.possible for v in alternatives)),
        open=any(v.open for v in alternatives),
        type=first.type if len(types) == 1 else "untyped",
        buckets=first.buckets if all(v.buckets == first.buckets for v in alternatives) else "none",
        pins=pins,
        origin=origin,
        clustered=any(v.clustered for v in alternatives),
        unknown=any(v.unknown for v in alternatives),
    )


def _kept(pins: Mapping[str, str], labels: frozenset[str]) -> dict[str, str]:
    return {k: v for k, v in pins.items() if k in labels}
