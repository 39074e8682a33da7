"""Processes beside this one, which end with it: another side of a comparison takes seconds, and may have a worktree."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from obs.diff.sources import SourceError

_running: set[subprocess.Popen[str]] = set()
_ended = threading.Event()
_SAID = 12
"""Lines of what a process that fails has said last."""


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The process when it is done. Raises SourceError for a program that is not there, and after an end."""
    if _ended.is_set():
        raise SourceError("the comparison was ended")
    try:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    except FileNotFoundError:
        raise SourceError(f"{command[0]} is not there") from None
    _running.add(process)
    try:
        if _ended.is_set():  # between the question above and now
            process.terminate()
        out, err = process.communicate()
    finally:
        _running.discard(process)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The last words of a process that failed, without the mark that ours puts before an error: another will."""
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return "\n".join(lines[-_SAID:]).removeprefix("error: ")


@contextlib.contextmanager
def beside() -> Iterator[ThreadPoolExecutor]:
    """A thread that waits for a process. Whatever ends what is within, the processes beside it end, too: so does
    SIGTERM, by which pipelines cancel. Until all is cleared up, another one changes nothing: timeout(1) sends two."""

    def ended(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise SystemExit(128 + number)

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, ended) if main else None
    _ended.clear()
    try:
        with ThreadPoolExecutor(1) as thread:
            try:
                yield thread
            except BaseException:
                _ended.set()
                for process in list(_running):
                    process.terminate()
                raise
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)


def environment(**more: str) -> dict[str, str]:
    """This process's, without what git sets for its hooks: there GIT_INDEX_FILE names the user's index."""
    # git rev-parse --local-env-vars
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**kept, **more}
