"""Where real software runs for a scrape: a folder that goes, ports of the loopback interface, processes that end."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

from obs.contracts.exposition import Family, families
from obs.errors import ObsError
from obs.local.ports import Ports
from obs.local.process import Command, Servers

_TELLS = re.compile(r"\b\w*(Error|Exception)\b")
Env = Mapping[str, str] | None
_QUIET = 20.0
"""Seconds that a server gets to end by itself."""


class NotToBeHad(ObsError):
    """Software that cannot be run on this machine; the message says why and what would help."""


class Failed(ObsError):
    """Software that is there and did not do what it should; with the end of its log."""


class Lab:
    """One run of one source. Everything in it is stopped and removed at the end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="obs-contracts-"))
        self._ports = Ports(self.folder / "ports.json")
        self._servers = Servers(self.folder / "logs")

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self._servers.stop(*reversed(self._servers.names()), grace=_QUIET)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def ports(self) -> Ports:
        return self._ports

    def port(self, name: str) -> int:
        return self._ports.get(name)

    def address(self, name: str) -> str:
        return self._ports.address(name)

    def url(self, name: str, path: str = "") -> str:
        return f"http://{self.address(name)}{path}"

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(
        self,
        name: str,
        argv: Sequence[object],
        *,
        ready: str = "",
        env: Mapping[str, str] | None = None,
        seconds: float = 180,
    ) -> None:
        """Start a server and wait until its URL ``ready`` answers with 200."""
        self._servers.start(Command(name=name, argv=tuple(map(str, argv)), env=env or {}))
        if ready:
            self.until(lambda: self.answers(ready), f"{name} answers at {ready}", seconds, of=name)

    def stop(self, name: str) -> None:
        self._servers.stop(name, grace=_QUIET)

    def run(self, name: str, argv: Sequence[object], *, env: Env = None, seconds: float = 300) -> None:
        """Run a command to its end. Raises Failed with the end of its log."""
        try:
            self._servers.run(Command(name=name, argv=tuple(map(str, argv)), env=env or {}), seconds)
        except OSError as error:
            told = [line for line in self._servers.last_lines(name, 400).splitlines() if _TELLS.search(line)]
            raise Failed("\n".join([error.strerror or str(error), *told[:5]])) from None

    def until(self, true: Callable[[], bool], what: str, seconds: float = 180, *, of: str = "") -> None:
        """Wait for a condition, no longer than the server ``of`` runs. Raises Failed."""
        end = time.monotonic() + seconds
        while not true():
            ended = bool(of) and not self._servers.running(of)
            if ended or time.monotonic() > end:
                why = "it ended" if ended else f"not in {seconds:.0f} s"
                raise Failed(f"{what}: {why}\n{self._servers.last_lines(of, 60)}")
            time.sleep(0.5)

    def answers(self, url: str) -> bool:
        try:
            return httpx.get(url, timeout=5, trust_env=False, follow_redirects=True).status_code == 200
        except httpx.HTTPError:
            return False

    def scrape(
        self, url: str, headers: Mapping[str, str] | None = None, *, authority: Path | None = None
    ) -> dict[str, Family]:
        """The metrics at a URL, asked for as text, as Prometheus would take them: redirects are followed.

        ``authority`` is the certificate that the server's own is checked against.
        """
        try:
            answer = httpx.get(
                url,
                timeout=60,
                trust_env=False,
                follow_redirects=True,
                headers={"Accept": "text/plain", **(headers or {})},
                verify=True if authority is None else ssl.create_default_context(cafile=authority),
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Failed(f"{url}: {error}") from None
        return families(answer.text, answer.headers.get("content-type", ""))


def said(argv: Sequence[object]) -> str:
    """What a command prints."""
    run = subprocess.run([*map(str, argv)], capture_output=True, text=True, check=False, timeout=60)
    return (run.stdout + run.stderr).strip()


def java(oldest: int) -> Path:
    """A Java of at least that version: of JAVA_HOME, PATH, or a Debian package. Raises NotToBeHad."""
    candidates = [Path("/usr/lib/jvm") / p.name / "bin/java" for p in sorted(Path("/usr/lib/jvm").glob("*"))]
    on_path = shutil.which("java")
    found: dict[int, Path] = {}
    for path in (*([Path(on_path)] if on_path else []), *candidates):
        if path.is_file() and (match := re.search(r'version "(\d+)', said([path, "-version"]))):
            found.setdefault(int(match[1]), path)
    if suitable := sorted(version for version in found if version >= oldest):
        return found[suitable[0]]
    have = ", ".join(map(str, sorted(found))) or "none"
    raise NotToBeHad(f"needs Java {oldest} or later; on PATH and in /usr/lib/jvm: {have}")
