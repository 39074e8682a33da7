"""Free ports of this machine, each given once and kept under its name."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx

from obs import atomic

LOOPBACK = "127.0.0.1"


class Ports:
    """Name -> port. A name keeps its port for as long as the file lives, so that URLs survive restarts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._given: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}

    def get(self, name: str) -> int:
        if name not in self._given:
            self._given[name] = _free(set(self._given.values()))
            atomic.write(self._file, json.dumps(self._given, indent=1, sort_keys=True).encode())
        return self._given[name]

    def address(self, name: str) -> str:
        return f"{LOOPBACK}:{self.get(name)}"


def listening(address: str) -> bool:
    """Whether somebody takes connections at host:port of this machine."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((host, int(port))) == 0


def answers(url: str) -> bool:
    """Whether a server of this machine says 2xx there within a second."""
    try:
        # No certificates to load: that alone takes longer than the request.
        return httpx.get(url, timeout=1.0, trust_env=False, verify=False).is_success
    except httpx.HTTPError:
        return False


def _free(taken: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port
