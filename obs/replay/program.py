"""The rules of a stack over tapes, in the program ``rulereplay`` around Prometheus' own evaluation."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO

from obs.errors import ObsError
from obs.replay.parts import Frame, Key
from obs.replay.rhythm import START


class ReplayError(ObsError):
    """The program did not get to the end; the message is its last words."""


@dataclass(frozen=True)
class Told:
    """An alert that began or ceased to fire at a minute. ``run`` is the fork, empty for the history itself."""

    run: str
    minute: int
    fires: bool
    alert: dict[str, str]


class Replay:
    """A program that runs. ``told`` grows as it goes on, and is whole when the block of :func:`replaying` is over."""

    def __init__(self, to: IO[bytes]) -> None:
        self._to = to
        self.told: list[Told] = []

    def play(self, frames: Iterable[Frame]) -> None:
        """The history, or a fork that was begun, goes on."""
        for frame in frames:
            header = {
                "at": _at(frame.minute),
                "define": [dict(key) for key in frame.new],
                "ids": None if frame.ids is None else len(frame.ids),
                "values": len(frame.values),
            }
            self._line(header)
            if frame.ids is not None:
                self._to.write(frame.ids.tobytes())
            self._to.write(frame.values.tobytes())

    def fork(self, name: str, minute: int, hidden: Iterable[Key], frames: Iterable[Frame]) -> None:
        """What becomes of the history from a minute on where ``frames`` are in place of the hidden series."""
        self._line({"fork": name, "at": _at(minute), "hidden": [dict(key) for key in hidden]})
        self.play(frames)
        self._line({"done": True})

    def _line(self, data: object) -> None:
        self._to.write(json.dumps(data, separators=(",", ":")).encode() + b"\n")


@contextmanager
def replaying(program: Path, rules: Path, folder: Path, *, step: int = 1, forks: int = 1) -> Iterator[Replay]:
    """Feed the program within the block; ``step``: minutes between two evaluations. Raises ReplayError."""
    command = [str(program), "-rules", str(rules), "-data", str(folder), "-step", f"{step}m", "-forks", str(forks)]
    log = folder.with_suffix(".log")
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
    assert process.stdin is not None
    assert process.stdout is not None
    replay = Replay(process.stdin)
    reader = Thread(target=_hear, args=(process.stdout, replay.told))
    reader.start()
    try:
        yield replay
        process.stdin.close()
    except BrokenPipeError:
        pass  # it says why
    except BaseException:
        process.kill()
        raise
    finally:
        code = process.wait()
        reader.join()
    if code:
        raise ReplayError(f"rulereplay: {log.read_text()[-2000:].strip()}")


def _hear(lines: IO[bytes], told: list[Told]) -> None:
    for line in lines:
        said = json.loads(line)
        told.append(Told(said["run"], _minute(said["at"]), said["fires"], said["alert"]))


def _at(minute: int) -> int:
    return (START + 60 * minute) * 1000


def _minute(at: int) -> int:
    return (at // 1000 - START) // 60
