"""A real API server with nothing in it, for tests that ask what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_platform import eventually
from real_tools import REAL

from obs.local.control_plane import ControlPlane
from obs.local.kube import Kube
from obs.local.ports import Ports
from obs.local.process import Servers


@contextmanager
def api_server(place: Path) -> Iterator[Kube]:
    """A client of an API server below ``place``, which ends with the block. Needs etcd and kube-apiserver."""
    tools = {name: path for name, path in REAL.items() if path is not None}
    plane = ControlPlane(place, tools, Ports(place / "ports.json"))
    plane.prepare()
    servers = Servers(place / "logs")
    try:
        servers.start(plane.etcd())
        servers.start(plane.api_server())
        # The server writes the certificate that its clients trust.
        assert eventually((place / "certs" / "apiserver.crt").exists), servers.last_lines("kube-apiserver", 15)
        kube = Kube(plane.kubeconfig)
        assert eventually(kube.ready), servers.last_lines("kube-apiserver", 15)
        yield kube
    finally:
        servers.stop("kube-apiserver", grace=10)
        servers.stop("etcd")
