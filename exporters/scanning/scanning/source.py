"""What an exporter reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from scanning.failure import Failure, Reason
from scanning.metrics import Family, Sample


class Deadline:
    """Until when a read may take. It cannot be stopped from outside: a long one asks now and then."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds, 0 at least."""
        return max(0.0, self._end - self._clock())

    def check(self) -> None:
        """Raises Failure when the time is over."""
        if not self.left:
            raise Failure(Reason.TIMEOUT, "took longer than its time")


@dataclass(frozen=True)
class Listing:
    """What there is to read in this scan, and how much more there is over the cap."""

    keys: Sequence[str]
    over_cap: int = 0


class Source(Protocol):
    """Both functions are called from several threads and raise Failure; ``read`` raises Gone for what is no more."""

    families: Mapping[str, Family]

    def listing(self, deadline: Deadline) -> Listing:
        """What there is. When this fails, the source counts as down and the scan ends."""

    def read(self, key: str, deadline: Deadline) -> Sequence[Sample]:
        """The values of one part; those of its last read are replaced by them."""
