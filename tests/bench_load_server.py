"""A real Prometheus on the blocks of the benchmark, which tells what each question took of the processor."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
    result: tuple[Any, ...] = ()

    def __add__(self, other: Answer) -> Answer:
        """One after the other."""
        return Answer(self.processor + other.processor, self.wall + other.wall)


@dataclass(frozen=True)
class Query:
    """``range`` is (start, end, step) in unix seconds; None asks for the moment ``at``.

    With a ``label`` its values are asked for, of the series that ``expr`` selects in the range.
    """

    name: str
    expr: str
    at: float
    range: tuple[float, float, float] | None = None
    label: str | None = None


class Bench:
    def __init__(self, client: httpx.Client, pid: int) -> None:
        self._client, self._pid = client, pid

    def ask(self, query: Query) -> Answer:
        """Raises RuntimeError where Prometheus refuses."""
        answer, (result,) = self._timed([query])
        return replace(answer, result=tuple(result))

    def together(self, queries: Sequence[Query]) -> Answer:
        """All of them as a browser sends them."""
        return self._timed(queries)[0]

    def _timed(self, queries: Sequence[Query]) -> tuple[Answer, list[list[Any]]]:
        """From the first question to the last byte: to read 10 MB of JSON takes Python longer than Prometheus."""
        spent, started = self._processor(), time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(self._sent, queries))
        took = Answer(self._processor() - spent, time.perf_counter() - started)
        return took, [_result(query, answer) for query, answer in zip(queries, answers, strict=True)]

    def _sent(self, query: Query) -> httpx.Response:
        if query.range is None:
            return self._client.post("/api/v1/query", data={"query": query.expr, "time": query.at})
        start, end, step = query.range
        if query.label is not None:
            asked: dict[str, str | float] = {"match[]": query.expr, "start": start, "end": end}
            return self._client.get(f"/api/v1/label/{query.label}/values", params=asked)
        data: dict[str, str | float] = {"query": query.expr, "start": start, "end": end, "step": step}
        return self._client.post("/api/v1/query_range", data=data)

    def _processor(self) -> float:
        """Seconds of all threads so far: the kernel counts nanoseconds, its clock ticks are too coarse."""
        spent = 0
        for task in Path(f"/proc/{self._pid}/task").iterdir():
            spent += int((task / "schedstat").read_text().split()[0])
        return spent / 1e9


def _result(query: Query, answer: httpx.Response) -> list[Any]:
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"{query.name}: {query.expr}: {answer.text}")
    data = answer.json()["data"]
    found: list[Any] = data["result"] if query.label is None else data
    return found


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
