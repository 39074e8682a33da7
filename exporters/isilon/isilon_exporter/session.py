"""A session of the platform API: log in once, again where the session has ended."""

from __future__ import annotations

import threading
from collections.abc import Generator

import httpx

from isilon_exporter.settings import IsilonSettings
from scanning import Failure, Reason

_PATH = "/session/1/session"
_SESSION, _CSRF = "isisessid", "isicsrf"


class Session(httpx.Auth):
    """Cookie ``isisessid``, and the token against cross-site requests with the address that it belongs to."""

    def __init__(self, settings: IsilonSettings) -> None:
        self._settings = settings
        self._headers: dict[str, str] = {}
        self._lock = threading.Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """One thread logs in, the others wait for it."""
        with self._lock:
            if not self._headers:
                yield from self._log_in(request)
            used = self._headers
        request.headers.update(used)
        answer = yield request
        if answer.status_code != 401:
            return
        with self._lock:
            if self._headers is used:  # else another thread has logged in since
                yield from self._log_in(request)
            request.headers.update(self._headers)
        yield request

    def _log_in(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Raises Failure. What was the session is forgotten before, so that it is not used if this fails."""
        settings, self._headers = self._settings, {}
        body = {
            "username": settings.username.get_secret_value(),
            "password": settings.password.get_secret_value(),
            "services": ["platform"],
        }
        answer = yield httpx.Request("POST", settings.url + _PATH, json=body, extensions=request.extensions)
        if answer.status_code in (401, 403):
            raise Failure(Reason.UNAUTHORIZED, f"{_PATH}: user or password is refused ({answer.status_code})")
        if answer.status_code not in (200, 201):
            raise Failure(Reason.UNAVAILABLE, f"{_PATH}: answered {answer.status_code}")
        session, token = answer.cookies.get(_SESSION), answer.cookies.get(_CSRF)
        if not session:
            raise Failure(Reason.MALFORMED, f"{_PATH}: the answer has no cookie {_SESSION}")
        self._headers = {"Cookie": f"{_SESSION}={session}", "Referer": settings.url}
        if token:  # OneFS 8.0 and before have none
            self._headers |= {"X-CSRF-Token": token, "Cookie": f"{_SESSION}={session}; {_CSRF}={token}"}
