"""The node agent: runs the containers of four images, from their pods, as processes on this machine.

It is the part of a kubelet that the fake ones lack: mounts Secrets and ConfigMaps as files and keeps them
up to date, runs init containers, starts containers, and stops them when their pod goes.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from obs import atomic
from obs.documents import dump
from obs.local import loopback
from obs.local.kube import Kube
from obs.local.pod import RELOADER, Files, Manifest, NotYet, Pod
from obs.local.ports import Ports
from obs.local.process import Servers
from obs.local.state import FORWARDS, LocalError

_RUNNING_PODS = "/api/v1/pods?fieldSelector=status.phase%3DRunning"
_INIT_SECONDS = 20


@dataclass
class _Running:
    pod: Pod
    servers: tuple[str, ...] = ()
    files: dict[Path, Files] = field(default_factory=dict)
    """What its volumes held when they were last written, before anything was turned."""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Host:
    """This machine: folder, programs by name, ports; ``simulator`` (host:port) answers for all other pods."""

    place: Path
    tools: Mapping[str, Path]
    ports: Ports
    simulator: str


class Agent:
    """Call :meth:`sync` about once a second."""

    def __init__(self, kube: Kube, servers: Servers, host: Host) -> None:
        self._kube = kube
        self._servers = servers
        self._host = host
        self._running: dict[str, _Running] = {}
        self._forwards: dict[str, str] = {}
        self._refused = ""

    def problems(self) -> dict[str, str]:
        """Pod -> why it does not run, or runs with an older configuration; and why the API server refuses to tell."""
        own = {running.pod.name: running.problem for running in self._running.values() if running.problem}
        return own | ({"node agent": self._refused} if self._refused else {})

    def sync(self) -> None:
        """One look at the API server. While that is away, everything goes on as it was."""
        try:
            pods = self._pods()
            self._refused = ""
        except httpx.HTTPError as error:
            self._refused = _refusal(error)
            return
        for uid in [uid for uid in self._running if uid not in pods]:
            self._remove(self._running.pop(uid))
        for uid, pod in pods.items():
            running = self._running.setdefault(uid, _Running(pod))
            try:
                self._bring_up_to_date(running)
                running.problem = ""
            except httpx.HTTPError as error:
                self._refused = _refusal(error)
                return
            except (NotYet, LocalError, OSError) as error:
                running.problem = str(error)
        forwards = {a: b for running in self._running.values() for a, b in running.pod.forwards().items()}
        if forwards != self._forwards:
            self._forwards = forwards
            atomic.write(self._host.place / FORWARDS, json.dumps(forwards, indent=1, sort_keys=True).encode())

    def _pods(self) -> dict[str, Pod]:
        found = (Pod(m, self._host.place, self._host.ports) for m in self._kube.items(_RUNNING_PODS) if _stays(m))
        return {pod.uid: pod for pod in found if pod.containers()}

    def _remove(self, running: _Running) -> None:
        # In a rollout the new pod may run already: its server has the name of the old one, and has replaced it.
        owned = {name for other in self._running.values() for name in other.servers}
        self._servers.stop(*(name for name in running.servers if name not in owned))
        shutil.rmtree(running.pod.home, ignore_errors=True)

    def _bring_up_to_date(self, running: _Running) -> None:
        pod = running.pod
        files = pod.files(self._read)
        if files != running.files:
            # Generated configurations last: the check of one reads the files that it names.
            generated_last = sorted(files.items(), key=lambda entry: not _TURNS.keys().isdisjoint(entry[1]))
            for folder, content in generated_last:
                _replace(folder, {name: self._turned(pod, name, data) for name, data in content.items()})
            running.files = files
        if not running.servers:
            self._start(running)

    def _start(self, running: _Running) -> None:
        pod = running.pod
        kubeconfig = self._kube.kubeconfig
        for kind in ("initContainers", "containers"):
            for container, program in pod.containers(kind):
                for mounted in pod.mounts(container).values():
                    if not mounted.exists():  # a single file of a Secret is mounted as such
                        mounted.mkdir(parents=True)
                command = pod.command(container, program, self._host.tools, kubeconfig)
                if kind == "initContainers":
                    self._servers.run(command, _INIT_SECONDS)
                else:
                    self._servers.start(command)
                    running.servers = (*running.servers, command.name)

    def _read(self, resource: str, namespace: str, name: str) -> Manifest | None:
        return self._kube.get(f"/api/v1/namespaces/{namespace}/{resource}/{name}")

    # --- generated configurations

    def _turned(self, pod: Pod, name: str, data: bytes) -> bytes:
        """A mounted file as this machine needs it: the two generated configurations are turned to loopback."""
        turn = _TURNS.get(name)
        if turn is None:
            return data
        config = turn(self, pod, yaml.load(gzip.decompress(data), Loader=yaml.CSafeLoader))
        return gzip.compress(dump(config).encode(), mtime=0)

    def _prometheus(self, pod: Pod, config: dict[str, Any]) -> dict[str, Any]:
        turned = loopback.prometheus(config, kubeconfig=str(self._kube.kubeconfig), simulator=self._host.simulator)
        loopback.check_prometheus(turned, str(self._kube.kubeconfig))
        return self._relocated(pod, turned)

    def _alertmanager(self, pod: Pod, config: dict[str, Any]) -> dict[str, Any]:
        turned = self._relocated(pod, config)
        loopback.check_alertmanager(turned, lambda path: Path(path).read_text())
        return turned

    def _relocated(self, pod: Pod, config: dict[str, Any]) -> dict[str, Any]:
        """Paths as the server's own container has them."""
        main = next(container for container, program in pod.containers() if program.tool != RELOADER)
        moved: dict[str, Any] = loopback.relocated(config, pod.moved(main))
        return moved


_TURNS: dict[str, Callable[[Agent, Pod, dict[str, Any]], dict[str, Any]]] = {
    "prometheus.yaml.gz": Agent._prometheus,
    "alertmanager.yaml.gz": Agent._alertmanager,
}


def _refusal(error: httpx.HTTPError) -> str:
    """What is wrong for good; an API server that is away or starting is not."""
    if isinstance(error, httpx.HTTPStatusError) and not error.response.is_server_error:
        return str(error)
    return ""


def _stays(manifest: Manifest) -> bool:
    return not manifest["metadata"].get("deletionTimestamp") and bool(manifest["status"].get("podIP"))


def _replace(folder: Path, files: Files) -> None:
    """Make the folder hold exactly these files."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in files.items():
        _write(folder / name, data)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()


def _write(path: Path, data: bytes) -> None:
    """Write in place: the reloader watches the file itself, and of one that takes its place it hears only once.

    What it reads in the middle of that is followed by another event.
    """
    if not path.exists():
        path.touch(mode=0o600)
    with path.open("r+b") as file:
        if file.read() != data:
            file.seek(0)
            file.write(data)
            file.truncate()
