"""REST API 1.0 of Bitbucket Data Center, as types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, Field

from scanning import Deadline, Failure, Reason
from scanning.http import Api, Params
from scanning.typed import typed, typed_list

_ROOT = "/rest/api/1.0"
_PAGE = 100
_PAGES = 50
"""Pages of one question at most: 5,000 pull requests, branches or commits."""
_NEWEST: Params = {"orderBy": "MODIFICATION"}
_PLUGIN = "com.atlassian.bitbucket.server.bitbucket-branch"


class Project(BaseModel):
    key: str


class Repository(BaseModel):
    slug: str
    archived: bool = False


class Commit(BaseModel):
    """Milliseconds; the committer's time where there is one: the author's may be weeks before the push."""

    id: str
    author_timestamp: int | None = Field(None, alias="authorTimestamp")
    committer_timestamp: int | None = Field(None, alias="committerTimestamp")

    @property
    def seconds(self) -> float | None:
        when = self.committer_timestamp or self.author_timestamp
        return when / 1000 if when else None


class AheadBehind(BaseModel):
    ahead: int
    behind: int


class Details(BaseModel):
    commit: Commit | None = Field(None, alias=f"{_PLUGIN}:latest-commit-metadata")
    distance: AheadBehind | None = Field(None, alias=f"{_PLUGIN}:ahead-behind-metadata-provider")


class Branch(BaseModel):
    name: str = Field(alias="displayId")
    head: str = Field(alias="latestCommit")
    is_default: bool = Field(False, alias="isDefault")
    details: Details = Field(default_factory=lambda: Details.model_validate({}), alias="metadata")


class PullRequest(BaseModel):
    id: int
    state: str


M = TypeVar("M", bound=BaseModel)


class Bitbucket:
    """Reads with :class:`Api`; raises Failure, ``malformed`` where an answer is not of these types."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def projects(self, deadline: Deadline) -> Iterator[Project]:
        return self._all("/projects", Project, {}, deadline)

    def repositories(self, project: str, deadline: Deadline) -> Iterator[Repository]:
        return self._all(f"/projects/{quote(project, safe='~')}/repos", Repository, {}, deadline)

    def branches(self, repository: str, deadline: Deadline) -> Iterator[Branch]:
        """All of them, without details."""
        return self._all(f"{repository}/branches", Branch, {**_NEWEST, "details": "false"}, deadline)

    def detailed_branches(
        self, repository: str, deadline: Deadline, name: str = ""
    ) -> Iterator[tuple[list[Branch], bool]]:
        """Pages, the newest commit first, and whether a page is the last. Details cost the server a walk through the
        history for each branch. ``name`` is a part of the name."""
        params = {**_NEWEST, "details": "true", **({"filterText": name} if name else {})}
        return self._pages(f"{repository}/branches", Branch, params, deadline)

    def commits(self, repository: str, since: str, until: str, deadline: Deadline) -> Iterator[Commit]:
        return self._all(f"{repository}/commits", Commit, {"since": since, "until": until}, deadline)

    def open_pull_requests(self, repository: str, deadline: Deadline) -> Iterator[PullRequest]:
        return self._all(f"{repository}/pull-requests", PullRequest, {"state": "OPEN"}, deadline)

    def newest_pull_request(self, repository: str, deadline: Deadline) -> int:
        """Its id, 0 where there is none. Ids of a repository are given in order."""
        params: Params = {"state": "ALL", "order": "NEWEST", "limit": 1}
        answer = self._api.get(f"{_ROOT}{repository}/pull-requests", params, deadline)
        return max((one.id for one in typed_list(repository, PullRequest, answer.get("values"))), default=0)

    def pull_request(self, repository: str, number: int, deadline: Deadline) -> PullRequest:
        path = f"{_ROOT}{repository}/pull-requests/{number}"
        return typed(path, PullRequest, self._api.get(path, {}, deadline))

    def _all(self, path: str, kind: type[M], params: Params, deadline: Deadline) -> Iterator[M]:
        return (value for values, _ in self._pages(path, kind, params, deadline) for value in values)

    def _pages(self, path: str, kind: type[M], params: Params, deadline: Deadline) -> Iterator[tuple[list[M], bool]]:
        """The values of each page, and whether it is the last."""
        start = 0
        for _ in range(_PAGES):
            answer = self._api.get(_ROOT + path, {**params, "limit": _PAGE, "start": start}, deadline)
            last = bool(answer.get("isLastPage", True))
            yield typed_list(path, kind, answer.get("values")), last
            if last:
                return
            start = _next(path, start, answer)


def _next(path: str, start: int, answer: dict[str, Any]) -> int:
    """Where the next page begins. Raises Failure where that is no further, or the same page would come for ever."""
    following = answer.get("nextPageStart")
    if not isinstance(following, int) or following <= start:
        raise Failure(Reason.MALFORMED, f"{path}: is not the last page, and nextPageStart is {following!r}")
    return following


def path_of(project: str, repository: str) -> str:
    return f"/projects/{quote(project, safe='~')}/repos/{quote(repository, safe='')}"
