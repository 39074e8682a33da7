"""The values that scrapes are answered from."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from scanning.metrics import Exposition, Sample


@dataclass(frozen=True)
class _Read:
    samples: Sequence[Sample]
    at: float


class Cache:
    """The last values of every part. Those older than ``stale_after`` seconds are not shown."""

    def __init__(self, exposition: Exposition, stale_after: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._exposition, self._stale_after, self._clock = exposition, stale_after, clock
        self._reads: dict[str, _Read] = {}
        self._published = b""
        self._published_at = clock()
        self._lock = threading.Lock()

    def put(self, key: str, samples: Sequence[Sample]) -> None:
        with self._lock:
            self._reads[key] = _Read(samples, self._clock())

    def drop(self, key: str) -> None:
        with self._lock:
            self._reads.pop(key, None)

    def keep_only(self, keys: Collection[str]) -> None:
        with self._lock:
            self._reads = {key: read for key, read in self._reads.items() if key in keys}

    def publish(self) -> None:
        """Make the text that scrapes get. It takes a while for many series, so scrapes do not wait for it."""
        text = self._exposition.text(self._fresh())
        with self._lock:
            self._published, self._published_at = text, self._clock()

    def text(self) -> bytes:
        """Nothing where nothing was published for too long: better no values than old ones."""
        with self._lock:
            return self._published if self._clock() - self._published_at <= self._stale_after else b""

    def _fresh(self) -> Iterable[Sample]:
        with self._lock:
            oldest = self._clock() - self._stale_after
            self._reads = {key: read for key, read in self._reads.items() if read.at >= oldest}
            reads = [self._reads[key] for key in sorted(self._reads)]
        return (sample for read in reads for sample in read.samples)
