"""What hosts answer where they do not do as asked: their own words, and how long to wait.

Forms: GitHub ``{"message", "errors": [{"message"}]}`` (schemas basic-error and validation-error of
@octokit/openapi-types 29), Bitbucket Cloud ``{"type": "error", "error": {"message"}}`` or bare text with a 429,
Data Center ``{"errors": [{"message", "exceptionName"}]}``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

_SECONDARY = 60
"""GitHub's limit on writing says no time: at least a minute (docs.github.com/rest, rate limits)."""
_EPOCH = 1_000_000_000
"""x-ratelimit-reset is a time on GitHub, and seconds from now on Bitbucket."""


def delay(response: httpx.Response) -> float | None:
    """Seconds until the host listens again; None where it refuses for another reason than its limits."""
    if response.status_code not in (403, 429):
        return None
    given = response.headers
    after, reset = _number(given.get("retry-after")), _number(given.get("x-ratelimit-reset"))
    if after is not None:
        return after
    if given.get("x-ratelimit-remaining") == "0" and reset is not None:
        return max(reset - time.time(), 0) if reset > _EPOCH else reset
    limited = response.status_code == 429 or "rate limit" in " ".join(said(response)).lower()
    return _SECONDARY if limited else None


def _number(text: str | None) -> float | None:
    """Seconds; a date, which the header may have as well, is none."""
    return float(text) if text is not None and text.isdigit() else None


def said(response: httpx.Response) -> list[str]:
    """The host's reasons; none where it gives none in a form that is known."""
    try:
        data = response.json()
    except ValueError:
        return [response.text.strip()[:200]] if "text/plain" in response.headers.get("content-type", "") else []
    return list(dict.fromkeys(_messages(data)))


def _messages(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield " ".join(data.split())[:200]
    elif isinstance(data, Mapping):
        yield from _messages(data.get("message"))
        yield from _messages(data.get("error"))
        for one in data.get("errors") or ():
            yield from _messages(one)
