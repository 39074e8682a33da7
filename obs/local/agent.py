"""The node agent: runs the containers of a few images, from their pods, as processes on this machine.

It is the part of a kubelet that the fake ones lack: mounts Secrets and ConfigMaps as files and keeps them
up to date, runs init containers, starts containers, and stops them when their pod goes.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from obs import atomic
from obs.local import names
from obs.local.accounts import Accounts
from obs.local.container import Container, Prepared, containers
from obs.local.kube import Kube
from obs.local.names import Lookup, Names
from obs.local.pod import Files, Manifest, NotYet, Pod
from obs.local.ports import Ports, answers, listening
from obs.local.process import Servers
from obs.local.state import FORWARDS, LocalError
from obs.local.volumes import Volumes, write

_RUNNING_PODS = "/api/v1/pods?fieldSelector=status.phase%3DRunning"
# resourceVersion=0: from the API server's cache, no read of etcd.
_SERVICES = "/api/v1/services?resourceVersion=0"
_SLICES = "/apis/discovery.k8s.io/v1/endpointslices?resourceVersion=0"
_INIT_SECONDS = 20
_PATIENCE_SECONDS, _SURE_SECONDS = 5, 20
"""How long a server waits for those that it asks: it would have to be started again, or ask again much later. The
longer time is for those whose pods are here, and so come for sure."""


@dataclass
class _Running:
    pod: Pod
    since: float
    servers: tuple[str, ...] = ()
    files: dict[Path, Files] = field(default_factory=dict)
    """What its volumes held when they were last written, before anything was turned."""
    by_name: bool = False
    """Whether what was turned depends on who is behind a name."""
    started_with: tuple[dict[Path, Files], Names] | None = None
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

    def __init__(self, kube: Kube, servers: Servers, host: Host, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube = kube
        self._servers = servers
        self._host = host
        self._clock = clock
        self._accounts = Accounts(kube, host.place / "accounts")
        self._volumes = Volumes(simulator=host.simulator)
        self._running: dict[str, _Running] = {}
        self._forwards: dict[str, str] = {}
        self._simulated: dict[str, str] = {}
        self._refused = ""

    def problems(self) -> dict[str, str]:
        """Pod -> why it does not run, or runs with an older configuration; and why the API server refuses to tell."""
        own = {running.pod.name: running.problem for running in self._running.values() if running.problem}
        return own | ({"node agent": self._refused} if self._refused else {})

    def simulated(self) -> dict[str, str]:
        """Pod -> the tool that it would run if that were there."""
        return self._simulated

    def sync(self) -> None:
        """One look at the API server. While that is away, everything goes on as it was."""
        try:
            every = [self._pod(m) for m in self._kube.items(_RUNNING_PODS) if _stays(m)]
            services = names.services(self._kube.items(_SERVICES), self._kube.items(_SLICES))
            self._refused = ""
        except httpx.HTTPError as error:
            self._refused = _refusal(error)
            return
        pods = {pod.uid: pod for pod in every if containers(pod, tools=self._host.tools)}
        self._simulated = {pod.name: tool for pod in every if pod.uid not in pods for tool in _lacking(pod)}
        for uid in [uid for uid in self._running if uid not in pods]:
            self._remove(self._running.pop(uid))
        self._forward({a: b for pod in pods.values() for c in self._containers(pod) for a, b in c.forwards.items()})
        simulated = frozenset(pod.ip for pod in every if pod.uid not in pods)
        self._bring_up_to_date(pods, Names(services, self._forwards, simulated))

    def _pod(self, manifest: Manifest) -> Pod:
        return Pod(manifest, self._host.place, self._host.ports)

    def _containers(self, pod: Pod, kind: str = "containers") -> list[Container]:
        return containers(pod, kind, self._host.tools)

    def _forward(self, forwards: dict[str, str]) -> None:
        if forwards != self._forwards:
            self._forwards = forwards
            atomic.write(self._host.place / FORWARDS, json.dumps(forwards, indent=1, sort_keys=True).encode())

    def _remove(self, running: _Running) -> None:
        # In a rollout the new pod may run already: its server has the name of the old one, and has replaced it.
        owned = {name for other in self._running.values() for name in other.servers}
        self._servers.stop(*(name for name in running.servers if name not in owned))
        shutil.rmtree(running.pod.home, ignore_errors=True)

    def _bring_up_to_date(self, pods: Mapping[str, Pod], known: Names) -> None:
        newest = {(pod.namespace, pod.title): uid for uid, pod in sorted(pods.items(), key=lambda p: p[1].created)}
        for uid, pod in pods.items():
            running = self._running.setdefault(uid, _Running(pod, self._clock()))
            if newest[pod.namespace, pod.title] != uid:
                continue  # replicas of a Deployment, and the old and the new pod of a rollout, are one process
            try:
                files = pod.files(self._read)
                if running.started_with != (files, known):
                    self._write_volumes(running, files, known)
                    self._start(running, known)
                    running.started_with = files, known
                running.problem = ""
            except httpx.HTTPError as error:
                self._refused = _refusal(error)
                return
            except (NotYet, LocalError, OSError) as error:
                running.problem = str(error)

    def _write_volumes(self, running: _Running, files: dict[Path, Files], known: Names) -> None:
        if files != running.files or running.by_name:
            lookup = self._lookup(known)
            self._volumes.write(running.pod, files, lookup, self._accounts.kubeconfig(running.pod))
            running.files, running.by_name = files, lookup.was_asked

    def _start(self, running: _Running, known: Names) -> None:
        if not running.servers:
            for container in self._containers(running.pod, "initContainers"):
                self._servers.run(self._prepared(container, self._lookup(known)).command, _INIT_SECONDS)
        waiting = []
        for container in self._containers(running.pod):
            try:
                self._start_container(running, container, known)
            except NotYet as error:  # the others of the pod may start
                waiting.append(str(error))
        if waiting:
            raise NotYet("; ".join(waiting))

    def _start_container(self, running: _Running, container: Container, known: Names) -> None:
        lookup = self._lookup(known)
        prepared = self._prepared(container, lookup)
        name, watches = prepared.command.name, container.program.watches
        if name not in running.servers:
            others = lookup.needed - {*container.forwards.values()}
            coming = {address for address in others if not listening(address)}
            coming |= {address for address in prepared.after - coming if not self._ready(address)}
            patience = _SURE_SECONDS if coming else _PATIENCE_SECONDS
            if (lookup.unknown or coming) and not watches and self._clock() < running.since + patience:
                raise NotYet(f"{name} waits for {', '.join(sorted(lookup.unknown | coming))}")
            running.servers = (*running.servers, name)
        changed = [path for path, data in prepared.files.items() if write(path, data)]
        if changed and not watches:
            self._servers.stop(name)
        self._servers.start(prepared.command)

    def _prepared(self, container: Container, lookup: Lookup) -> Prepared:
        for mounted in container.pod.mounts(container.manifest).values():
            if not mounted.exists():  # a single file of a Secret is mounted as such
                mounted.mkdir(parents=True)
        return container.prepared(lookup, self._read, self._host.tools, self._accounts.kubeconfig(container.pod))

    def _ready(self, address: str) -> bool:
        """Whether the server at an address says so; one that nobody probes is ready."""
        asked = (c.ready for c in self._servers.commands().values() if c.ready and address in c.addresses.values())
        return all(map(answers, asked))

    def _lookup(self, known: Names) -> Lookup:
        return Lookup(known, lambda name: self._host.ports.address(f"nobody/{name}"))

    def _read(self, resource: str, namespace: str, name: str) -> Manifest | None:
        return self._kube.get(f"/api/v1/namespaces/{namespace}/{resource}/{name}")


def _refusal(error: httpx.HTTPError) -> str:
    """What is wrong for good; an API server that is away or starting is not."""
    if isinstance(error, httpx.HTTPStatusError) and not error.response.is_server_error:
        return str(error)
    return ""


def _lacking(pod: Pod) -> list[str]:
    """The tools that the pod's own containers would be."""
    return [container.program.tool for container in containers(pod) if container.is_main]


def _stays(manifest: Manifest) -> bool:
    return not manifest["metadata"].get("deletionTimestamp") and bool(manifest["status"].get("podIP"))
