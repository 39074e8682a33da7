"""An expansion as a folder of YAML files: <component>/[<chart>/]<kind>-[<namespace>-]<name>.yaml."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from obs.documents import dump
from obs.errors import ObsError
from obs.expand import PROGRAM, Expansion, RenderedObject

MARKER = ".obs-rendering"
_MARKER_TEXT = "Written by obs render, which replaces this whole folder. Keep nothing of your own here.\n"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST = 200
"""Characters of a file name without its hash and suffix; most file systems take 255 bytes in all."""


class FolderRefused(ObsError):
    """The output folder is not obs's to replace."""


def write_rendering(out: Path, expansion: Expansion) -> list[Path]:
    """Replace ``out`` by the files of an expansion, whole; return their paths, relative to ``out``, sorted.

    Same expansion, same bytes. Raises FolderRefused where ``out`` is a file, or a folder with something in it
    that obs did not write, and ValueError for two objects of one identity in one component and origin.
    """
    files = dict(_files(expansion))
    with _replacing(out.resolve()) as folder:
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
    return sorted(Path(path) for path in files)


def _files(expansion: Expansion) -> Iterator[tuple[PurePosixPath, str]]:
    for chart in expansion.charts:
        yield _folder(chart.component, chart.origin) / "values.yaml", dump(dict(chart.values))
    for path, object_ in _paths(expansion.objects):
        yield path, object_.text if object_.text is not None else dump(object_.manifest)


def _paths(objects: Iterable[RenderedObject]) -> Iterator[tuple[PurePosixPath, RenderedObject]]:
    """A path for each object. Objects that would share one (a-b + c, a + b-c; or letter case) get a hash."""
    sharing: dict[str, list[tuple[PurePosixPath, RenderedObject]]] = defaultdict(list)
    for object_ in objects:
        name = "-".join(_safe(part) for part in (object_.kind.lower(), object_.namespace, object_.name) if part)
        path = _folder(object_.component, object_.origin) / name
        sharing[str(path).casefold()].append((path, object_))
    for group in sharing.values():
        identities = {_identity(object_) for _, object_ in group}
        if len(identities) < len(group):
            raise ValueError(f"{group[0][0]}: the same object twice: {' '.join(sorted(identities))}")
        for path, object_ in group:
            hashed = len(group) > 1 or len(path.name) > _LONGEST
            mark = "-" + hashlib.sha256(_identity(object_).encode()).hexdigest()[:8] if hashed else ""
            yield path.with_name(f"{path.name[:_LONGEST]}{mark}.yaml"), object_


def _identity(object_: RenderedObject) -> str:
    return f"{object_.api_version}/{object_.kind}/{object_.namespace}/{object_.name}"


def _folder(component: str, origin: str) -> PurePosixPath:
    base = PurePosixPath(_safe(component))
    return base if origin == PROGRAM else base / _safe(origin)


def _safe(part: str) -> str:
    """A name as part of a file name (RBAC names may hold a colon); never a path of its own."""
    cleaned = _UNSAFE.sub("_", part)
    return cleaned if cleaned.strip(".") else "_" * len(cleaned)


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """A new folder beside ``out`` that takes its place when the block ends well, and vanishes when it does not."""
    _check_ours(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (out.with_name(f".{out.name}.{os.getpid()}.{which}") for which in ("new", "old"))
    try:
        fresh.mkdir()
        (fresh / MARKER).write_text(_MARKER_TEXT)
        yield fresh
        if out.exists():
            out.rename(old)
        try:
            fresh.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _check_ours(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise FolderRefused(f"{out} is a file; give a folder for the rendering")
    if out.is_dir() and not (out / MARKER).is_file() and any(out.iterdir()):
        raise FolderRefused(f"{out} holds files that obs did not write (no {MARKER}); give another folder or empty it")
