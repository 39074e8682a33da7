"""Asking a REST API politely: a rate of its own, patience where the server asks for it, and errors with a reason."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

import httpx
import tenacity
from pydantic import Field

from scanning.failure import Failure, Reason
from scanning.settings import ReadableFile, ScanSettings, Seconds
from scanning.source import Deadline

_ATTEMPTS = 4
_BACKOFF = 1.0
"""Seconds before the second attempt; twice as many before each further one."""
_RETRIED = frozenset({429, 502, 503, 504})
_REASONS = {401: Reason.UNAUTHORIZED, 403: Reason.FORBIDDEN, 404: Reason.NOT_FOUND, 429: Reason.RATE_LIMITED}
Params = Mapping[str, str | int]


class ApiSettings(ScanSettings):
    """Certificates are checked against ``ca_file``, or what the system trusts. ``requests_per_second`` holds for all
    requests together."""

    url: str
    ca_file: ReadableFile | None = None
    request_timeout: Seconds = 15
    requests_per_second: Annotated[float, Field(gt=0, le=100)] = 5


class _Again(Exception):
    """The server asks to come back, after ``after`` seconds where it says so."""

    def __init__(self, failure: Failure, after: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure, self.after = failure, after


class Pace:
    """At most ``rate`` requests a second, whichever thread asks."""

    def __init__(self, rate: float, stopping: threading.Event) -> None:
        self._gap, self._stopping, self._next = 1 / rate, stopping, 0.0
        self._lock = threading.Lock()

    def wait(self, deadline: Deadline) -> None:
        """Raises Failure where the turn would come after the deadline."""
        with self._lock:
            turn = max(time.monotonic(), self._next)
            if turn - time.monotonic() > deadline.left:
                raise Failure(Reason.TIMEOUT, "its turn at this rate of requests comes too late")
            self._next = turn + self._gap
        self._stopping.wait(turn - time.monotonic())

    def hold(self, seconds: float) -> None:
        """Nobody asks for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


class Api:
    """GET of JSON below ``settings.url``; ``requested`` is told the status of each answer.

    Answers 429 and 502 to 504, and broken connections, are tried again up to
    four times within the deadline, after what ``Retry-After`` says or 1, 2, 4 seconds.
    """

    def __init__(
        self,
        settings: ApiSettings,
        requested: Callable[[str], None],
        stopping: threading.Event,
        *,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._requested, self._stopping, self._timeout = requested, stopping, settings.request_timeout
        self._pace = Pace(settings.requests_per_second, stopping)
        trusted = ssl.create_default_context(cafile=settings.ca_file)
        # No redirects: credentials go to the address of the settings, and to no other.
        self._client = httpx.Client(
            base_url=settings.url, verify=trusted, auth=auth, headers=dict(headers or {}), follow_redirects=False
        )

    def get(self, path: str, params: Params, deadline: Deadline) -> dict[str, Any]:
        """The JSON object. Raises Failure."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=lambda state: self._wait(state, deadline),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, path, params, deadline)
        except _Again as again:
            raise again.failure from None

    def _wait(self, state: tenacity.RetryCallState, deadline: Deadline) -> float:
        error = state.outcome.exception() if state.outcome else None
        again = cast(_Again, error)
        wait = again.after if again.after is not None else _BACKOFF * 2.0 ** (state.attempt_number - 1)
        if wait > deadline.left:
            raise again.failure
        if again.after is not None:
            self._pace.hold(wait)
        return wait

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Failure(Reason.INTERNAL, "the exporter is stopping")

    def _once(self, path: str, params: Params, deadline: Deadline) -> dict[str, Any]:
        deadline.check()
        self._pace.wait(deadline)
        try:
            answer = self._client.get(path, params=dict(params), timeout=min(self._timeout, deadline.left or 0.001))
        except httpx.HTTPError as error:
            self._requested("error")
            slow = isinstance(error, httpx.TimeoutException)
            failure = Failure(
                Reason.TIMEOUT if slow else Reason.UNREACHABLE, f"{path}: {error or type(error).__name__}"
            )
            raise _Again(failure) from None
        self._requested(str(answer.status_code))
        self._heed(answer.headers)
        if answer.status_code != 200:
            self._refuse(path, answer)
        return _object(path, answer)

    def _heed(self, headers: httpx.Headers) -> None:
        """A token bucket that is empty fills at the rate that its headers say."""
        if headers.get("X-RateLimit-Remaining") == "0":
            self._pace.hold(_number(headers.get("X-RateLimit-Interval-Seconds")) or 1)

    @staticmethod
    def _refuse(path: str, answer: httpx.Response) -> None:
        status = answer.status_code
        reason = _REASONS.get(status, Reason.UNAVAILABLE if status >= 500 else Reason.MALFORMED)
        failure = Failure(reason, f"{path}: answered {status}")
        if status in _RETRIED:
            raise _Again(failure, _number(answer.headers.get("Retry-After")))
        raise failure


def _number(text: str | None) -> float | None:
    """Seconds; None for nothing, and for the dates that Retry-After may also be."""
    return float(text) if text and text.isdecimal() else None


def _object(path: str, answer: httpx.Response) -> dict[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        raise Failure(Reason.MALFORMED, f"{path}: the answer is not JSON") from None
    if not isinstance(value, dict):
        raise Failure(Reason.MALFORMED, f"{path}: the answer is no object")
    return value
