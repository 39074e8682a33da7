"""Tempo's configuration: every key one that Tempo reads (tempo_keys.yaml)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from obs.accept.forms import TEXT, Problems, closed, fits, read_yaml

# Keys of the list that Tempo 3 has no more.
_ONLY_TEMPO_2 = (
    "ingester",
    "ingester_client",
    "compactor",
    "metrics_generator.traces_storage",
    "metrics_generator.processor.local_blocks",
    "query_frontend.search.query_ingesters_until",
)


def config_2(text: str) -> Problems:
    return list(_unknown(read_yaml(text), _tempo_keys()))


def config_3(text: str) -> Problems:
    data = read_yaml(text)
    gone = [path for path in _ONLY_TEMPO_2 if _has(data, path.split("."))]
    return [*(f"{path}: Tempo 3 has it no more" for path in gone), *_unknown(data, _tempo_keys())]


def overrides(text: str) -> Problems:
    """Limits by tenant, with the keys that the defaults have."""
    data = read_yaml(text) or {}
    if problems := fits(data, closed(overrides={"type": ["object", "null"]})):
        return problems
    limits = _tempo_keys()["overrides"]["defaults"]
    return [p for tenant, own in (data.get("overrides") or {}).items() for p in _unknown(own, limits, f"{tenant}.")]


def query(text: str) -> Problems:
    """The chart makes this file whether or not its program is deployed."""
    return fits(read_yaml(text), closed(("backend",), backend=TEXT))


@cache
def _tempo_keys() -> dict[str, Any]:
    keys: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "tempo_keys.yaml").read_text())
    return keys


def _unknown(data: Any, known: Any, at: str = "") -> Iterator[str]:
    """A line for each key of ``data`` that ``known`` has not; ``any`` there, or no keys below, ends the comparison."""
    if not isinstance(known, Mapping) or data is None:
        return
    if not isinstance(data, Mapping):
        yield f"{at.removesuffix('.') or 'the file'}: must be an object"
        return
    for key, value in data.items():
        if key in known:
            yield from _unknown(value, known[key], f"{at}{key}.")
        else:
            yield f"{at}{key}: not a key that is known"


def _has(data: Any, path: list[str]) -> bool:
    for key in path:
        if not isinstance(data, Mapping) or not data.get(key):
            return False
        data = data[key]
    return True
