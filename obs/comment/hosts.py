"""What three hosts of pull requests want: where comments are listed, made and changed, and how long one may be.

docs.github.com/rest/issues/comments; developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests;
developer.atlassian.com/server/bitbucket/rest (pull-requests/activities and comments), read in November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

_PAGE = 100


@dataclass(frozen=True)
class Comment:
    """``version`` is what Data Center wants back with a change; 0 elsewhere."""

    number: int
    text: str
    version: int = 0


class Host(Protocol):
    """``limit`` is the longest comment in characters."""

    @property
    def limit(self) -> int: ...

    def comments(self, client: httpx.Client) -> Iterator[Comment]: ...

    def create(self, client: httpx.Client, text: str) -> httpx.Response: ...

    def update(self, client: httpx.Client, comment: Comment, text: str) -> httpx.Response: ...


@dataclass(frozen=True)
class GitHub:
    """``repository`` is owner/name."""

    repository: str
    pull_request: int
    url: str = "https://api.github.com"
    limit: int = 65_536

    def comments(self, client: httpx.Client) -> Iterator[Comment]:
        page = 1
        while True:
            found = _json(client.get(f"{self._issue}/comments", params={"per_page": _PAGE, "page": page}))
            yield from (Comment(one["id"], one.get("body") or "") for one in found)
            if len(found) < _PAGE:
                return
            page += 1

    def create(self, client: httpx.Client, text: str) -> httpx.Response:
        return client.post(f"{self._issue}/comments", json={"body": text})

    def update(self, client: httpx.Client, comment: Comment, text: str) -> httpx.Response:
        return client.patch(f"{self._repository}/issues/comments/{comment.number}", json={"body": text})

    @property
    def _repository(self) -> str:
        return f"{self.url}/repos/{self.repository}"

    @property
    def _issue(self) -> str:
        return f"{self._repository}/issues/{self.pull_request}"


@dataclass(frozen=True)
class BitbucketCloud:
    """``repository`` is workspace/slug."""

    repository: str
    pull_request: int
    url: str = "https://api.bitbucket.org/2.0"
    limit: int = 32_768

    def comments(self, client: httpx.Client) -> Iterator[Comment]:
        following = f"{self._comments}?pagelen={_PAGE}"
        while following:
            page = _json(client.get(following))
            for one in page["values"]:
                if not one.get("deleted"):
                    yield Comment(one["id"], one["content"]["raw"])
            following = page.get("next", "")

    def create(self, client: httpx.Client, text: str) -> httpx.Response:
        return client.post(self._comments, json={"content": {"raw": text}})

    def update(self, client: httpx.Client, comment: Comment, text: str) -> httpx.Response:
        return client.put(f"{self._comments}/{comment.number}", json={"content": {"raw": text}})

    @property
    def _comments(self) -> str:
        return f"{self.url}/repositories/{self.repository}/pullrequests/{self.pull_request}/comments"


@dataclass(frozen=True)
class BitbucketDataCenter:
    """``repository`` is PROJECT/slug, ``url`` the address of the server."""

    repository: str
    pull_request: int
    url: str
    limit: int = 32_768

    def comments(self, client: httpx.Client) -> Iterator[Comment]:
        start = 0
        gone: set[int] = set()
        while True:
            page = _json(client.get(f"{self._pull_request}/activities", params={"limit": _PAGE, "start": start}))
            # Newest first: that a comment was deleted stands before that it was added, under the same number.
            for one in page["values"]:
                if one["action"] != "COMMENTED":
                    continue
                comment = one["comment"]
                if one.get("commentAction") == "DELETED":
                    gone.add(comment["id"])
                elif comment["id"] not in gone:
                    yield Comment(comment["id"], comment["text"], comment["version"])
            if page["isLastPage"]:
                return
            start = page["nextPageStart"]

    def create(self, client: httpx.Client, text: str) -> httpx.Response:
        return client.post(f"{self._pull_request}/comments", json={"text": text})

    def update(self, client: httpx.Client, comment: Comment, text: str) -> httpx.Response:
        body = {"text": text, "version": comment.version}
        return client.put(f"{self._pull_request}/comments/{comment.number}", json=body)

    @property
    def _pull_request(self) -> str:
        project, _, slug = self.repository.partition("/")
        return f"{self.url.rstrip('/')}/rest/api/1.0/projects/{project}/repos/{slug}/pull-requests/{self.pull_request}"


def _json(response: httpx.Response) -> Any:
    response.raise_for_status()
    return response.json()
