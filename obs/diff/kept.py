"""Snapshots that were taken before, kept by everything that one depends on."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from components.charts import cache_dir
from obs import atomic, helm
from obs.chart_archive import ChartError
from obs.diff.environment import OWN, lock
from obs.diff.snapshot import FORMAT

_MOST = 40
"""Snapshots in the cache; of more the oldest go."""


def key(content: str, stack: str, settings: bytes = b"") -> str:
    """``content`` names the files of the program, its settings and its lock file; ``settings`` are those of the stack
    where git may not know them."""
    parts = (content.encode(), stack.encode(), settings, *_around())
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:32]


def read(name: str) -> str | None:
    """The text of a snapshot, where one is kept under that key."""
    try:
        return _file(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def keep(name: str, text: str) -> None:
    file = _file(name)
    atomic.write(file, text.encode())
    for old in sorted(file.parent.glob("*.json"), key=_age)[:-_MOST]:
        old.unlink(missing_ok=True)


def forget(name: str) -> None:
    _file(name).unlink(missing_ok=True)


def _file(name: str) -> Path:
    return cache_dir() / "snapshots" / f"{name}.json"


def _age(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:  # another process has just taken it away
        return 0


def _around() -> Iterator[bytes]:
    """What a program in whatever revision runs with: charts, helm, Python with its packages, and this workbench."""
    yield str(FORMAT).encode()
    yield sys.version.encode()
    yield lock(OWN)
    yield _packages()
    yield _workbench(OWN / "obs")
    for archive in sorted((cache_dir() / "charts").glob("*.tgz")):
        yield archive.name.encode()
        yield archive.read_bytes()
    try:
        program = helm.find(build=False)
    except ChartError:
        yield b"no helm"
    else:
        status = program.stat()
        yield f"{program.resolve()} {status.st_size} {status.st_mtime_ns}".encode()


@cache
def _packages() -> bytes:
    """What is installed, which need not be what is locked."""
    return "\n".join(sorted(f"{one.name} {one.version}" for one in distributions())).encode()


@cache
def _workbench(folder: Path) -> bytes:
    """Every file of the workbench: it records, expands, checks and masks, and runs older programs that have none."""
    found = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            found.update(f"{file.relative_to(folder)}\0".encode())
            found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.digest()
