"""Gets the keys of a chart from its archive, kept as one JSON file in the cache, or from loose files."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.charts import cache_dir
from obs import atomic
from obs.chartkeys.assemble import ChartKeys, ValuesSchema, assemble
from obs.chartkeys.source import ChartSource, Dependency, read_archive


def chart_keys_from_archive(path: Path, cache_folder: Path | None = None) -> ChartKeys:
    """The keys of a chart archive (``.tgz`` as ``helm package`` and the repositories make it).

    The result is kept in ``cache_folder`` (default: chart-keys in the program's cache) under the digests of
    the archive and of the code here: kube-prometheus-stack 88.5.3 takes 0.8 s to read through, 0.01 s to load
    again (2 cores, 2026-11). A cache that cannot be written costs only time.
    Raises OSError when the archive cannot be read, ValueError when it is not a chart.
    """
    data = path.read_bytes()
    folder = cache_folder or cache_dir() / "chart-keys"
    digest = hashlib.sha256(data).hexdigest()
    kept = folder / f"{digest}-{_code_digest()}.json"
    try:
        return _from_json(json.loads(kept.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        keys = _read(path, data)
    try:
        atomic.write(kept, json.dumps(_to_json(keys), separators=(",", ":"), default=str).encode())
        for outdated in set(folder.glob(f"{digest}-*.json")) - {kept}:
            outdated.unlink(missing_ok=True)
    except OSError:
        return keys
    return keys


def chart_keys_from_files(
    values_yaml: Path, schema: Path | None = None, subcharts: Mapping[str, Path] | None = None
) -> ChartKeys:
    """The keys of a chart of which only values.yaml is at hand, with its values.schema.json if it has one.

    ``subcharts`` gives the values.yaml of bundled charts by the key of their values. Without templates, a map
    that is not empty by default is taken to know only the keys that values.yaml shows.
    """
    inner = {
        key: ChartSource(root=(key,), name=key, version="", values=path.read_text())
        for key, path in (subcharts or {}).items()
    }
    outer = ChartSource(
        root=(),
        name=values_yaml.parent.name,
        version="",
        values=values_yaml.read_text(),
        schema=json.loads(schema.read_text()) if schema else None,
        dependencies=tuple(Dependency(key, key, ()) for key in inner),
    )
    return assemble([outer, *inner.values()])


def _read(path: Path, data: bytes) -> ChartKeys:
    try:
        return assemble(read_archive(data))
    except (ValueError, tarfile.TarError, OSError, EOFError, yaml.YAMLError) as error:
        raise ValueError(f"{path} is not a readable chart archive: {error}") from error


@cache
def _code_digest() -> str:
    """Changes whenever the code that derives keys changes, so that no older result is taken for a new one."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _to_json(keys: ChartKeys) -> dict[str, Any]:
    return {
        "name": keys.name,
        "version": keys.version,
        "tree": keys.tree,
        "fields": keys.fields,
        "schemas": [{"root": s.root, "schema": s.schema, "defaults": s.defaults} for s in keys.schemas],
    }


def _from_json(data: dict[str, Any]) -> ChartKeys:
    schemas = [ValuesSchema(tuple(s["root"]), s["schema"], s["defaults"]) for s in data["schemas"]]
    return ChartKeys(data["name"], data["version"], data["tree"], data["fields"], schemas)
