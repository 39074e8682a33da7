"""Asking a running server: what is sent, and what is said when no good answer comes."""

from __future__ import annotations

import pytest
from fake_stack import Fake, served

from obs.errors import ObsError
from obs.verify.client import TOKEN, Refused, Server, Unreachable


def test_an_address_may_have_a_path_in_front_of_the_api() -> None:
    with served(Fake(prefix="/k8s/prometheus")) as url, Server(url, "Prometheus") as server:
        assert server.query("vector(1)")[0].values == (1.0,)


def test_a_scalar_is_one_series_without_labels() -> None:
    with served(Fake()) as url, Server(url, "Prometheus") as server:
        [one] = server.query("1")
    assert (one.labels, one.values) == ({}, (1.0,))


def test_the_token_is_sent_and_never_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "very-secret-token")
    fake = Fake(broken={"/api/v1/query": 403})
    with served(fake) as url, Server(url, "Prometheus") as server, pytest.raises(Refused) as caught:
        server.query("up")
    assert fake.seen["Authorization"] == "Bearer very-secret-token"
    assert "very-secret-token" not in str(caught.value)


def test_without_a_token_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    fake = Fake()
    with served(fake) as url, Server(url, "Prometheus") as server:
        server.query("up")
    assert "Authorization" not in fake.seen


def test_an_error_of_the_server_is_repeated_with_the_address() -> None:
    fake, said = Fake(broken={"/api/v1/query": 422}), "/api/v1/query: answers 422: it hurts"
    with served(fake) as url, Server(url, "Prometheus") as server, pytest.raises(Refused, match=said) as caught:
        server.query("up")
    assert caught.value.status == 422
    assert url in str(caught.value)


def test_a_page_that_is_not_there_is_refused() -> None:
    with served(Fake()) as url, Server(url, "Prometheus") as server, pytest.raises(Refused, match="404 page not found"):
        server.data("/api/v1/nothing")


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with Server("http://someone:hunter2@127.0.0.1:1/p", "Loki") as server, pytest.raises(Unreachable) as caught:
        server.text("/ready")
    assert "Loki http://127.0.0.1:1/p/ready" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_login_page_is_not_followed() -> None:
    fake, said = Fake(broken={"/api/v1/query": 302}), r"sends to https://login\.example/"
    with served(fake) as url, Server(url, "Prometheus") as server, pytest.raises(Unreachable, match=said):
        server.query("up")


def test_an_answer_that_is_not_of_the_api_is_said_so() -> None:
    with served(Fake()) as url, Server(url, "Prometheus") as server:
        with pytest.raises(Unreachable, match="not JSON"):
            server.json("/-/ready")
        with pytest.raises(Unreachable, match="not of a Prometheus API"):
            server.data("/api/v2/status")


@pytest.mark.parametrize(
    "url", ["me:hunter2@h:9090", "ftp://me:hunter2@h", "http://", "http://me:hunter2@h:p", "http://h?a=hunter2"]
)
def test_an_address_that_cannot_be_asked_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ObsError, match="must be http:// or https://") as caught:
        Server(url, "Prometheus")
    assert "hunter2" not in str(caught.value)
