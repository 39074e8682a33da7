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
    """The last values of every part. Those that could not be read anew for ``stale_after`` seconds go."""

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

    def expire(self, keys: Iterable[str] | None = None) -> None:
        """These could not be read (all, where none is named): what is too old goes.

        Not so what the scan has not come to yet: a scan may take longer than that.
        """
        with self._lock:
            oldest = self._clock() - self._stale_after
            for key in list(self._reads) if keys is None else keys:
                if key in self._reads and self._reads[key].at < oldest:
                    del self._reads[key]

    def publish(self) -> None:
        """Make the text that scrapes get. It takes a while for many series, so scrapes do not wait for it."""
        text = self._exposition.text(self._samples())
        with self._lock:
            self._published, self._published_at = text, self._clock()

    def text(self) -> bytes:
        """Nothing where nothing was published for too long: better no values than old ones."""
        with self._lock:
            return self._published if self._clock() - self._published_at <= self._stale_after else b""

    def _samples(self) -> Iterable[Sample]:
        with self._lock:
            reads = [self._reads[key] for key in sorted(self._reads)]
        return (sample for read in reads for sample in read.samples)
