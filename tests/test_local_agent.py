"""The node agent starts what a pod needs once that is there, and stops it when the pod goes, and only then."""

from __future__ import annotations

import base64
import gzip
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from obs.local.agent import Agent, Host
from obs.local.ports import Ports
from obs.local.process import Servers

ROUTING = b"route: {receiver: none}\nreceivers: [{name: none}]\n"


class FakeKube:
    """Pods and Secrets as an API server has them; ``error`` is raised instead of an answer."""

    kubeconfig = Path("/kubeconfig")

    def __init__(self) -> None:
        self.pods: list[dict[str, Any]] = []
        self.services: list[dict[str, Any]] = []
        self.slices: list[dict[str, Any]] = []
        self.objects: dict[str, dict[str, Any]] = {}
        self.error: httpx.HTTPError | None = None

    def items(self, path: str) -> list[dict[str, Any]]:
        if self.error is not None:
            raise self.error
        lists = {"pods": self.pods, "services": self.services, "endpointslices": self.slices}
        return next(found for kind, found in lists.items() if f"/{kind}?" in path)

    def get(self, path: str) -> dict[str, Any] | None:
        return self.objects.get(path.rpartition("/")[2])


def pod(uid: str, ip: str) -> dict[str, Any]:
    mount = {"name": "config", "mountPath": "/etc/alertmanager/config"}
    container = {"name": "alertmanager", "image": "quay.io/prometheus/alertmanager:v0.34.0", "volumeMounts": [mount]}
    return {
        "metadata": {"uid": uid, "namespace": "monitoring", "name": "alertmanager-x-0"},
        "status": {"podIP": ip},
        "spec": {"volumes": [{"name": "config", "secret": {"secretName": "generated"}}], "containers": [container]},
    }


def secret(routing: bytes = ROUTING) -> dict[str, Any]:
    return {"data": {"alertmanager.yaml.gz": base64.b64encode(gzip.compress(routing)).decode()}}


@pytest.fixture
def kube() -> FakeKube:
    return FakeKube()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    found = Servers(tmp_path / "logs")
    yield found
    found.stop(*found.names(), grace=0.5)


@pytest.fixture
def agent(kube: FakeKube, servers: Servers, tmp_path: Path) -> Agent:
    program = tmp_path / "alertmanager"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    host = Host(
        place=tmp_path, tools={"alertmanager": program}, ports=Ports(tmp_path / "ports.json"), simulator="127.0.0.1:1"
    )
    return Agent(kube, servers, host)  # type: ignore[arg-type]


def test_a_pod_waits_for_its_secret_and_says_so(agent: Agent, kube: FakeKube, servers: Servers) -> None:
    kube.pods = [pod("one", "10.244.0.5")]
    agent.sync()
    assert agent.problems() == {"alertmanager-x-0": "secret monitoring/generated is not there"}
    kube.objects["generated"] = secret()
    agent.sync()
    assert agent.problems() == {}
    assert servers.running("alertmanager")


def test_a_changed_secret_changes_the_file_that_is_watched(agent: Agent, kube: FakeKube, tmp_path: Path) -> None:
    kube.pods, kube.objects = [pod("one", "10.244.0.5")], {"generated": secret()}
    agent.sync()
    file = tmp_path / "pods" / "monitoring_alertmanager-x-0" / "config" / "alertmanager.yaml.gz"
    watched = file.stat().st_ino
    kube.objects["generated"] = secret(ROUTING.replace(b"none", b"nobody"))
    agent.sync()
    assert b"nobody" in gzip.decompress(file.read_bytes())
    assert file.stat().st_ino == watched
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_has_not_changed_is_not_turned_again_and_what_has_is_checked_again(
    agent: Agent, kube: FakeKube, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[object] = []
    monkeypatch.setattr("obs.local.loopback.check_alertmanager", lambda config, _read: checks.append(config))
    kube.pods, kube.objects = [pod("one", "10.244.0.5")], {"generated": secret()}
    agent.sync()
    agent.sync()
    assert len(checks) == 1
    kube.objects["generated"] = secret(ROUTING.replace(b"none", b"nobody"))
    agent.sync()
    assert len(checks) == 2


def test_a_server_stops_with_its_pod(agent: Agent, kube: FakeKube, servers: Servers) -> None:
    kube.pods, kube.objects = [pod("one", "10.244.0.5")], {"generated": secret()}
    agent.sync()
    kube.pods = []
    agent.sync()
    assert servers.names() == ()


def test_a_rollout_that_overlaps_keeps_the_new_pods_server(agent: Agent, kube: FakeKube, servers: Servers) -> None:
    old, new = pod("one", "10.244.0.5"), pod("two", "10.244.0.6")
    kube.pods, kube.objects = [old], {"generated": secret()}
    agent.sync()
    kube.pods = [old, new]
    agent.sync()
    kube.pods = [new]
    agent.sync()
    assert servers.running("alertmanager")


def test_a_configuration_that_would_leave_the_machine_is_not_given(
    agent: Agent, kube: FakeKube, servers: Servers
) -> None:
    away = b"route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'https://hooks.example'}]}]\n"
    kube.pods, kube.objects = [pod("one", "10.244.0.5")], {"generated": secret(away)}
    agent.sync()
    assert "its address is not on this machine" in agent.problems()["alertmanager-x-0"]
    assert servers.names() == ()


def test_while_the_api_server_is_away_everything_stays(agent: Agent, kube: FakeKube, servers: Servers) -> None:
    kube.pods, kube.objects = [pod("one", "10.244.0.5")], {"generated": secret()}
    agent.sync()
    kube.error = httpx.ConnectError("refused")
    agent.sync()
    assert servers.running("alertmanager")
    assert agent.problems() == {}


def test_an_api_server_that_refuses_to_tell_is_a_problem(agent: Agent, kube: FakeKube) -> None:
    request = httpx.Request("GET", "https://127.0.0.1/api/v1/pods")
    kube.error = httpx.HTTPStatusError("403 Forbidden", request=request, response=httpx.Response(403, request=request))
    agent.sync()
    assert agent.problems() == {"node agent": "403 Forbidden"}
