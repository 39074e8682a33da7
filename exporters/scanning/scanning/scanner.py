"""The loop that scans: list what there is, read each part, publish, wait."""

from __future__ import annotations

import logging
import threading
import time
from typing import TypeVar

from scanning.cache import Cache
from scanning.failure import Failure, Gone, Reason, reason_of
from scanning.metrics import Sample, SelfMetrics
from scanning.settings import ScanSettings
from scanning.source import Deadline, Listing, Source
from scanning.workers import Outcome, Workers

_log = logging.getLogger(__name__)
_FIRST_RETRY = 30.0
_PUBLISH_EVERY = 10.0
_LIST = "(list)"
T = TypeVar("T")


class Scanner:
    """Scans a source every ``settings.interval`` seconds until ``stopping`` is set. No failing part hides another."""

    def __init__(
        self, source: Source, settings: ScanSettings, cache: Cache, metrics: SelfMetrics, stopping: threading.Event
    ) -> None:
        self._source, self._settings, self._cache, self._metrics = source, settings, cache, metrics
        self._lister: Workers[Listing] = Workers(1, settings.timeout)
        self._reader: Workers[list[Sample]] = Workers(settings.concurrency, settings.timeout)
        self._stop = stopping
        self._thread = threading.Thread(target=self._loop, daemon=True, name="scanner")
        self._failed_in_a_row = 0

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        """Wait for the end of the loop, though not long: a read that hangs ends with the process."""
        self._thread.join(timeout=2)

    @property
    def ill(self) -> str:
        """Why a restart would help; empty while all is well. A source that is down is no reason."""
        if not self._thread.is_alive():
            return "the scan loop has ended"
        hanging = self._lister.stuck + self._reader.stuck
        if hanging > self._settings.concurrency * 2:
            return f"{hanging} reads hang"
        return ""

    def _loop(self) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            error = self.scan()
            self._stop.wait(self._pause(error, time.monotonic() - begun))

    def _pause(self, error: BaseException | None, took: float) -> float:
        """A source that was down is asked again soon; not so where it refused us, an account could be locked."""
        self._failed_in_a_row = self._failed_in_a_row + 1 if error else 0
        pause = self._settings.interval - took
        if error and reason_of(error) not in (Reason.UNAUTHORIZED, Reason.FORBIDDEN):
            pause = min(pause, _FIRST_RETRY * 2.0 ** (self._failed_in_a_row - 1))
        return max(0.0, pause)

    def scan(self) -> BaseException | None:
        """One scan; the error where the source could not be asked at all."""
        begun, metrics = time.monotonic(), self._metrics
        listing, error = self._list()
        read = failed = 0
        metrics.up.set(0 if listing is None else 1)
        if listing is not None:
            self._cache.keep_only(set(listing.keys))
            read, failed = self._read_all(listing)
        else:
            self._cache.expire()
        if self._stop.is_set():
            return None
        self._cache.publish()
        result = "failed" if listing is None or (failed and not read) else "partial" if failed else "ok"
        metrics.ended(result, read=read, failed=failed, over_cap=listing.over_cap if listing else 0)
        metrics.duration.set(time.monotonic() - begun)
        metrics.last_scan.set(time.time())
        if listing is not None:
            metrics.last_success.set(time.time())
        facts = {"result": result, "read": read, "failed": failed, "seconds": round(time.monotonic() - begun, 3)}
        _log.info("scanned", extra=facts)
        return error

    def _list(self) -> tuple[Listing | None, BaseException | None]:
        """Nothing and no error where the exporter is stopping."""
        ask = self._lister.run([_LIST], lambda _: self._source.listing(Deadline(self._settings.timeout)), self._stop)
        for outcome in ask:
            if outcome.error is None:
                return outcome.value, None
            if self._stop.is_set():
                break
            self._report("the source cannot be asked", outcome)
            return None, outcome.error
        return None, None

    def _read_all(self, listing: Listing) -> tuple[int, int]:
        """How many were read, and how many failed."""
        read = failed = 0
        published = time.monotonic()
        for outcome in self._reader.run(listing.keys, self._read, self._stop):
            if outcome.error is None:
                self._cache.put(outcome.key, outcome.value or [])
                read += 1
            elif isinstance(outcome.error, Gone):
                self._cache.drop(outcome.key)
            else:
                self._report("cannot be read", outcome)
                self._cache.expire([outcome.key])
                failed += 1
            if time.monotonic() - published > _PUBLISH_EVERY:  # the first scan of a large source takes minutes
                self._cache.publish()
                published = time.monotonic()
        return read, failed

    def _read(self, key: str) -> list[Sample]:
        return list(self._source.read(key, Deadline(self._settings.timeout)))

    def _report(self, what: str, outcome: Outcome[T]) -> None:
        error = outcome.error
        reason = reason_of(error) if error else Reason.INTERNAL
        self._metrics.failed(reason)
        trace = error if error is not None and not isinstance(error, Failure) else None
        _log.warning(what, extra={"part": outcome.key, "reason": reason.value, "error": str(error)}, exc_info=trace)
