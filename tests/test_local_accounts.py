"""A program of the local platform has the token of its pod's account, and none where the pod mounts none."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs.local.accounts import NOBODY, Accounts
from obs.local.pod import Pod
from obs.local.ports import Ports

TOKEN = {"name": "kube-api-access-x", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}


class FakeKube:
    """Gives each account a token, and counts."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.asked: list[tuple[str, str]] = []

    def token(self, namespace: str, account: str, _seconds: int) -> str:
        self.asked.append((namespace, account))
        return f"token of {namespace}/{account}"


@pytest.fixture
def kube(tmp_path: Path) -> FakeKube:
    kubeconfig = tmp_path / "kubeconfig"
    cluster = {"name": "local", "cluster": {"server": "https://127.0.0.1:1"}}
    user = {"name": "admin", "user": {"token": "of the administrator"}}
    kubeconfig.write_text(yaml.safe_dump({"clusters": [cluster], "users": [user]}))
    return FakeKube(kubeconfig)


def pod(tmp_path: Path, *volumes: dict[str, Any]) -> Pod:
    spec = {"serviceAccountName": "operator", "volumes": list(volumes)}
    manifest = {"metadata": {"name": "o-1", "namespace": "monitoring", "uid": "1"}, "spec": spec}
    return Pod(manifest, tmp_path, Ports(tmp_path / "ports.json"))


def test_a_pod_that_mounts_a_token_gets_one_of_its_account(kube: FakeKube, tmp_path: Path) -> None:
    accounts = Accounts(kube, tmp_path / "accounts")  # type: ignore[arg-type]
    paths = {accounts.kubeconfig(pod(tmp_path, TOKEN)) for _ in range(3)}
    (path,) = paths
    config = yaml.safe_load(path.read_text())
    assert config["users"][0]["user"] == {"token": "token of monitoring/operator"}
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:1"
    assert kube.asked == [("monitoring", "operator")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_pod_without_a_token_asks_the_api_nothing(kube: FakeKube, tmp_path: Path) -> None:
    accounts = Accounts(kube, tmp_path / "accounts")  # type: ignore[arg-type]
    assert accounts.kubeconfig(pod(tmp_path, {"name": "data", "emptyDir": {}})) == NOBODY
    assert kube.asked == []
