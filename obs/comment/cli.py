"""obs comment."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from obs.console import errors, out

if TYPE_CHECKING:
    from obs.comment.hosts import Host

TOKEN = "OBS_COMMENT_TOKEN"


class Kind(StrEnum):
    GITHUB = "github"
    CLOUD = "bitbucket-cloud"
    DATA_CENTER = "bitbucket-data-center"


Report = Annotated[Path, typer.Argument(help="What obs diff wrote", exists=True, dir_okay=False)]
On = Annotated[Kind, typer.Option("--host", help="Who has the pull request")]
Repository = Annotated[str, typer.Option(help="owner/name, workspace/slug or PROJECT/slug")]
Number = Annotated[int, typer.Option("--pull-request", help="Its number")]
Name = Annotated[str, typer.Option(help="Tells comments of several stacks apart")]
Url = Annotated[str | None, typer.Option(help="Address of the API, where it is not the public one")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be written where; no token, no request")]


def comment(
    report: Report,
    *,
    on: On,
    repository: Repository,
    number: Number,
    name: Name,
    url: Url = None,
    dry_run: DryRun = False,
) -> None:
    """Write a report as a comment, in the place of its last one. The token is read from OBS_COMMENT_TOKEN."""
    import httpx

    from obs.comment.post import CommentError, planned, post

    with errors():
        host, text = _host(on, repository, number, url), report.read_text(encoding="utf-8")
        if dry_run:
            typer.echo(planned(host, name, text), nl=False)
            return
        token = os.environ.get(TOKEN)
        if not token:
            raise CommentError(f"{TOKEN} is not set; it holds a token that may write comments")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        with httpx.Client(headers=headers, timeout=30) as client:
            done = post(host, client, name, text)
    out.print(f"comment {name} {done}", highlight=False)


def _host(kind: Kind, repository: str, number: int, url: str | None) -> Host:
    from obs.comment.hosts import BitbucketCloud, BitbucketDataCenter, GitHub
    from obs.comment.post import CommentError

    if kind is Kind.DATA_CENTER:
        if url is None:
            raise CommentError("--url is missing: the address of the Bitbucket server")
        return BitbucketDataCenter(repository, number, url)
    if kind is Kind.GITHUB:
        return GitHub(repository, number, url) if url else GitHub(repository, number)
    return BitbucketCloud(repository, number, url) if url else BitbucketCloud(repository, number)
