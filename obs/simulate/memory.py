"""What a simulator that is started again must still know, in one file: since when it counts, and every fault."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from obs import atomic

_RUNNING_FOR = 3 * 86400.0
"""The simulated processes seem to have run for days: what a restart does to counters is over."""


@dataclass(frozen=True)
class Fault:
    """A scenario ``since`` a moment ``until`` another, in unix seconds; it holds while ``until`` is None."""

    name: str
    since: float
    until: float | None = None


class Memory:
    """``epoch`` is when the simulated processes started, in unix seconds; without ``file`` nothing is kept.

    Faults that are over are kept too: what they counted stays counted.
    """

    def __init__(self, epoch: float, faults: Iterable[Fault] = (), file: Path | None = None) -> None:
        self.epoch, self.faults, self._file = epoch, (*faults,), file

    @staticmethod
    def of(folder: Path) -> Memory:
        """What ``folder``/simulator.json says; a new one where there is none."""
        file = folder / "simulator.json"
        if file.exists():
            data = json.loads(file.read_text())
            return Memory(data["epoch"], (Fault(**fault) for fault in data["faults"]), file)
        new = Memory(round(time.time() - _RUNNING_FOR, 3), file=file)
        new._keep(())
        return new

    @property
    def holds(self) -> Fault | None:
        return self.faults[-1] if self.faults and self.faults[-1].until is None else None

    def begin(self, name: str, now: float) -> None:
        """A fault holds from now on, and what held until now does no more."""
        self._keep((*self._ended(now), Fault(name, now)))

    def end(self, now: float) -> None:
        if self.holds:
            self._keep(self._ended(now))

    def _ended(self, now: float) -> tuple[Fault, ...]:
        return (*self.faults[:-1], replace(self.holds, until=now)) if self.holds else self.faults

    def _keep(self, faults: tuple[Fault, ...]) -> None:
        """Written before it counts: a simulator that is killed right after goes on with it."""
        if self._file is not None:
            data = {"epoch": self.epoch, "faults": [asdict(fault) for fault in faults]}
            atomic.write(self._file, json.dumps(data).encode())
        self.faults = faults
