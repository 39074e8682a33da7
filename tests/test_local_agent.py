"""The node agent starts what a pod needs once that is there, and stops it when the pod goes, and only then."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from test_local_names import endpoints, service

from obs.local.agent import Agent, Host
from obs.local.ports import Ports
from obs.local.process import Servers
from obs.local.state import FORWARDS

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


def thanos(uid: str, ip: str, *args: str, **metadata: str) -> dict[str, Any]:
    """A pod of the Deployment thanos-query."""
    ports = [{"name": "http", "containerPort": 10902}, {"name": "grpc", "containerPort": 10901}]
    container = {"name": "query", "image": "quay.io/thanos/thanos:v0.42.4", "args": ["query", *args], "ports": ports}
    owner = {"kind": "ReplicaSet", "name": "thanos-query-5f4c"}
    return {
        "metadata": {"uid": uid, "namespace": "monitoring", "name": f"q-{uid}", "ownerReferences": [owner], **metadata},
        "status": {"podIP": ip},
        "spec": {"containers": [container]},
    }


def argv(servers: Servers, name: str) -> tuple[str, ...]:
    return servers.commands()[name].argv


def pid(servers: Servers, name: str) -> int | None:
    return servers.states()[name].pid


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


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def agent(kube: FakeKube, servers: Servers, tmp_path: Path, clock: Clock) -> Agent:
    program = tmp_path / "server"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    tools = dict.fromkeys(("alertmanager", "thanos", "otelcol"), program)
    host = Host(place=tmp_path, tools=tools, ports=Ports(tmp_path / "ports.json"), simulator="127.0.0.1:1")
    return Agent(kube, servers, host, clock)  # type: ignore[arg-type]


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


ASKS = "--endpoint=dnssrv+_grpc._tcp.store.monitoring.svc"


def test_a_server_waits_a_while_for_those_that_it_asks(
    agent: Agent, kube: FakeKube, servers: Servers, clock: Clock
) -> None:
    kube.pods = [thanos("one", "10.244.0.5", ASKS)]
    agent.sync()
    assert agent.problems() == {"q-one": "thanos-query waits for store.monitoring.svc:grpc"}
    assert servers.names() == ()
    clock.now += 6
    agent.sync()
    assert agent.problems() == {}
    assert servers.running("thanos-query")


def test_a_server_waits_a_while_until_the_one_that_it_needs_listens(
    agent: Agent, kube: FakeKube, servers: Servers
) -> None:
    kube.services = [service("query", {"http": 10902})]
    kube.slices = [endpoints("query", {"http": 10902}, ("10.244.0.6", ""))]
    front = thanos("front", "10.244.0.5", "--downstream-url=http://query.monitoring.svc:10902")
    front["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "front-1"}]
    kube.pods = [front, thanos("query", "10.244.0.6")]
    agent.sync()
    host, _, port = json.loads((agent._host.place / FORWARDS).read_text())["10.244.0.6:10902"].partition(":")
    assert agent.problems() == {"q-front": f"front waits for {host}:{port}"}
    with socket.create_server((host, int(port))):
        agent.sync()
    assert servers.running("front")


def test_a_server_that_asks_seldom_waits_until_the_other_is_ready(
    agent: Agent, kube: FakeKube, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    kube.services = [service("query", {"http": 10902})]
    kube.slices = [endpoints("query", {"http": 10902}, ("10.244.0.6", ""))]
    front = thanos("front", "10.244.0.5", "--query-frontend.downstream-url=http://query.monitoring.svc:10902")
    front["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "front-1"}]
    query = thanos("query", "10.244.0.6")
    query["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/-/ready", "port": "http"}}
    kube.pods = [query, front]
    ready: list[str] = []
    monkeypatch.setattr("obs.local.agent.answers", lambda url: url in ready)
    monkeypatch.setattr("obs.local.agent.listening", lambda _address: True)
    agent.sync()
    address = servers.states()["thanos-query"].addresses["http"]
    assert agent.problems() == {"q-front": f"front waits for {address}"}
    ready.append(f"http://{address}/-/ready")
    agent.sync()
    assert servers.running("front")


def test_a_server_is_started_again_when_others_come_and_go(
    agent: Agent, kube: FakeKube, servers: Servers, clock: Clock
) -> None:
    kube.pods = [thanos("one", "10.244.0.5", ASKS)]
    agent.sync()
    clock.now += 6
    agent.sync()
    assert not [a for a in argv(servers, "thanos-query") if a.startswith("--endpoint")]
    before = pid(servers, "thanos-query")
    kube.services = [service("store", {"grpc": 10901}, headless=True)]
    kube.slices = [endpoints("store", {"grpc": 10901}, ("10.244.0.6", "store-0"))]
    store = pod("two", "10.244.0.6")
    store["spec"]["containers"][0] |= {"image": "thanos/thanos", "args": ["store"], "volumeMounts": []}
    store["spec"]["containers"][0]["ports"] = [{"name": "grpc", "containerPort": 10901}]
    kube.pods = [*kube.pods, store | {"spec": {"containers": store["spec"]["containers"]}}]
    agent.sync()
    forwards = json.loads((agent._host.place / FORWARDS).read_text())
    assert f"--endpoint={forwards['10.244.0.6:10901']}" in argv(servers, "thanos-query")
    assert pid(servers, "thanos-query") != before


def test_a_pod_that_is_replaced_leaves_those_that_ask_it_alone(agent: Agent, kube: FakeKube, servers: Servers) -> None:
    kube.services = [service("store", {"grpc": 10901}, headless=True)]
    pids = []
    for uid, ip in (("one", "10.244.0.5"), ("two", "10.244.0.9")):
        asked = thanos(uid, ip)
        asked["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "store-1"}]
        kube.pods = [asked, thanos("asks", "10.244.0.6", ASKS)]
        kube.slices = [endpoints("store", {"grpc": 10901}, (ip, ""))]
        agent.sync()
        pids.append(pid(servers, "thanos-query"))
    assert pids[0] is not None
    assert pids[0] == pids[1]


def test_of_two_pods_of_a_deployment_the_newer_one_is_the_server(
    agent: Agent, kube: FakeKube, servers: Servers
) -> None:
    old = thanos("old", "10.244.0.5", "--log.level=info", creationTimestamp="2026-11-26T08:00:00Z")
    new = thanos("new", "10.244.0.6", "--log.level=warn", creationTimestamp="2026-11-26T09:00:00Z")
    kube.pods = [new, old]
    agent.sync()
    agent.sync()
    assert "--log.level=warn" in argv(servers, "thanos-query")
    forwards = json.loads((agent._host.place / FORWARDS).read_text())
    assert forwards["10.244.0.5:10902"] == forwards["10.244.0.6:10902"]
    kube.pods = [new]
    agent.sync()
    assert servers.running("thanos-query")


def collector() -> dict[str, Any]:
    mount = {"name": "config", "mountPath": "/conf"}
    image = "otel/opentelemetry-collector-contrib:0.158.0"
    container = {"name": "c", "image": image, "args": ["--config=/conf/relay.yaml"], "volumeMounts": [mount]}
    return {
        "metadata": {"uid": "c", "namespace": "monitoring", "name": "otel-gateway-0"},
        "status": {"podIP": "10.244.0.5"},
        "spec": {"volumes": [{"name": "config", "configMap": {"name": "relay"}}], "containers": [container]},
    }


def test_a_server_that_does_not_watch_its_file_is_started_again_for_it(
    agent: Agent, kube: FakeKube, servers: Servers
) -> None:
    kube.pods, kube.objects = [collector()], {"relay": {"data": {"relay.yaml": "exporters: {debug: {}}"}}}
    agent.sync()
    before = pid(servers, "otel-gateway")
    agent.sync()
    assert pid(servers, "otel-gateway") == before
    kube.objects = {"relay": {"data": {"relay.yaml": "exporters: {debug: {verbosity: basic}}"}}}
    agent.sync()
    assert pid(servers, "otel-gateway") not in (before, None)
    [file] = [a.partition("=")[2] for a in argv(servers, "otel-gateway") if a.startswith("--config")]
    assert json.loads(Path(file).read_text()) == {"exporters": {"debug": {"verbosity": "basic"}}}


def test_a_pod_whose_tool_is_not_there_is_simulated_and_named(agent: Agent, kube: FakeKube, servers: Servers) -> None:
    loki = collector()
    loki["metadata"]["name"], loki["spec"]["containers"][0]["image"] = "loki-0", "docker.io/grafana/loki:3.7.6"
    kube.pods = [loki]
    agent.sync()
    assert agent.simulated() == {"loki-0": "loki"}
    assert servers.names() == ()
    assert agent.problems() == {}


def test_prometheus_writes_to_where_the_receivers_listen(agent: Agent, kube: FakeKube, tmp_path: Path) -> None:
    """Who they are may change while it runs."""
    written = {"remote_write": [{"url": "http://receive.monitoring.svc:19291/api/v1/receive"}]}
    mount = {"name": "config", "mountPath": "/etc/prometheus/config"}
    made = pod("p", "10.244.0.4")
    made["metadata"]["name"] = "prometheus-x-0"
    made["spec"]["containers"][0] |= {"image": "prometheus/prometheus:v3", "volumeMounts": [mount]}
    agent._host.tools["prometheus"] = agent._host.tools["thanos"]  # type: ignore[index]
    zipped = base64.b64encode(gzip.compress(json.dumps(written).encode())).decode()
    kube.pods, kube.objects = [made], {"generated": {"data": {"prometheus.yaml.gz": zipped}}}
    kube.services = [service("receive", {"remote-write": 19291})]
    agent.sync()
    file = tmp_path / "pods" / "monitoring_prometheus-x-0" / "config" / "prometheus.yaml.gz"
    first = gzip.decompress(file.read_bytes()).decode()
    assert "url: http://127.0.0.1:" in first
    receiver = thanos("r", "10.244.0.5")
    receiver["spec"]["containers"][0] |= {"args": ["receive"], "ports": [{"name": "w", "containerPort": 19291}]}
    kube.pods, kube.slices = [made, receiver], [endpoints("receive", {"remote-write": 19291}, ("10.244.0.5", ""))]
    agent.sync()
    forwards = json.loads((tmp_path / FORWARDS).read_text())
    assert f"url: http://{forwards['10.244.0.5:19291']}/api/v1/receive" in gzip.decompress(file.read_bytes()).decode()
