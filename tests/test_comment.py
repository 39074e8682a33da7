"""A report becomes one comment that is written again in its place, on each of the three hosts."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from stacks import ROOT
from typer.testing import CliRunner

from obs.cli import app
from obs.comment.hosts import BitbucketCloud, BitbucketDataCenter, GitHub
from obs.comment.post import CommentError, mark, post

TOKEN = "token-that-must-not-be-shown"
HOSTS: dict[str, GitHub | BitbucketCloud | BitbucketDataCenter] = {
    "github": GitHub("dataops/observability", 7),
    "bitbucket-cloud": BitbucketCloud("dataops/observability", 7),
    "bitbucket-data-center": BitbucketDataCenter("DATA/observability", 7, "https://bitbucket.example.com"),
}
DATA_CENTER = "https://bitbucket.example.com/rest/api/1.0/projects/DATA/repos/observability/pull-requests/7"
CLOUD = "https://api.bitbucket.org/2.0/repositories/dataops/observability/pullrequests/7/comments"
UPDATES = {
    "github": ("PATCH", "https://api.github.com/repos/dataops/observability/issues/comments/1102"),
    "bitbucket-cloud": ("PUT", f"{CLOUD}/502"),
    "bitbucket-data-center": ("PUT", f"{DATA_CENTER}/comments/62"),
}
CREATIONS = {
    "github": ("POST", "https://api.github.com/repos/dataops/observability/issues/7/comments"),
    "bitbucket-cloud": ("POST", CLOUD),
    "bitbucket-data-center": ("POST", f"{DATA_CENTER}/comments"),
}


# What each host's API promises of a comment (schema issue-comment; pullrequest_comment; RestComment).
PROMISED = {
    "github": {"id", "node_id", "url", "html_url", "issue_url", "user", "created_at", "updated_at", "body"},
    "bitbucket-cloud": {"id", "type", "content", "user", "created_on", "updated_on", "deleted", "links", "pullrequest"},
    "bitbucket-data-center": {"id", "version", "text", "author", "createdDate", "updatedDate", "comments", "state"},
}


@cache
def recorded(host: str) -> dict[str, Any]:
    """Answers of the host in the form of its API: comments, one that was written, and refusals by name."""
    found: dict[str, Any] = json.loads((ROOT / "tests" / "comments" / f"{host}.json").read_text())
    return found


def page(host: str, request: httpx.Request, comments: list[dict[str, Any]]) -> httpx.Response:
    """The page that a request asks for, of as many comments as it wants at once, as the host pages."""
    asked = request.url.params
    if host == "github":
        size, number = int(asked["per_page"]), int(asked["page"])
        return httpx.Response(200, json=comments[size * (number - 1) : size * number])
    if host == "bitbucket-cloud":
        size, number = int(asked["pagelen"]), int(asked.get("page", 1))
        body: dict[str, Any] = {"pagelen": size, "size": len(comments), "page": number}
        body["values"] = comments[size * (number - 1) : size * number]
        if size * number < len(comments):
            body["next"] = f"{CLOUD}?pagelen={size}&page={number + 1}"
        return httpx.Response(200, json=body)
    size, start = int(asked["limit"]), int(asked["start"])
    last = start + size >= len(comments)
    body = {"size": size, "limit": size, "start": start, "isLastPage": last, "values": comments[start : start + size]}
    return httpx.Response(200, json=body | ({} if last else {"nextPageStart": start + size}))


def refusal(host: str, name: str) -> httpx.Response:
    given = recorded(host)["refusals"][name]
    headers = {key: value.replace("SOON", str(int(time.time()) + 20)) for key, value in given["headers"].items()}
    content = json.dumps(given["body"]).encode() if "body" in given else given["text"].encode()
    return httpx.Response(given["status"], headers=headers, content=content)


def client(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer), headers={"Authorization": f"Bearer {TOKEN}"})


@dataclass
class Talk:
    """One posting: ``refusals`` are answered to what writes, before the host does as asked."""

    host: str
    comments: list[dict[str, Any]] | None = None
    refusals: list[str] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.method == "GET":
            comments = self.comments if self.comments is not None else recorded(self.host)["comments"]
            return page(self.host, request, comments)
        if self.refusals:
            return refusal(self.host, self.refusals.pop(0))
        return httpx.Response(200 if request.method != "POST" else 201, json=recorded(self.host)["written"])

    def post(self, name: str = "prod") -> str:
        with client(self.answer) as given:
            return post(HOSTS[self.host], given, name, "### new", sleep=self.waits.append)


def written(host: str, name: str) -> tuple[str, httpx.Request]:
    """What posting says, and the request that writes."""
    talk = Talk(host)
    return talk.post(name), talk.requests[-1]


def text_of(host: str, request: httpx.Request) -> str:
    body = json.loads(request.content)
    found: str = {"github": lambda: body["body"], "bitbucket-cloud": lambda: body["content"]["raw"]}.get(
        host, lambda: body["text"]
    )()
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_the_last_comment_is_written_again(host: str) -> None:
    said, request = written(host, "prod")
    assert said == "updated"
    assert (request.method, str(request.url)) == UPDATES[host]
    assert text_of(host, request) == f"### new\n\n{mark('prod')}\n"


@pytest.mark.parametrize("host", HOSTS)
def test_each_stack_has_a_comment_of_its_own(host: str) -> None:
    said, request = written(host, "apps")
    assert said == "updated"
    number = int(UPDATES[host][1].rpartition("/")[2])
    assert str(request.url) == UPDATES[host][1].replace(str(number), str(number + 1))
    said, request = written(host, "dev")
    assert said == "created"
    assert (request.method, str(request.url)) == CREATIONS[host]


@pytest.mark.parametrize("host", HOSTS)
def test_the_answers_have_what_the_api_promises(host: str) -> None:
    answers = recorded(host)["comments"]
    comments = [one.get("comment", one) for one in answers if one.get("action", "COMMENTED") == "COMMENTED"]
    assert len(comments) >= 3
    assert all(PROMISED[host] <= one.keys() for one in (*comments, recorded(host)["written"]))


def test_data_center_gets_back_the_version_that_it_gave() -> None:
    assert json.loads(written("bitbucket-data-center", "prod")[1].content)["version"] == 4


@pytest.mark.parametrize("host", HOSTS)
def test_pages_are_followed(host: str) -> None:
    first, *others = recorded(host)["comments"]
    quoted = next(one for one in (first, *others) if "Why this?" in json.dumps(one))
    talk = Talk(host, [*([quoted] * 100), first, *others])
    assert talk.post() == "updated"
    assert [one.method for one in talk.requests[:-1]] == ["GET", "GET"]
    assert str(talk.requests[-1].url) == UPDATES[host][1]


@pytest.mark.parametrize("host", HOSTS)
def test_a_comment_that_is_deleted_meanwhile_is_made_again(host: str) -> None:
    talk = Talk(host, [*recorded(host)["comments"]], ["missing"])
    whole, listed = talk.answer, iter([talk.comments, []])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            talk.comments = next(listed)
        return whole(request)

    with client(answer) as given:
        assert post(HOSTS[host], given, "prod", "### new") == "created"
    assert [one.method for one in talk.requests] == ["GET", UPDATES[host][0], "GET", "POST"]


def test_a_comment_that_another_run_writes_is_read_again() -> None:
    talk = Talk("bitbucket-data-center", refusals=["conflict"])
    assert talk.post() == "updated"
    assert [one.method for one in talk.requests] == ["GET", "PUT", "GET", "PUT"]
    with pytest.raises(CommentError, match="409 Conflict; You are attempting to modify a comment based on out-of-date"):
        Talk("bitbucket-data-center", refusals=["conflict"] * 3).post()


WAITS = {
    ("github", "limit"): 20,
    ("github", "later"): 30,
    ("github", "secondary"): 60,
    ("bitbucket-cloud", "limit"): 45,
    ("bitbucket-cloud", "later"): 30,
    ("bitbucket-cloud", "secondary"): 60,
    ("bitbucket-data-center", "limit"): 1,
    ("bitbucket-data-center", "later"): 30,
    ("bitbucket-data-center", "secondary"): 60,
}


@pytest.mark.parametrize(("host", "name"), WAITS)
def test_a_limit_of_requests_is_waited_for(host: str, name: str) -> None:
    talk = Talk(host, refusals=[name])
    assert talk.post() == "updated"
    assert talk.waits == [pytest.approx(WAITS[host, name], abs=2)]


@pytest.mark.parametrize("host", HOSTS)
def test_it_waits_no_longer_than_a_pipeline_should(host: str) -> None:
    talk = Talk(host, refusals=["later"] * 4)
    with pytest.raises(CommentError, match=r"429 Too Many Requests; .*its limit of requests is reached, .* in 30 s"):
        talk.post()
    assert talk.waits == [30, 30, 30]


REFUSALS = {
    ("github", "forbidden"): "403 Forbidden; Resource not accessible by integration; the token must be one",
    ("github", "missing"): "404 Not Found; Not Found; the token must be one",
    ("github", "long"): "422 Unprocessable Entity; Validation Failed; Body is too long",
    ("bitbucket-cloud", "forbidden"): "403 Forbidden; Your credentials lack one or more required privilege scopes",
    ("bitbucket-cloud", "missing"): "404 Not Found; Not found; the token must be one",
    ("bitbucket-cloud", "long"): "400 Bad Request; content: Ensure this value has at most 32768 characters",
    (
        "bitbucket-data-center",
        "forbidden",
    ): "401 Unauthorized; You are not permitted to access this resource; the",
    ("bitbucket-data-center", "missing"): "404 Not Found; Pull request 7 does not exist in DATA/observability.; the",
    ("bitbucket-data-center", "long"): "400 Bad Request; Please enter a comment of at most 32768 characters",
}


@pytest.mark.parametrize(("host", "name"), REFUSALS)
def test_a_refusal_says_what_was_asked_and_why_not(host: str, name: str) -> None:
    talk = Talk(host, refusals=[name] * 3)
    with pytest.raises(CommentError, match=re.escape(REFUSALS[host, name])) as error:
        talk.post()
    assert str(error.value).startswith(" ".join(UPDATES[host]))
    assert talk.waits == []


def test_no_token_is_in_a_refusal_even_where_the_host_repeats_it() -> None:
    body = {"type": "error", "error": {"message": f"bad token {TOKEN}"}}
    with client(lambda _: httpx.Response(401, json=body)) as given, pytest.raises(CommentError) as error:
        post(HOSTS["bitbucket-cloud"], given, "prod", "x")
    assert "bad token ***" in str(error.value)


@pytest.mark.parametrize("host", HOSTS)
def test_a_dry_run_says_what_would_be_written_where(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token; and a request would fail, as its proxy is nowhere."""
    monkeypatch.delenv("OBS_COMMENT_TOKEN", raising=False)
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    report = tmp_path / "prod.md"
    report.write_text("### new\n")
    given = HOSTS[host]
    where = ["--host", host, "--repository", given.repository, "--pull-request", "7", "--name", "prod", "--dry-run"]
    if host == "bitbucket-data-center":
        where += ["--url", "https://bitbucket.example.com"]
    done = CliRunner().invoke(app, ["comment", str(report), *where])
    assert done.exit_code == 0, done.output
    head, _, text = done.stdout.partition("\n\n")
    change, address = UPDATES[host]
    assert f"'{mark('prod')}': {change} {address.rpartition('/')[0]}/NUMBER, else {' '.join(CREATIONS[host])}," in head
    assert (text, f"with {len(text)} of {given.limit}" in head) == (f"### new\n\n{mark('prod')}\n", True)
    report.write_text("x" * given.limit)
    assert "obs diff --limit" in CliRunner().invoke(app, ["comment", str(report), *where]).output


@pytest.mark.parametrize("host", HOSTS)
def test_what_is_too_long_is_refused_before_anything_is_asked(host: str) -> None:
    with client(lambda _: httpx.Response(500)) as given, pytest.raises(CommentError, match="obs diff --limit"):
        post(HOSTS[host], given, "prod", "x" * HOSTS[host].limit)


def test_an_answer_of_another_form_is_told() -> None:
    with client(lambda _: httpx.Response(200, json={})) as given, pytest.raises(CommentError, match="another form"):
        post(HOSTS["bitbucket-cloud"], given, "prod", "x")
