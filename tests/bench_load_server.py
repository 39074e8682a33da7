"""A real Prometheus on the blocks of the benchmark, which tells what each question took of the processor."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from real_prometheus import listening
from real_servers import wait_for

AT_ONCE = 6
"""Requests that a browser has on the way to one server."""
_WAIT = 300.0


@dataclass(frozen=True)
class Answer:
    """``processor`` and ``wall`` are seconds, ``result`` the series."""

    processor: float
    wall: float
    result: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Query:
    """``range`` is (start, end, step) in unix seconds; None asks for the moment ``at``."""

    name: str
    expr: str
    at: float
    range: tuple[float, float, float] | None = None


class Bench:
    def __init__(self, client: httpx.Client, pid: int) -> None:
        self._client, self._pid = client, pid

    def ask(self, query: Query) -> Answer:
        """Raises RuntimeError where Prometheus refuses."""
        spent, started = self._processor(), time.perf_counter()
        result = self._ask(query)
        return Answer(self._processor() - spent, time.perf_counter() - started, tuple(result))

    def together(self, queries: Iterable[Query]) -> Answer:
        """All of them as a browser sends them."""
        spent, started = self._processor(), time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._ask, queries))
        return Answer(self._processor() - spent, time.perf_counter() - started)

    def _ask(self, query: Query) -> list[Mapping[str, Any]]:
        data: dict[str, str | float] = {"query": query.expr}
        path = "/api/v1/query"
        if query.range is None:
            data["time"] = query.at
        else:
            path = "/api/v1/query_range"
            data["start"], data["end"], data["step"] = query.range
        answer = self._client.post(path, data=data)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{query.name}: {query.expr}: {answer.text}")
        found: list[Mapping[str, Any]] = answer.json()["data"]["result"]
        return found

    def _processor(self) -> float:
        """Seconds of all threads so far: the kernel counts nanoseconds, its clock ticks are too coarse."""
        spent = 0
        for task in Path(f"/proc/{self._pid}/task").iterdir():
            spent += int((task / "schedstat").read_text().split()[0])
        return spent / 1e9


@contextmanager
def serving(program: Path, blocks: Path, *, cold: bool = False) -> Iterator[Bench]:
    """Prometheus for the block, which scrapes nothing and merges no blocks.

    ``cold``: what it reads has to come from the disk.
    """
    if cold:
        forget(blocks)
    flags = (
        "--no-storage.tsdb.allow-overlapping-compaction",
        "--storage.tsdb.min-block-duration=2h",
        "--storage.tsdb.max-block-duration=2h",
        "--storage.tsdb.retention.time=10y",
    )
    with (
        listening(program, blocks.parent, blocks, {}, *flags, within=60) as (pid, url),
        httpx.Client(base_url=url, trust_env=False, timeout=_WAIT) as client,
    ):
        wait_for(lambda: client.get("/-/ready").status_code == httpx.codes.OK, 120)
        yield Bench(client, pid)


def forget(folder: Path) -> None:
    """The kernel keeps none of the files in memory. It needs no right over others' files, as dropping all would."""
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            try:
                os.fsync(file)
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)
