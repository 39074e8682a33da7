"""Chart archives as bytes: what is in one, and packing one from an unpacked chart folder."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from components.charts import ChartPin
from obs.errors import ObsError

ARCHIVE_LIMIT = 32 * 2**20
"""Bytes. The largest pinned archive has 0.9 MB; helm's own limit for an unpacked chart is 100 MiB."""
_UNPACKED_LIMIT = 100 * 2**20
_BROKEN = (tarfile.TarError, EOFError, OSError, zlib.error)


class ChartError(ObsError):
    """A chart cannot be used; the message says which, why, and what helps."""


class ChartUnavailable(ChartError):
    """The chart is not here and cannot be had now."""


class ChartRefused(ChartError):
    """What is there is not the pinned chart: other name or version, other digest, or damaged."""


def sha256(data: bytes) -> str:
    """The digest in hexadecimal, 64 characters."""
    return hashlib.sha256(data).hexdigest()


def check_whole(data: bytes, pin: ChartPin, where: str) -> None:
    """Refuse a truncated or damaged archive, and one of another chart or version (reads it all)."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked:
            while unpacked.read(2**20):
                if unpacked.tell() > _UNPACKED_LIMIT:
                    raise ChartRefused(f"{pin}: {where} unpacks to more than {_UNPACKED_LIMIT >> 20} MiB")
    except _BROKEN as error:
        raise ChartRefused(f"{pin}: {where} is not a whole chart archive ({error})") from None
    check_identity(data, pin, where)


def check_identity(data: bytes, pin: ChartPin, where: str) -> None:
    """Refuse an archive whose Chart.yaml states another name or version. Reads up to Chart.yaml only."""
    chart = _chart_yaml(data, pin, where)
    found = f"{chart.get('name')} {chart.get('version')}"
    if found != str(pin):
        raise ChartRefused(f"{pin}: {where} holds {found}, not the pinned version")


def _chart_yaml(data: bytes, pin: ChartPin, where: str) -> dict[str, Any]:
    try:
        # Not mode r|gz: tarfile of Python 3.11 stumbles over the extra field that helm puts into the header.
        with (
            gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as archive,
        ):
            for member in archive:
                path = PurePosixPath(member.name)
                if len(path.parts) == 2 and path.name == "Chart.yaml" and (file := archive.extractfile(member)):
                    return _mapping(file.read(2**20), pin, where)
    except _BROKEN as error:
        raise ChartRefused(f"{pin}: {where} is not a chart archive ({error})") from None
    raise ChartRefused(f"{pin}: {where} has no Chart.yaml")


def _mapping(text: bytes, pin: ChartPin, where: str) -> dict[str, Any]:
    try:
        chart = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        chart = None
    if not isinstance(chart, dict):
        raise ChartRefused(f"{pin}: the Chart.yaml in {where} is not a YAML mapping")
    return chart


def pack(folder: Path, pin: ChartPin) -> bytes:
    """An archive of an unpacked chart folder with all of its bundled charts; same files, same bytes.

    Leaves out what the chart's .helmignore names, as ``helm package`` does. Raises ChartRefused for another
    version, a dependency that is not bundled, a symbolic link, or a negated ignore pattern.
    """
    chart = _mapping((folder / "Chart.yaml").read_bytes(), pin, str(folder))
    _check_dependencies(folder, chart, pin)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        # Chart.yaml first: its name and version are then read without unpacking the rest.
        for path in sorted(_files(folder, pin), key=lambda p: (p.as_posix() != "Chart.yaml", p.as_posix())):
            data = (folder / path).read_bytes()
            member = tarfile.TarInfo(f"{pin.name}/{path.as_posix()}")
            member.size, member.mode, member.mtime = len(data), 0o644, 0
            archive.addfile(member, io.BytesIO(data))
    archived = gzip.compress(packed.getvalue(), mtime=0)
    check_identity(archived, pin, str(folder))
    return archived


def _check_dependencies(folder: Path, chart: dict[str, Any], pin: ChartPin) -> None:
    names = [str(d["name"]) for d in chart.get("dependencies") or ()]
    bundled = folder / "charts"
    missing = [n for n in names if not (bundled / n / "Chart.yaml").is_file() and not list(bundled.glob(f"{n}-*.tgz"))]
    if missing:
        # helm refuses such a chart even when the dependency is switched off.
        raise ChartRefused(f"{pin}: {bundled} lacks the bundled charts {', '.join(missing)} (helm dependency update)")


def _files(folder: Path, pin: ChartPin) -> Iterator[PurePosixPath]:
    """Files to pack, relative to the folder."""
    patterns = _ignore_patterns(folder, pin)
    for base, folders, files in os.walk(folder):
        relative = PurePosixPath(Path(base).relative_to(folder).as_posix())
        folders[:] = [f for f in folders if not _ignored(relative / f, patterns, is_folder=True)]
        for name in (*folders, *files):
            if (Path(base) / name).is_symlink():
                raise ChartRefused(f"{pin}: {Path(base) / name} is a symbolic link; pack real files only")
        yield from (relative / f for f in files if not _ignored(relative / f, patterns, is_folder=False))


def _ignore_patterns(folder: Path, pin: ChartPin) -> list[str]:
    file = folder / ".helmignore"
    lines = file.read_text().splitlines() if file.is_file() else []
    patterns = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if negated := next((p for p in patterns if p.startswith("!")), None):
        raise ChartRefused(f"{pin}: {file}: negated pattern {negated!r} is not supported here; use helm package")
    return [*patterns, "templates/.?*"]  # the rule that helm itself adds


def _ignored(path: PurePosixPath, patterns: list[str], *, is_folder: bool) -> bool:
    """Helm's rules: a pattern with a slash matches the whole path, one without the last part alone."""
    for pattern in patterns:
        if pattern.endswith("/") and not is_folder:
            continue
        bare = pattern.rstrip("/")
        if PurePosixPath("/", path).match("/" + bare.lstrip("/")) if "/" in bare else path.match(bare):
            return True
    return False
