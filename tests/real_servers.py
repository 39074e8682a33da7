"""Real servers for the length of a test, on the loopback interface."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """So many different ones that nobody listens on, for TCP."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]


def wait_for(ready: Callable[[], object], seconds: float, what: str = "being ready") -> None:
    """Returns when it holds. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if ready():
                return
        except (httpx.HTTPError, ValueError):  # not there yet, or "Service Unavailable"
            pass
        time.sleep(0.1)
    raise TimeoutError(f"waited {seconds} s for {what}")


@contextmanager
def server(command: Sequence[object], ready: str, log: Path, seconds: float = 60) -> Iterator[None]:
    """Runs a server until its URL ``ready`` says 200, and for the block; then it is stopped by its pid."""
    with log.open("wb") as file:
        process = subprocess.Popen([str(part) for part in command], stdout=file, stderr=subprocess.STDOUT)
        try:
            _wait(process, ready, log, seconds)
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], ready: str, log: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(ready, timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass  # not there yet
        time.sleep(0.1)
    raise AssertionError(f"{ready} is not ready (exit code {process.poll()}):\n{log.read_text()[-3000:]}")
