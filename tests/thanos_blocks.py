"""A bucket with a year of blocks, made by promtool: each block claims fourteen days and holds two hours of samples."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DAY = 86_400
SPAN = 14 * DAY
"""The compactor's longest range: blocks that fill one are left as they are."""
SAMPLES, INTERVAL = 24, 300
"""Two hours of samples before the end of the span, which promtool puts into one block."""
METRIC = "history"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Block:
    """A block of a bucket: ``resolution`` in milliseconds, ``end`` in seconds of the epoch."""

    labels: dict[str, str]
    resolution: int
    end: float
    expired: bool
    path: Path


def sample_times(now: float, ages: Sequence[int]) -> list[int]:
    """Times of the samples: ``ages`` count spans back from the one that runs now (0 is the last whole one)."""
    ends = [int(now) // SPAN * SPAN - age * SPAN for age in sorted(ages, reverse=True)]
    return [end - (SAMPLES - i) * INTERVAL for end in ends for i in range(SAMPLES)]


def make(promtool: str, place: Path, times: Sequence[int]) -> Path:
    """Blocks of ``history 1`` at these times, a folder each."""
    text = "".join(f"{METRIC} 1 {time}\n" for time in times)
    source, blocks = place / "history.om", place / "made"
    source.write_text(f"# TYPE {METRIC} gauge\n{text}# EOF\n")
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(source), str(blocks)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return blocks


def upload(made: Path, bucket: Path, labels: dict[str, str], now: float) -> None:
    """Copy blocks as a shipper would upload them: with external labels, under names of their own."""
    for folder in sorted(made.iterdir()):
        meta = json.loads((folder / "meta.json").read_text())
        start = meta["minTime"] // 1000 // SPAN * SPAN
        # Older than the compactor's consistency delay, which leaves fresh blocks alone for half an hour.
        name = _ulid(int(now - DAY) * 1000)
        shutil.copytree(folder, bucket / name)
        meta |= {"ulid": name, "minTime": start * 1000, "maxTime": (start + SPAN) * 1000}
        meta["compaction"]["sources"] = [name]
        meta["thanos"] = {"labels": labels, "downsample": {"resolution": 0}, "source": "receive"}
        (bucket / name / "meta.json").write_text(json.dumps(meta))


def blocks(bucket: Path) -> Iterator[Block]:
    for folder in sorted(bucket.iterdir()):
        if (folder / "meta.json").exists():  # a compactor has already deleted the others' content
            meta: dict[str, Any] = json.loads((folder / "meta.json").read_text())
            thanos = meta["thanos"]
            expired = (folder / "deletion-mark.json").exists()
            yield Block(thanos["labels"], thanos["downsample"]["resolution"], meta["maxTime"] / 1000, expired, folder)


def _ulid(milliseconds: int) -> str:
    number = milliseconds << 80 | random.getrandbits(80)
    return "".join(_CROCKFORD[number >> 5 * i & 31] for i in range(25, -1, -1))
