"""What runs, and where: the state file of one local platform, written by its daemon and read by everyone."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import psutil

from components.charts import cache_dir
from obs import atomic
from obs.errors import ObsError

_STATE = "state.json"
FORWARDS = "forwards.json"
"""Address of each pod that runs here -> where it listens; the node agent writes it, the simulator reads it."""
Phase = Literal["starting", "open", "ready", "failed"]
"""Open: the API server takes objects."""


class LocalError(ObsError):
    """The local platform is not there, or could not do what was asked; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class ProcessState:
    """One server. ``url`` is where it answers, ``restarts`` how often it was started again after it had ended.

    ``ready`` is where it says that it is ready (empty: nowhere), ``addresses`` are all its ports by name.
    """

    name: str
    pid: int | None
    started: float
    restarts: int
    url: str = ""
    ready: str = ""
    addresses: Mapping[str, str] = field(default_factory=dict)
    log: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class State:
    """One local platform. ``identity`` tells its daemon from a later process with the same pid.

    ``only``: the systems of the stack's file that are deployed; empty: all of them. ``simulated``: pod -> the tool that
    would run in it, were it there.
    """

    pid: int
    identity: str
    phase: Phase
    step: str
    problem: str = ""
    kubeconfig: str = ""
    simulator: str = ""
    systems: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    compression: int = 1
    simulated: Mapping[str, str] = field(default_factory=dict)
    processes: Mapping[str, ProcessState] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """Where a server answers. Raises LocalError for one that does not run."""
        found = self.processes.get(name)
        if found is None or not found.url:
            running = ", ".join(sorted(name for name, process in self.processes.items() if process.url))
            raise LocalError(f"{name} does not run in the local platform; there are: {running or 'none'}")
        return found.url

    @property
    def alive(self) -> bool:
        return identity(self.pid) == self.identity


def folder(project: Path, name: str) -> Path:
    """Where one local platform of one checkout keeps everything; two checkouts or names never meet.

    Raises LocalError for a name that would lead out of there.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
        raise LocalError(f"--name {name!r}: must be up to 40 lower-case letters, digits and '-'")
    key = hashlib.sha256(str(project.resolve()).encode()).hexdigest()[:8]
    return cache_dir() / "run" / f"{key}-{name}"


@contextmanager
def only_one(place: Path) -> Iterator[None]:
    """Keep a second `up` or `down` of the same platform out. Raises LocalError where there is one."""
    file = place.with_name(f"{place.name}.lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError("another `obs local up` or `down` of this platform is at work; wait for it") from None
        yield
        if not place.exists():
            file.unlink(missing_ok=True)


def load(place: Path) -> State:
    """The state of the platform in a folder. Raises LocalError when none runs there."""
    state = peek(place)
    if state is None:
        raise LocalError("no local platform runs here; start it with `make up`")
    if not state.alive:
        raise LocalError(f"the local platform has ended by itself; its logs are in {place}; `make up` starts it again")
    return state


def peek(place: Path) -> State | None:
    """The last written state, of a daemon that may be gone; None where there never was one."""
    try:
        data = json.loads((place / _STATE).read_text())
    except (OSError, ValueError):
        return None
    processes = {name: ProcessState(**process) for name, process in data.pop("processes").items()}
    return State(**{**data, "systems": tuple(data["systems"]), "processes": processes})


def as_sent_to(place: Path, state: State, name: str) -> str:
    """The URL under which Prometheus knows a server that runs here: the simulator's, with the pod's own address."""
    address = state.url(name).removeprefix("http://")
    forwards = json.loads((place / FORWARDS).read_text())
    return next(f"{state.simulator}/{pod}" for pod, real in forwards.items() if real == address)


def save(place: Path, state: State) -> None:
    atomic.write(place / _STATE, json.dumps(asdict(state), indent=1).encode())


def identity(pid: int) -> str:
    """When the process with this pid started: another process never has both. Empty when there is none."""
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""
