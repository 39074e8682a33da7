"""A Bitbucket Data Center as its documentation has it: projects, repositories, branches, commits, pull requests."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from replay_server import Answer, Request

TOKEN = "NjE2-token"
_PLUGIN = "com.atlassian.bitbucket.server.bitbucket-branch"
_DAY = 86400


@dataclass
class Branch:
    """``commits`` from the oldest on; ``age`` of the last in days."""

    name: str
    commits: list[str]
    age: float = 0
    ahead: int | None = None
    behind: int | None = None


@dataclass
class Repository:
    """The first branch is the default one. ``pulls``: id -> state."""

    branches: list[Branch]
    pulls: dict[int, str] = field(default_factory=dict)
    archived: bool = False


class Bitbucket:
    """``page`` is how many values a page has, whatever a client asks for."""

    def __init__(self, **repositories: Repository) -> None:
        self.repositories = repositories
        self.page = 2
        self.now = time.time()

    def __call__(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Answer(401, _error("AuthenticationException", "Authentication failed."))
        parts = request.path.removeprefix("/rest/api/1.0/").split("/")
        if parts == ["projects"]:
            return self._paged(request, [{"key": "DATA", "id": 1, "name": "Data"}])
        if parts[:2] != ["projects", "DATA"]:
            return _not_found()
        if parts[2:] == ["repos"]:
            found = [{"slug": name, "archived": one.archived} for name, one in self.repositories.items()]
            return self._paged(request, found)
        repository = self.repositories.get(parts[3])
        return self._of(repository, parts[4:], request) if repository else _not_found()

    def _of(self, repository: Repository, parts: list[str], request: Request) -> Answer:
        query = request.query
        if parts == ["branches"]:
            assert query["orderBy"] == "MODIFICATION"
            newest = sorted(repository.branches, key=lambda one: one.age)
            found = [one for one in newest if query.get("filterText", "") in one.name]
            details = query["details"] == "true"
            return self._paged(request, [self._branch(repository, one, details) for one in found])
        if parts == ["commits"]:
            line = repository.branches[0].commits
            if query["since"] not in line:
                return Answer(404, _error("NoSuchCommitException", "Commit does not exist"))
            new = line[line.index(query["since"]) + 1 : line.index(query["until"]) + 1]
            return self._paged(request, [{"id": commit} for commit in reversed(new)])
        if parts == ["pull-requests"]:
            states = ("OPEN",) if query["state"] == "OPEN" else ("OPEN", "MERGED", "DECLINED")
            pulls = [{"id": number, "state": state} for number, state in repository.pulls.items() if state in states]
            return self._paged(request, sorted(pulls, key=lambda one: -one["id"]))
        number = int(parts[1])
        if number not in repository.pulls:
            return Answer(404, _error("NoSuchPullRequestException", "Pull request does not exist"))
        return Answer(body={"id": number, "state": repository.pulls[number]})

    def _branch(self, repository: Repository, branch: Branch, details: bool) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": f"refs/heads/{branch.name}",
            "displayId": branch.name,
            "type": "BRANCH",
            "latestCommit": branch.commits[-1],
            "isDefault": branch is repository.branches[0],
        }
        if details:
            when = round((self.now - branch.age * _DAY) * 1000)
            commit = {"id": branch.commits[-1], "authorTimestamp": when - 5000, "committerTimestamp": when}
            found["metadata"] = {f"{_PLUGIN}:latest-commit-metadata": commit}
            if branch.ahead is not None:
                distance = {"ahead": branch.ahead, "behind": branch.behind}
                found["metadata"][f"{_PLUGIN}:ahead-behind-metadata-provider"] = distance
        return found

    def _paged(self, request: Request, values: list[Any]) -> Answer:
        start, limit = int(request.query.get("start", 0)), min(self.page, int(request.query["limit"]))
        page, last = values[start : start + limit], start + limit >= len(values)
        body = {"values": page, "size": len(page), "limit": limit, "start": start, "isLastPage": last}
        return Answer(body={**body, "nextPageStart": None if last else start + limit})


def _error(name: str, message: str) -> dict[str, Any]:
    return {"errors": [{"context": None, "message": message, "exceptionName": f"com.atlassian.bitbucket.{name}"}]}


def _not_found() -> Answer:
    return Answer(404, _error("NoSuchRepositoryException", "Repository does not exist."))
