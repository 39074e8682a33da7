"""Calls that may hang: each on a thread of its own, left behind when its time is over."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from scanning.failure import Failure, Reason

T = TypeVar("T")
_GRACE = 1.0
"""Seconds in which a call may notice by itself that its time is over."""


class Outcome(NamedTuple, Generic[T]):
    key: str
    value: T | None
    error: BaseException | None


class Workers(Generic[T]):
    """At most ``count`` calls at a time.

    Python cannot stop a thread, so one that hangs stays. Its key is not called again before it has ended.
    """

    def __init__(self, count: int, timeout: float) -> None:
        self._count, self._timeout = count, timeout
        self._stuck: dict[str, threading.Thread] = {}

    @property
    def stuck(self) -> int:
        """Calls that outlived their time and still run."""
        self._stuck = {key: thread for key, thread in self._stuck.items() if thread.is_alive()}
        return len(self._stuck)

    def run(self, keys: Iterable[str], call: Callable[[str], T], stop: threading.Event) -> Iterator[Outcome[T]]:
        """What became of each key, in the order in which they end. Ends early when ``stop`` is set."""
        waiting = list(dict.fromkeys(keys))[::-1]
        done: queue.Queue[Outcome[T]] = queue.Queue()
        running: dict[str, tuple[threading.Thread, float]] = {}
        while (waiting or running) and not stop.is_set():
            while waiting and len(running) < self._count:
                key = waiting.pop()
                if self.stuck and key in self._stuck:
                    yield Outcome(key, None, Failure(Reason.TIMEOUT, "its last read still hangs"))
                    continue
                thread = threading.Thread(target=_call, args=(key, call, done), daemon=True, name=f"read {key}")
                running[key] = (thread, time.monotonic() + self._timeout + _GRACE)
                thread.start()
            yield from self._ended(running, done)

    def _ended(
        self, running: dict[str, tuple[threading.Thread, float]], done: queue.Queue[Outcome[T]]
    ) -> Iterator[Outcome[T]]:
        if not running:
            return
        wait = min(end for _, end in running.values()) - time.monotonic()
        try:
            outcome = done.get(timeout=max(0.01, min(wait, 0.5)))
        except queue.Empty:
            outcome = None
        if outcome is not None and outcome.key in running:
            del running[outcome.key]
            yield outcome
        now = time.monotonic()
        for key in [key for key, (_, end) in running.items() if end < now]:
            self._stuck[key] = running.pop(key)[0]
            yield Outcome(key, None, Failure(Reason.TIMEOUT, f"hangs after {self._timeout:g} s"))


def _call(key: str, call: Callable[[str], T], done: queue.Queue[Outcome[T]]) -> None:
    try:
        done.put(Outcome(key, call(key), None))
    except BaseException as error:  # whatever it is, the scan goes on and says so
        done.put(Outcome(key, None, error))
