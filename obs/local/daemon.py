"""The process that is the machine: it starts the control plane, runs the node agent, and ends with all its children.

Started by ``obs local up``; says how far it is in the state file.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import httpx

from obs.errors import ObsError
from obs.local.agent import Agent, Host
from obs.local.control_plane import ControlPlane
from obs.local.kube import Kube
from obs.local.ports import Ports, answers
from obs.local.process import Command, Servers
from obs.local.state import LocalError, Phase, State, identity, save
from obs.simulate.platform import objects

_TICK, _SYNC = 0.1, 1.0
_BUSY_SYNC, _BUSY_SECONDS = 0.3, 10.0
"""While servers come, each look at the API server is followed by another sooner: they wait for each other."""
_START_SECONDS = 60


@dataclass(frozen=True)
class Order:
    """What ``up`` asks for. ``tools`` are programs by name; ``systems`` are simulated, ``only`` is as in State."""

    place: Path
    tools: dict[str, Path]
    systems: tuple[str, ...]
    compression: int
    only: tuple[str, ...] = ()

    def write(self) -> None:
        data = {
            "tools": {name: str(path) for name, path in self.tools.items()},
            "systems": self.systems,
            "compression": self.compression,
            "only": self.only,
        }
        self.place.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.place / "order.json").write_text(json.dumps(data, indent=1))

    @staticmethod
    def read(place: Path) -> Order:
        data = json.loads((place / "order.json").read_text())
        tools = {name: Path(path) for name, path in data["tools"].items()}
        return Order(place, tools, tuple(data["systems"]), data["compression"], tuple(data["only"]))


class Machine:
    """One local platform. :meth:`run` returns when it was told to stop or could not start."""

    def __init__(self, order: Order) -> None:
        self._order = order
        place = order.place
        self._ports = Ports(place / "ports.json")
        self._servers = Servers(place / "logs")
        self._plane = ControlPlane(place / "control-plane", order.tools, self._ports)
        self._simulator = self._ports.address("simulator")
        self._stopping = False
        self._state = State(
            pid=os.getpid(),
            identity=identity(os.getpid()),
            phase="starting",
            step="etcd",
            kubeconfig=str(self._plane.kubeconfig),
            simulator=f"http://{self._simulator}",
            systems=order.systems,
            only=order.only,
            compression=order.compression,
        )

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            self._start()
            self._say("ready", "")
            self._watch()
        except (ObsError, OSError, httpx.HTTPError) as error:
            self._state = replace(self._state, problem=str(error))
            self._say("failed", self._state.step)
        finally:
            # What it holds goes with the platform: nothing is flushed for later.
            self._servers.stop(*reversed(self._servers.names()), grace=1.5)
            self._save()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self) -> None:
        self._plane.prepare()
        self._step("etcd")
        self._servers.start(self._plane.etcd())
        self._wait(self._etcd_ready)
        self._step("kube-apiserver")
        self._servers.start(self._plane.api_server())
        self._wait((self._plane.place / "certs" / "apiserver.crt").exists)
        self._kube = Kube(self._plane.kubeconfig)
        self._wait(self._kube.ready)
        self._say("open", "nodes and simulated platform")
        self._servers.start(self._plane.controller_manager())
        self._servers.start(self._plane.scheduler())
        self._platform()
        self._servers.start(self._plane.kwok())
        self._servers.start(self._simulated())
        self._wait(self._simulator_ready)

    def _platform(self) -> None:
        wanted = objects(self._order.systems)
        namespaces = [o["metadata"]["name"] for o in wanted if o["kind"] == "Namespace"]
        for manifest in (o for o in wanted if o["kind"] == "Namespace"):
            self._kube.apply(manifest)
        # A pod is refused until the controller manager has made its namespace's service account.
        self._wait(lambda: all(self._kube.get(f"/api/v1/namespaces/{n}/serviceaccounts/default") for n in namespaces))
        for manifest in (o for o in wanted if o["kind"] != "Namespace"):
            self._kube.apply(manifest)
        for node in (o for o in wanted if o["kind"] == "Node"):
            # Applying an object leaves its status alone, and kwok keeps the addresses that it finds.
            self._kube.patch_status(f"/api/v1/nodes/{node['metadata']['name']}", node["status"])

    def _simulated(self) -> Command:
        return Command(
            name="simulator",
            argv=(
                sys.executable,
                "-m",
                "obs.simulate.server",
                f"--listen={self._simulator}",
                f"--kubeconfig={self._plane.kubeconfig}",
                f"--systems={','.join(self._order.systems)}",
                f"--state={self._order.place}",
                f"--compression={self._order.compression}",
            ),
            url=f"http://{self._simulator}",
        )

    def _watch(self) -> None:
        order = self._order
        host = Host(place=order.place, tools=order.tools, ports=self._ports, simulator=self._simulator)
        agent = Agent(self._kube, self._servers, host)
        next_sync, changed = 0.0, time.monotonic()
        while not self._stopping:
            self._servers.tick()
            if time.monotonic() >= next_sync:
                agent.sync()
                busy = time.monotonic() < changed + _BUSY_SECONDS
                next_sync = time.monotonic() + (_BUSY_SYNC if busy else _SYNC)
            problem = "\n".join(f"{pod}: {why}" for pod, why in agent.problems().items())
            now = replace(self._state, problem=problem, simulated=agent.simulated(), processes=self._servers.states())
            if now != self._state:
                self._state, changed = now, time.monotonic()
                self._save()
            time.sleep(_TICK)

    # --- waiting

    def _wait(self, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + _START_SECONDS
        while not ready():
            if self._stopping:
                raise LocalError("stopped while starting")
            self._servers.tick()
            problem = next((s for s in self._servers.states().values() if s.restarts > 2), None)
            if problem is not None or time.monotonic() > until:
                name = problem.name if problem is not None else self._state.step
                why = problem.problem if problem is not None else f"is not ready after {_START_SECONDS} s"
                raise LocalError(f"{name} {why}:\n{self._servers.last_lines(name)}")
            time.sleep(_TICK)

    def _etcd_ready(self) -> bool:
        return answers(f"http://{self._ports.address('etcd')}/readyz")

    def _simulator_ready(self) -> bool:
        return answers(f"http://{self._simulator}/-/healthy")

    # --- state

    def _step(self, step: str) -> None:
        self._say("starting", step)

    def _say(self, phase: Phase, step: str) -> None:
        self._state = replace(self._state, phase=phase, step=step)
        self._save()

    def _save(self) -> None:
        self._state = replace(self._state, processes=self._servers.states())
        save(self._order.place, self._state)


if __name__ == "__main__":
    Machine(Order.read(Path(sys.argv[1]))).run()
