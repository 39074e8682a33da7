"""A control plane that watchers of a cluster are run against: API server, controllers, and kwok's nodes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from obs.contracts.exposition import Family
from obs.contracts.lab import Lab
from obs.local.control_plane import ControlPlane
from obs.local.kube import Kube
from obs.local.process import Command
from obs.toolchain import find

_PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
# The local platform does without fairness among tenants; a cluster has it.
_NOT_IN_A_CLUSTER = "--enable-priority-and-fairness=false"


@dataclass(frozen=True)
class Cluster:
    lab: Lab
    plane: ControlPlane
    kube: Kube

    def page(self, name: str, path: str = "/metrics") -> dict[str, Family]:
        """What one of the servers with TLS shows to the administrator."""
        return self.lab.scrape(f"https://{self.lab.address(name)}{path}", self._asks(), authority=self._authority(name))

    def apply(self, objects: Iterable[dict[str, Any]]) -> None:
        for manifest in objects:
            self.kube.apply(manifest)

    def _asks(self) -> dict[str, str]:
        token = yaml.safe_load(self.plane.kubeconfig.read_text())["users"][0]["user"]["token"]
        return {"Authorization": f"Bearer {token}"}

    def _authority(self, name: str) -> Path:
        if name == "kube-apiserver":
            return self.plane.place / "certs" / "apiserver.crt"
        return self.plane.place / name / f"{name}.crt"


def start(lab: Lab) -> Cluster:
    """A cluster without nodes and objects, as kubeadm would start it where that decides about metrics."""
    plane = ControlPlane(lab.folder / "cluster", {name: find(name) for name in _PROGRAMS}, lab.ports)
    plane.prepare()
    _run(lab, plane.etcd())
    lab.until(lambda: lab.answers(lab.url("etcd", "/health")), "etcd is healthy", 60, of="etcd")
    api_server = plane.api_server()
    _run(lab, replace(api_server, argv=tuple(a for a in api_server.argv if a != _NOT_IN_A_CLUSTER)))
    lab.until((plane.place / "certs" / "apiserver.crt").exists, "the API server has a certificate", 60)
    kube = Kube(plane.kubeconfig)
    lab.until(kube.ready, "the API server is ready", 120, of="kube-apiserver")
    for command in (plane.controller_manager(), plane.scheduler()):
        asks = [f"--{what}-kubeconfig={plane.kubeconfig}" for what in ("authentication", "authorization")]
        argv = tuple(a for a in command.argv if a != "--leader-elect=false")
        _run(lab, replace(command, argv=(*argv, *asks, "--leader-elect=true")))
        lab.until((plane.place / command.name / f"{command.name}.crt").exists, f"{command.name} serves", 60)
    _run(lab, plane.kwok())
    return Cluster(lab, plane, kube)


def objects(file: Path) -> list[dict[str, Any]]:
    return [found for found in yaml.safe_load_all(file.read_text()) if found]


def _run(lab: Lab, command: Command) -> None:
    lab.start(command.name, command.argv, env=command.env)
