"""Why something could not be read: a closed set, so that it can be a label."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    MALFORMED = "malformed"
    INTERNAL = "internal"


class Failure(Exception):
    """A read that failed. The message is for the log; secrets are masked there (:mod:`scanning.logs`)."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Gone(Exception):
    """What was listed a moment ago is there no more: no failure, its values go."""


def reason_of(error: BaseException) -> Reason:
    """The reason of any error; what an exporter did not foresee is its own fault."""
    return error.reason if isinstance(error, Failure) else Reason.INTERNAL
