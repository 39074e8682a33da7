"""Servers as child processes: started, started again when they end by themselves, stopped by pid."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from obs.local.state import ProcessState

_FIRST_WAIT, _LONGEST_WAIT = 0.25, 8.0
_STEADY = 20.0
"""Seconds after which a server counts as running well, and its next end as the first."""
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run. ``env`` is added to the daemon's own environment.

    ``url`` is where it will answer, ``ready`` where it says that it is ready, ``addresses`` all its ports by name.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    ready: str = ""
    addresses: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Server:
    command: Command
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    again_at: float = 0.0
    wait: float = _FIRST_WAIT
    problem: str = ""


class Servers:
    """The children of this process. Call :meth:`tick` often, from the main thread alone.

    On Linux the kernel ends the children when the thread that started them does: a crash leaves no orphans.
    """

    def __init__(self, logs: Path, clock: Callable[[], float] = time.time) -> None:
        self._logs = logs
        self._clock = clock
        self._servers: dict[str, _Server] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, command: Command) -> None:
        """Start a server, or start it again where its command has changed."""
        known = self._servers.get(command.name)
        if known is not None and known.command == command:
            return
        self.stop(command.name)
        server = self._servers[command.name] = _Server(command)
        self._spawn(server)

    def run(self, command: Command, timeout: float) -> None:
        """Run a command to its end. Raises OSError with the end of its log when it fails or takes too long."""
        with self._log(command.name).open("ab") as log:
            process = self._popen(command, log)
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise OSError(errno.ETIMEDOUT, f"{command.name} took more than {timeout:.0f} s") from None
        if code != 0:
            raise OSError(code, f"{command.name} failed: {self.last_lines(command.name)}")

    def names(self) -> tuple[str, ...]:
        return tuple(self._servers)

    def commands(self) -> dict[str, Command]:
        return {name: server.command for name, server in self._servers.items()}

    def running(self, name: str) -> bool:
        server = self._servers.get(name)
        return server is not None and server.process is not None and server.process.poll() is None

    def tick(self) -> bool:
        """Start again what has ended; true when something changed."""
        changed = False
        for server in self._servers.values():
            if server.process is not None and server.process.poll() is not None:
                self._ended(server)
                changed = True
            if server.process is None and self._clock() >= server.again_at:
                server.restarts += 1
                self._spawn(server)
                changed = True
        return changed

    def stop(self, *names: str, grace: float = 2.0) -> None:
        """Stop servers together: asked to end, killed after ``grace`` seconds. An unknown name is nothing to stop."""
        stopping = [self._servers.pop(name) for name in names if name in self._servers]
        children = [server.process for server in stopping if server.process is not None]
        for child in children:
            child.terminate()
        until = time.monotonic() + grace
        for child in children:
            try:
                child.wait(max(until - time.monotonic(), 0.01))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def states(self) -> dict[str, ProcessState]:
        return {
            name: ProcessState(
                name=name,
                pid=server.process.pid if server.process is not None else None,
                started=server.started,
                restarts=server.restarts,
                url=server.command.url,
                ready=server.command.ready,
                addresses=server.command.addresses,
                log=str(self._log(name)),
                problem=server.problem,
            )
            for name, server in self._servers.items()
        }

    def last_lines(self, name: str, count: int = 5) -> str:
        """The end of a server's log, for a message."""
        try:
            lines = self._log(name).read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-count:])

    def _log(self, name: str) -> Path:
        return self._logs / f"{name.replace('/', '.')}.log"

    def _spawn(self, server: _Server) -> None:
        server.started = self._clock()
        with self._log(server.command.name).open("ab") as log:
            try:
                server.process = self._popen(server.command, log)
                server.problem = ""
            except OSError as error:
                server.process = None
                self._put_off(server, f"cannot be started: {error.strerror}")

    @staticmethod
    def _popen(command: Command, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command.argv,
            env={**os.environ, **command.env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - the daemon has no threads
        )

    def _ended(self, server: _Server) -> None:
        assert server.process is not None
        code = server.process.returncode
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        server.process = None
        if self._clock() - server.started > _STEADY:
            server.wait = _FIRST_WAIT
        self._put_off(server, how)

    def _put_off(self, server: _Server, problem: str) -> None:
        server.problem = problem
        server.again_at = self._clock() + server.wait
        server.wait = min(server.wait * 2, _LONGEST_WAIT)


def _end_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
