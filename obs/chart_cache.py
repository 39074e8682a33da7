"""The cache of chart archives, and charts.lock with their digests.

An archive enters the cache whole and checked, or not at all. Every use checks it again: name, version, and
the digest where charts.lock has one. A digest is only ever recorded from the chart's own repository.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from components.charts import LOCK, ChartPin, SourceKind, archive_path, locked_digests, source_kind
from obs import atomic
from obs.chart_archive import ChartError, ChartRefused, ChartUnavailable, check_identity, sha256

if TYPE_CHECKING:
    from rich.console import Console

    from obs.chart_sources import Fetched

PULL_SECONDS = 300.0
_LOCK_HEAD = "# Digests (sha256) of the chart archives, as published. Written by: obs charts lock\n"


class State(StrEnum):
    OK = "ok"
    NOT_LOCKED = "not locked"
    MISSING = "missing"
    MISMATCH = "MISMATCH"


@dataclass(frozen=True, slots=True)
class Row:
    """One pinned chart as the cache has it. ``sha256`` is the cached archive's digest, ``locked`` the one in
    charts.lock, ``source`` where the archive was taken from; each None where there is none."""

    pin: ChartPin
    state: State
    sha256: str | None
    locked: str | None
    source: str | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """A checked archive: use it at once."""

    path: Path
    sha256: str


def checked_source(source: str) -> None:
    """Raises ChartError, saying what is allowed, for a source that is none."""
    try:
        source_kind(source)
    except ValueError as error:
        raise ChartError(str(error)) from None


def digests(lock_file: Path = LOCK) -> dict[tuple[str, str], str]:
    """(name, version) -> sha256 from charts.lock; empty where there is none. Raises ChartError for a bad file."""
    try:
        return locked_digests(lock_file)
    except ValueError as error:
        raise ChartError(str(error)) from None


def use(pin: ChartPin, *, archive: Path | None = None, lock_file: Path = LOCK) -> Archive:
    """The cached archive (or the given one) of a chart, after checking name, version and recorded digest.

    Raises ChartUnavailable where there is none, ChartRefused where it is not the pinned one.
    """
    path = archive or archive_path(pin)
    if not path.is_file():
        raise ChartUnavailable(f"{pin}: no archive {path}; get it with: obs charts pull")
    data = path.read_bytes()
    stored = _noted(path, "sha256") if archive is None else None
    if stored is not None and stored != sha256(data):
        raise ChartRefused(f"{pin}: {path} is damaged, it is not what was stored; get it again with: obs charts pull")
    check_identity(data, pin, str(path))
    return Archive(path, _checked_digest(pin, data, str(path), lock_file))


def _checked_digest(pin: ChartPin, data: bytes, where: str, lock_file: Path) -> str:
    digest, locked = sha256(data), digests(lock_file).get((pin.name, pin.version))
    if locked is not None and digest != locked:
        raise ChartRefused(f"{pin}: {where} has digest {digest}, {lock_file.name} records {locked}; do not use it")
    return digest


def verify(pins: Iterable[ChartPin], *, lock_file: Path = LOCK) -> list[Row]:
    """One row for each chart: is it cached, is a digest recorded, are they equal?"""
    recorded = digests(lock_file)
    return [_row(pin, recorded.get((pin.name, pin.version)), lock_file) for pin in pins]


def _row(pin: ChartPin, locked: str | None, lock_file: Path) -> Row:
    path = archive_path(pin)
    if not path.is_file():
        return Row(pin, State.MISSING, None, locked, None)
    digest, source = sha256(path.read_bytes()), _noted(path, "source")
    try:
        use(pin, lock_file=lock_file)
    except ChartRefused as error:
        return Row(pin, State.MISMATCH, digest, locked, source, str(error))
    return Row(pin, State.OK if locked else State.NOT_LOCKED, digest, locked, source)


def pull(
    pins: Iterable[ChartPin],
    source: str | None = None,
    *,
    seconds: float = PULL_SECONDS,
    lock_file: Path = LOCK,
    console: Console | None = None,
) -> list[ChartPin]:
    """Fill the cache; return the charts that were fetched, in order.

    ``source`` as in :func:`components.charts.chart_location`; without one, charts that are cached and sound
    are left alone and the rest comes from their repositories. ``seconds`` bounds the whole. ``console`` shows
    progress. Raises ChartError naming every chart that failed; those that came are kept.
    """
    wanted = [p for p in pins if source is not None or not _sound(p, lock_file)]
    failures = obtain(
        dict.fromkeys(wanted, source or "repositories"), seconds=seconds, lock_file=lock_file, console=console
    )
    if failures:
        refused = any(isinstance(e, ChartRefused) for e in failures.values())
        raise (ChartRefused if refused else ChartUnavailable)("\n".join(str(e) for e in failures.values()))
    return wanted


def _sound(pin: ChartPin, lock_file: Path) -> bool:
    try:
        use(pin, lock_file=lock_file)
    except (ChartUnavailable, ChartRefused):
        return False
    return True


def obtain(
    wanted: Mapping[ChartPin, str], *, seconds: float, lock_file: Path = LOCK, console: Console | None = None
) -> dict[ChartPin, ChartError]:
    """Fetch charts from their sources into the cache within ``seconds`` in all; return what failed and why."""
    failures: dict[ChartPin, ChartError] = {}
    for pin, result in _fetched(wanted, seconds, console).items():
        if isinstance(result, ChartError):
            failures[pin] = result
            continue
        try:
            _checked_digest(pin, result.data, result.source, lock_file)
        except ChartRefused as error:
            failures[pin] = error
        else:
            _store(result)
    return failures


def lock(
    pins: Iterable[ChartPin], *, lock_file: Path = LOCK, seconds: float = PULL_SECONDS, console: Console | None = None
) -> None:
    """Write charts.lock anew for ``pins`` (all of the program's) from what their repositories publish.

    Writes nothing and raises one ChartError unless every chart came from its own repository, and when a
    repository now serves another archive for a version that is locked already.
    """
    results = _fetched(dict.fromkeys(pins, SourceKind.REPOSITORIES.value), seconds, console)
    if problems := [str(r) for r in results.values() if isinstance(r, ChartError)]:
        raise ChartUnavailable("\n".join(["nothing is locked:", *problems]))
    fetched = [r for r in results.values() if not isinstance(r, ChartError)]
    for result in fetched:
        _checked_digest(result.pin, result.data, result.source, lock_file)
    entries = [{"name": f.pin.name, "version": f.pin.version, "digest": f"sha256:{sha256(f.data)}"} for f in fetched]
    entries.sort(key=lambda e: e["name"])
    for result in fetched:
        _store(result)
    atomic.write(lock_file, (_LOCK_HEAD + yaml.dump({"charts": entries}, sort_keys=False)).encode())


def _fetched(
    wanted: Mapping[ChartPin, str], seconds: float, console: Console | None
) -> dict[ChartPin, Fetched | ChartError]:
    if not wanted:
        return {}
    from obs.chart_sources import fetch_all  # urllib and its friends take 0.05 s that a warm render need not pay

    with _bars(wanted, console) as on_bytes:
        return fetch_all(wanted, seconds, on_bytes)


def _store(fetched: Fetched) -> None:
    path = archive_path(fetched.pin)
    origin = {"source": fetched.source, "sha256": sha256(fetched.data)}
    # The note first: a crash between the two leaves a note without archive, never an archive of unknown origin.
    atomic.write(_note(path), (json.dumps(origin, indent=1) + "\n").encode())
    atomic.write(path, fetched.data)


def _note(archive: Path) -> Path:
    return archive.with_name(archive.name + ".json")


def _noted(archive: Path, field: str) -> str | None:
    try:
        value = json.loads(_note(archive).read_bytes())[field]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(value)


@contextmanager
def _bars(pins: Iterable[ChartPin], console: Console | None) -> Iterator[Callable[[ChartPin, int, int | None], None]]:
    if console is None:
        yield lambda *_: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        tasks = {pin: progress.add_task(str(pin), total=None) for pin in pins}
        yield lambda pin, got, total: progress.update(tasks[pin], completed=got, total=total)
