"""One comment for each stack, found again by a mark that no reader sees."""

from __future__ import annotations

import re

import httpx

from obs.comment.hosts import Host
from obs.errors import ObsError

_NAME = re.compile(r"[a-z0-9-]+")


class CommentError(ObsError):
    """A comment that could not be written. The message has no credential in it."""


def mark(name: str) -> str:
    """A link definition, which Markdown does not show; an HTML comment would be text on Bitbucket."""
    if _NAME.fullmatch(name) is None:
        raise CommentError(f"--name {name!r}: must be lower-case letters, digits and '-'")
    return f"[//]: # (obs-diff {name})"


def post(host: Host, client: httpx.Client, name: str, report: str) -> str:
    """Write the report in the place of the comment of that name, or as a new one; ``updated`` or ``created``.

    Raises CommentError where the host refuses, and for a report that is too long for it.
    """
    text = f"{report.rstrip()}\n\n{mark(name)}\n"
    if len(text) > host.limit:
        advice = f"cut it with obs diff --limit {host.limit - 200}"
        raise CommentError(f"the report has {len(text)} characters and a comment here at most {host.limit}; {advice}")
    try:
        before = next((one for one in host.comments(client) if mark(name) in one.text), None)
        done = host.create(client, text) if before is None else host.update(client, before, text)
        done.raise_for_status()
    except httpx.HTTPStatusError as error:
        request, response = error.request, error.response
        raise CommentError(f"{request.method} {request.url}: {response.status_code} {response.reason_phrase}") from None
    except httpx.HTTPError as error:
        raise CommentError(f"no answer of the host: {type(error).__name__}") from None
    except (KeyError, TypeError, ValueError):
        raise CommentError("the host answers in another form than its API has") from None
    return "created" if before is None else "updated"
