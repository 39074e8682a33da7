"""Pods that really run here: what is asked of them is asked where they listen, and their answer handed on."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock

import httpx

from obs.simulate.simulation import Answer

_SECONDS = 5.0


class Forwards:
    """``file`` maps "<pod IP>:<port>" to the address on this machine, such as "127.0.0.1:40123"."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._addresses: dict[str, str] = {}
        self._lock = Lock()
        self._http = httpx.Client(timeout=_SECONDS, trust_env=False)

    def answer(self, ip: str, port: int, path: str, body: bytes | None = None) -> Answer | None:
        """What the real process says to a GET, or to a POST of a JSON ``body``; None where the pod does not run."""
        address = self._current().get(f"{ip}:{port}")
        if address is None:
            return None
        url = f"http://{address}{path}"
        try:
            if body is None:
                response = self._http.get(url, headers={"Accept": "text/plain;version=0.0.4,*/*;q=0.5"})
            else:
                response = self._http.post(url, content=body, headers={"Content-Type": "application/json"})
        except httpx.HTTPError as error:
            return Answer(502, f"{address} does not answer: {error}\n")
        return Answer(response.status_code, response.text)

    def _current(self) -> dict[str, str]:
        with self._lock:
            try:
                stat = self._file.stat()
                if self._seen != (stat.st_mtime_ns, stat.st_ino):
                    self._addresses = json.loads(self._file.read_text())
                    self._seen = (stat.st_mtime_ns, stat.st_ino)
            except FileNotFoundError:
                self._addresses, self._seen = {}, None
            except ValueError:
                pass  # being written: the next scrape reads it
            return self._addresses
