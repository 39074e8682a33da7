"""Files that are there whole or not at all."""

from __future__ import annotations

import uuid
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Write ``data`` beside ``path``, then rename: no reader and no crash ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are for their owner alone, and charts.lock is committed.
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
