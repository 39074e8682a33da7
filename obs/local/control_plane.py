"""A control plane without kubelets: etcd, API server, controller manager, scheduler, and kwok for the nodes.

Flags as measured with kube-apiserver 1.36 and etcd 3.6: ready in 3 s. Everything listens on the loopback interface.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from obs.local.ports import LOOPBACK, Ports
from obs.local.process import Command

STAGES = Path(__file__).parent / "kwok" / "stages.yaml"
_POD_RANGE = "10.244.0.1/16"
_SERVICE_RANGE = "10.96.0.0/16"


@dataclass(frozen=True)
class ControlPlane:
    """Commands and files of one control plane below ``place``; ``tools`` are the programs by name."""

    place: Path
    tools: Mapping[str, Path]
    ports: Ports

    @property
    def kubeconfig(self) -> Path:
        return self.place / "kubeconfig"

    @property
    def server(self) -> str:
        return f"https://{self.ports.address('kube-apiserver')}"

    def prepare(self) -> None:
        """Write keys, tokens and the kubeconfig; what an earlier run wrote is kept."""
        self.place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.kubeconfig.exists():
            return
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = serialization.Encoding.PEM
        self._write(
            "sa.key",
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        )
        self._write("sa.pub", key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
        token = secrets.token_urlsafe(24)
        self._write("tokens.csv", f"{token},admin,admin,system:masters\n".encode())
        self._write("kubeconfig", yaml.safe_dump(_kubeconfig(self.server, self.place, token)).encode())

    def _write(self, name: str, content: bytes) -> None:
        path = self.place / name
        path.touch(mode=0o600)
        path.write_bytes(content)

    def etcd(self) -> Command:
        clients, peers = (f"http://{self.ports.address(name)}" for name in ("etcd", "etcd-peer"))
        return self._command(
            "etcd",
            f"--data-dir={self.place / 'etcd'}",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--unsafe-no-fsync",
            "--log-level=warn",
            url=clients,
        )

    def api_server(self) -> Command:
        return self._command(
            "kube-apiserver",
            f"--etcd-servers=http://{self.ports.address('etcd')}",
            f"--bind-address={LOOPBACK}",
            f"--advertise-address={LOOPBACK}",
            f"--secure-port={self.ports.get('kube-apiserver')}",
            f"--cert-dir={self.place / 'certs'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.place / 'sa.pub'}",
            f"--service-account-signing-key-file={self.place / 'sa.key'}",
            f"--token-auth-file={self.place / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={_SERVICE_RANGE}",
            "--allow-privileged=true",
            "--endpoint-reconciler-type=none",
            # It would keep a long list of requests in memory for fairness among tenants that are not there.
            "--enable-priority-and-fairness=false",
            url=self.server,
        )

    def controller_manager(self) -> Command:
        return self._controller(
            "kube-controller-manager", f"--service-account-private-key-file={self.place / 'sa.key'}"
        )

    def scheduler(self) -> Command:
        return self._controller("kube-scheduler")

    def _controller(self, name: str, *flags: str) -> Command:
        return self._command(
            name,
            f"--kubeconfig={self.kubeconfig}",
            "--leader-elect=false",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={self.ports.get(name)}",
            f"--cert-dir={self.place / name}",
            *flags,
        )

    def kwok(self) -> Command:
        return self._command(
            "kwok",
            f"--kubeconfig={self.kubeconfig}",
            "--manage-all-nodes=true",
            f"--cidr={_POD_RANGE}",
            f"--server-address={self.ports.address('kwok')}",
            f"--config={STAGES}",
        )

    def _command(self, name: str, *flags: str, url: str = "") -> Command:
        return Command(name=name, argv=(str(self.tools[name]), *flags), env={"HOME": str(self.place)}, url=url)


def _kubeconfig(server: str, place: Path, token: str) -> dict[str, object]:
    cluster = {"server": server, "certificate-authority": str(place / "certs" / "apiserver.crt")}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "local",
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "admin"}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "clusters": [{"name": "local", "cluster": cluster}],
    }
