"""Charts as their repositories may publish them next: the pinned archive under another version."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import yaml

from components.charts import CACHE_VARIABLE, CHARTS, archive_path, cache_dir


@contextmanager
def published(folder: Path, charts: Sequence[tuple[str, str, str]]) -> Iterator[None]:
    """A cache in ``folder`` with everything of the real one and each (chart, version, version of its application).

    The workbench of this process knows the pins of this program alone: those of the changed copy are given to it.
    """
    real = cache_dir()
    new = {folder / "charts" / f"{name}-{version}.tgz": _archive(name, version, app) for name, version, app in charts}
    (folder / "charts").mkdir(parents=True)
    for known in (*(real / "charts").glob("*"), *(one for one in real.glob("*") if one.name != "charts")):
        (folder / known.relative_to(real)).symlink_to(known)
    for path, content in new.items():
        path.write_bytes(content)
    pins = {**CHARTS, **{name: replace(CHARTS[name], version=version) for name, version, _ in charts}}
    with patch.dict(os.environ, {CACHE_VARIABLE: str(folder)}), patch("obs.chart_orders.CHARTS", pins):
        yield


def _archive(name: str, version: str, app: str) -> bytes:
    written = io.BytesIO()
    with (
        tarfile.open(archive_path(CHARTS[name])) as source,
        tarfile.open(fileobj=written, mode="w:gz", compresslevel=1) as target,
    ):
        for member in source.getmembers():
            file = source.extractfile(member)
            content = file.read() if file else b""
            if member.name == f"{name}/Chart.yaml":
                content = yaml.safe_dump({**yaml.safe_load(content), "version": version, "appVersion": app}).encode()
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return written.getvalue()
