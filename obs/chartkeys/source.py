"""The files of a chart and of the charts bundled in it, read from an archive."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import yaml

from obs.chartkeys.documented import Loader
from obs.chartkeys.flow import KeyPath

_SKIPPED_FOLDERS = frozenset(("ci", "tests", "unittests", "charts", "crds"))
"""Not what ``helm template`` renders (a chart's own test values and golden files) or read on its own."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """An entry of Chart.yaml's dependencies. ``key`` is where its values stand in the parent's."""

    name: str
    key: str
    switches: tuple[KeyPath, ...]


@dataclass(frozen=True, slots=True)
class ChartSource:
    """One chart. ``root`` is the path of its values in those of the outermost chart.

    ``templates`` are the texts that are or may be rendered, ``crds`` the files of its crds folder.
    """

    root: KeyPath
    name: str
    version: str
    values: str
    schema: dict[str, Any] | None = None
    templates: Mapping[str, str] = field(default_factory=dict)
    crds: tuple[str, ...] = ()
    missing: tuple[Dependency, ...] = ()
    dependencies: tuple[Dependency, ...] = ()


def read_archive(data: bytes) -> list[ChartSource]:
    """The chart in a ``.tgz`` and all bundled ones, the outermost first.

    Raises ValueError, tarfile.TarError, OSError or yaml.YAMLError for what is not a chart archive.
    """
    return list(_charts(_texts(data), ()))


def _texts(data: bytes) -> dict[PurePosixPath, bytes]:
    """Files by their path below the archive's only folder."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        found = {}
        for member in archive:
            path = PurePosixPath(member.name.removeprefix("./"))
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None and len(path.parts) > 1:
                found[PurePosixPath(*path.parts[1:])] = content.read()
        return found


def _charts(files: Mapping[PurePosixPath, bytes], root: KeyPath) -> Iterator[ChartSource]:
    meta = _mapping(files, "Chart.yaml")
    if "name" not in meta:
        raise ValueError("no Chart.yaml with a name")
    dependencies = [_dependency(entry) for entry in meta.get("dependencies") or ()]
    bundled = dict(_bundled(files))
    schema = files.get(PurePosixPath("values.schema.json"))
    yield ChartSource(
        root=root,
        name=str(meta["name"]),
        version=str(meta.get("version", "")),
        values=files.get(PurePosixPath("values.yaml"), b"").decode(),
        schema=json.loads(schema) if schema else None,
        templates={str(path): text for path, text in _rendered(files)},
        crds=tuple(data.decode() for path, data in files.items() if path.parts[0] == "crds" and len(path.parts) > 1),
        missing=tuple(d for d in dependencies if d.name not in bundled),
        dependencies=tuple(dependencies),
    )
    for name, inner in sorted(bundled.items()):
        keys = [d.key for d in dependencies if d.name == name] or [name]
        for key in keys:  # one chart may be bundled once and used under several aliases
            yield from _charts(inner, (*root, key))


def _dependency(entry: Mapping[str, Any]) -> Dependency:
    conditions = [c.strip() for c in str(entry.get("condition") or "").split(",") if c.strip()]
    switches = [tuple(condition.split(".")) for condition in conditions]
    switches += [("tags", str(tag)) for tag in entry.get("tags") or ()]
    return Dependency(str(entry["name"]), str(entry.get("alias") or entry["name"]), tuple(switches))


def _bundled(files: Mapping[PurePosixPath, bytes]) -> Iterator[tuple[str, dict[PurePosixPath, bytes]]]:
    """Charts below charts/ by name, unpacked or packed."""
    folders: dict[str, dict[PurePosixPath, bytes]] = {}
    for path, data in files.items():
        if path.parts[0] != "charts" or len(path.parts) < 2:
            continue
        if len(path.parts) == 2 and path.suffix == ".tgz":
            folders[path.name] = _texts(data)
        elif len(path.parts) > 2:
            folders.setdefault(path.parts[1], {})[PurePosixPath(*path.parts[2:])] = data
    for inner in folders.values():
        if name := _mapping(inner, "Chart.yaml").get("name"):
            yield str(name), inner


def _rendered(files: Mapping[PurePosixPath, bytes]) -> Iterator[tuple[PurePosixPath, str]]:
    for path, data in files.items():
        top = path.parts[0]
        # Other files count when a template may read them (.Files) and give their text to tpl.
        other = top not in _SKIPPED_FOLDERS and path.suffix != ".md" and len(path.parts) > 1
        if top == "templates" or (other and b"{{" in data and b".Values" in data):
            try:
                yield path, data.decode()
            except UnicodeDecodeError:
                continue


def _mapping(files: Mapping[PurePosixPath, bytes], name: str) -> dict[str, Any]:
    loaded = yaml.load(files.get(PurePosixPath(name), b""), Loader=Loader)
    return loaded if isinstance(loaded, dict) else {}
