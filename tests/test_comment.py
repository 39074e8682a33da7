"""A report becomes one comment that is written again in its place, on each of the three hosts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from stacks import ROOT

from obs.comment.hosts import BitbucketCloud, BitbucketDataCenter, GitHub, Host
from obs.comment.post import CommentError, mark, post

TOKEN = "token-that-must-not-be-shown"
HOSTS: dict[str, Host] = {
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


def recorded(host: str) -> Any:
    """The answer of the host's list of comments, in the form of its API."""
    return json.loads((ROOT / "tests" / "comments" / f"{host}.json").read_text())


def client(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer), headers={"Authorization": f"Bearer {TOKEN}"})


def written(host: str, name: str) -> tuple[str, httpx.Request]:
    """What posting says, and the request that writes."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=recorded(host) if request.method == "GET" else {})

    with client(answer) as given:
        said = post(HOSTS[host], given, name, "### new")
    return said, requests[-1]


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
def test_another_stack_has_a_comment_of_its_own(host: str) -> None:
    said, request = written(host, "apps")
    assert said == "created"
    assert (request.method, str(request.url)) == CREATIONS[host]


def test_data_center_gets_back_the_version_that_it_gave() -> None:
    assert json.loads(written("bitbucket-data-center", "prod")[1].content)["version"] == 4


def test_pages_are_followed() -> None:
    pages = {
        CLOUD: {"values": [], "next": f"{CLOUD}?page=2"},
        f"{CLOUD}?page=2": recorded("bitbucket-cloud"),
    }

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=pages.get(str(request.url).replace("?pagelen=100", ""), {}))

    with client(answer) as given:
        assert post(HOSTS["bitbucket-cloud"], given, "prod", "x") == "updated"


@pytest.mark.parametrize("host", HOSTS)
def test_a_refusal_says_what_was_asked_and_no_token(host: str) -> None:
    with client(lambda _: httpx.Response(403)) as given, pytest.raises(CommentError, match="403 Forbidden") as error:
        post(HOSTS[host], given, "prod", "x")
    assert TOKEN not in str(error.value)


@pytest.mark.parametrize("host", HOSTS)
def test_what_is_too_long_is_refused_before_anything_is_asked(host: str) -> None:
    with client(lambda _: httpx.Response(500)) as given, pytest.raises(CommentError, match="obs diff --limit"):
        post(HOSTS[host], given, "prod", "x" * HOSTS[host].limit)


def test_an_answer_of_another_form_is_told() -> None:
    with client(lambda _: httpx.Response(200, json={})) as given, pytest.raises(CommentError, match="another form"):
        post(HOSTS["bitbucket-cloud"], given, "prod", "x")
