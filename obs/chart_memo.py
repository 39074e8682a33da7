"""Rendered charts kept by content: the same archive, values, versions and helm give the same objects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from components.charts import cache_dir
from obs import atomic, documents, helm
from obs.chart_cache import Archive

_KEPT = 128
"""Entries: the charts of four stacks for three versions of Kubernetes. The CRDs have 4.5 MB, most less than 1 MB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendering:
    """Everything that a chart's objects depend on. ``values`` hold no secrets (they are redacted before)."""

    archive: Archive
    release: str
    namespace: str
    values: Mapping[str, Any]
    kube_version: str
    api_versions: tuple[str, ...]
    include_crds: bool
    hooks: bool


def rendered(program: Path, order: Rendering, *, memo: bool = True) -> str:
    """The chart's objects as settled YAML documents; with ``memo``, from an earlier run where nothing changed.

    Raises helm.HelmFailed.
    """
    kept = cache_dir() / "rendered" / f"{_key(program, order)}.yaml"
    if memo and (text := _kept(kept)) is not None:
        return text
    printed = helm.template(
        program,
        order.archive.path,
        release=order.release,
        namespace=order.namespace,
        values=order.values,
        kube_version=order.kube_version,
        api_versions=order.api_versions,
        include_crds=order.include_crds,
        hooks=order.hooks,
    )
    text = documents.settled(printed)
    if memo:
        atomic.write(kept, f"{_digest(text)}\n{text}".encode())
        _prune(kept.parent)
    return text


def _kept(path: Path) -> str | None:
    """What an earlier run rendered; None where there is nothing, or something that is not whole."""
    try:
        digest, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return text if digest == _digest(text) else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(program: Path, order: Rendering) -> str:
    status = program.stat()
    parts = [
        order.archive.sha256,
        order.release,
        order.namespace,
        order.values,
        order.kube_version,
        sorted(order.api_versions),
        order.include_crds,
        order.hooks,
        [str(program.resolve()), status.st_size, status.st_mtime_ns],
        _code(),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def _code() -> str:
    """A digest of the code that shapes the text, so that no change of it is ever answered from the memo."""
    sources = (Path(module.__file__ or "").read_bytes() for module in (documents, helm))
    return hashlib.sha256(b"".join(sources)).hexdigest()


def _prune(folder: Path) -> None:
    oldest_last = sorted(folder.glob("*.yaml"), key=_written, reverse=True)
    for path in oldest_last[_KEPT:]:
        path.unlink(missing_ok=True)


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # pruned by another run at this moment
        return 0
