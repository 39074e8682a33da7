"""Asks the HTTP APIs of Prometheus (or a Thanos querier), Alertmanager, Loki and Tempo, and sends OTLP."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from obs.errors import ObsError

TOKEN = "OBS_BEARER_TOKEN"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Prometheus' own limit for a query is 2 minutes (--query.timeout); a server that is there connects at once.
_TIMEOUT = httpx.Timeout(120, connect=5)
_EXCERPT = 200


class Unreachable(ObsError):
    """No answer at all, or none that the server's API gives; the message names the address and the reason."""


class Refused(ObsError):
    """The server answered, with an error of its own; ``status`` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Series:
    """One element of a query's answer. ``values`` are its samples in order (native histograms have none)."""

    labels: Mapping[str, str] = field(default_factory=dict)
    values: tuple[float, ...] = ()


class Server:
    """One server. ``url`` may have a path prefix; ``shown`` is it without a password.

    A bearer token from $OBS_BEARER_TOKEN is sent along and never shown. ``transport`` is for tests.
    """

    def __init__(self, url: str, kind: str, transport: httpx.BaseTransport | None = None) -> None:
        self.kind = kind
        address = _address(url, kind)
        self.shown = str(address.copy_with(userinfo=b"")).rstrip("/")
        token = os.environ.get(TOKEN)
        self._client = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=_TIMEOUT,
            transport=transport,
            # A proxy of the environment must not be asked for this machine's own servers.
            trust_env=address.host not in _LOOPBACK,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def text(self, path: str) -> str:
        """The body of a page. Raises Unreachable or Refused."""
        return self._answer("GET", path).text

    def json(self, path: str, **parameters: str) -> Any:
        """A JSON document that is not wrapped as Prometheus does. Raises Unreachable or Refused."""
        return self._document(self._answer("GET", path, params=parameters), path)

    def post(self, path: str, document: Mapping[str, Any]) -> None:
        """Send a JSON document. Raises Unreachable or Refused."""
        self._answer("POST", path, json=document)

    def data(self, path: str, **parameters: str) -> Any:
        """``data`` of a Prometheus API. Raises Unreachable or Refused."""
        return self._data(self._answer("GET", path, params=parameters), path)

    def query(self, expr: str, at: float | None = None, **parameters: str) -> list[Series]:
        """An instant query, now or ``at`` a Unix time; a scalar is one series without labels.

        Raises Unreachable or Refused.
        """
        form = {"query": expr, **({"time": f"{at:.3f}"} if at is not None else {}), **parameters}
        # POST: an expression may be longer than a proxy lets an address be.
        data = self._data(self._answer("POST", "/api/v1/query", data=form), "/api/v1/query")
        if data["resultType"] == "scalar":
            return [Series(values=(float(data["result"][1]),))]
        return [_series(one) for one in data["result"]]

    def query_range(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """A range query, times in Unix seconds. Raises Unreachable or Refused."""
        form = {"query": expr, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        data = self._data(self._answer("POST", "/api/v1/query_range", data=form), "/api/v1/query_range")
        return [_series(one) for one in data["result"]]

    def _answer(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **arguments)
        except httpx.TimeoutException as error:
            raise Unreachable(f"{self.kind} {self.shown}{path}: no answer in time ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            raise Unreachable(f"{self.kind} {self.shown}{path}: {error or type(error).__name__}") from None
        if answer.is_redirect:
            place = answer.headers.get("location", "elsewhere")
            raise Unreachable(f"{self.kind} {self.shown}{path}: sends to {place}; give the address that answers itself")
        if answer.is_error:
            reason = _reason(answer)
            raise Refused(f"{self.kind} {self.shown}{path}: answers {answer.status_code}: {reason}", answer.status_code)
        return answer

    def _document(self, answer: httpx.Response, path: str) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise Unreachable(f"{self.kind} {self.shown}{path}: the answer is not JSON: {_excerpt(answer)}") from None

    def _data(self, answer: httpx.Response, path: str) -> Any:
        document = self._document(answer, path)
        if not isinstance(document, dict) or "data" not in document:
            raise Unreachable(f"{self.kind} {self.shown}{path}: the answer is not of a Prometheus API")
        return document["data"]


def _address(url: str, kind: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        address = httpx.URL("")
    if address.scheme not in ("http", "https") or not address.host or address.query or address.fragment:
        # The text is not repeated: it may hold a password.
        raise ObsError(f"the address of {kind} must be http:// or https:// with a host, such as http://127.0.0.1:9090")
    return address


def _series(element: Mapping[str, Any]) -> Series:
    samples = element.get("values") or ([element["value"]] if "value" in element else [])
    return Series(element.get("metric", {}), tuple(float(value) for _, value in samples))


def _reason(answer: httpx.Response) -> str:
    try:
        document = answer.json()
    except ValueError:
        return _excerpt(answer)
    return str(document["error"]) if isinstance(document, dict) and "error" in document else _excerpt(answer)


def _excerpt(answer: httpx.Response) -> str:
    text = " ".join(answer.text.split())
    return text[:_EXCERPT] or answer.reason_phrase
