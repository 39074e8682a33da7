"""One comment for each stack, found again by a mark that no reader sees."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import httpx

from obs.comment.answers import delay, said
from obs.comment.hosts import Comment, Host
from obs.errors import ObsError

_NAME = re.compile(r"[a-z0-9-]+")
_PATIENCE = 90.0
"""Seconds that are waited for a host that says when it listens again; a pipeline's minutes cost more than a new run."""
_TRIES = 3


class CommentError(ObsError):
    """A comment that could not be written. The message has no credential in it."""


def mark(name: str) -> str:
    """A link definition, which Markdown does not show; an HTML comment would be text on Bitbucket."""
    if _NAME.fullmatch(name) is None:
        raise CommentError(f"--name {name!r}: must be lower-case letters, digits and '-'")
    return f"[//]: # (obs-diff {name})"


def post(
    host: Host, client: httpx.Client, name: str, report: str, *, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Write the report in the place of the comment of that name, or as a new one; ``updated`` or ``created``.

    Where the host limits requests it is waited for, at most 90 s. Raises CommentError where the host refuses, and for
    a report that is too long for it.
    """
    text = _text(host, name, report)
    try:
        return _patiently(lambda: _written(host, client, name, text), sleep)
    except httpx.HTTPStatusError as error:
        raise CommentError(_refusal(error, client)) from None
    except httpx.HTTPError as error:
        raise CommentError(f"no answer of the host: {type(error).__name__}") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise CommentError("the host answers in another form than its API has") from None


def planned(host: Host, name: str, report: str) -> str:
    """What :func:`post` would write and by which requests, of which none is sent: the host alone knows whether there is
    a comment of that name. Raises CommentError as ``post`` for a name or a report that it refuses."""
    text = _text(host, name, report)
    seen: list[httpx.Request] = []

    def noted(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(noted)) as client:
        host.create(client, text)
        host.update(client, Comment(0, ""), text)
    create, update = seen
    place = f"{update.method} {str(update.url).rpartition('/')[0]}/NUMBER"
    return (
        f"nothing is sent; where a comment has the line {mark(name)!r}: {place}, else {create.method} {create.url}, "
        f"with {len(text)} of {host.limit} characters:\n\n{text}"
    )


def _text(host: Host, name: str, report: str) -> str:
    text = f"{report.rstrip()}\n\n{mark(name)}\n"
    if len(text) > host.limit:
        advice = f"cut it with obs diff --limit {host.limit - 200}"
        raise CommentError(f"the report has {len(text)} characters and a comment here at most {host.limit}; {advice}")
    return text


def _written(host: Host, client: httpx.Client, name: str, text: str) -> str:
    for _ in range(_TRIES):
        before = _found(host, client, name)
        if before is None:
            host.create(client, text).raise_for_status()
            return "created"
        done = host.update(client, before, text)
        # Deleted since it was listed (404, 410), or written by another run (409, Data Center): looked for once more.
        if done.status_code not in (404, 409, 410):
            break
    done.raise_for_status()
    return "updated"


def _found(host: Host, client: httpx.Client, name: str) -> Comment | None:
    """The comment with the mark on a line of its own; a reply that quotes it has it behind ``>``."""
    return next((one for one in host.comments(client) if mark(name) in one.text.splitlines()), None)


def _patiently(ask: Callable[[], str], sleep: Callable[[float], None]) -> str:
    left = _PATIENCE
    while True:
        try:
            return ask()
        except httpx.HTTPStatusError as error:
            wait = delay(error.response)
            if wait is None or wait > left:
                raise
            wait = max(wait, 1)
            left -= wait
            sleep(wait)


def _refusal(error: httpx.HTTPStatusError, client: httpx.Client) -> str:
    request, response = error.request, error.response
    reasons = [f"{request.method} {request.url}: {response.status_code} {response.reason_phrase}", *said(response)]
    wait = delay(response)
    if wait is not None:
        reasons.append(f"its limit of requests is reached, it listens again in {wait:.0f} s")
    elif response.status_code in (401, 403, 404):
        reasons.append("the token must be one that may see the pull request and write comments")
    token = client.headers.get("authorization", "").rpartition(" ")[2]
    text = "; ".join(reasons)
    return text.replace(token, "***") if token else text
