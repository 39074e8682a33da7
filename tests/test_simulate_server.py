"""The simulator's HTTP interface."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from simulated_cluster import SYSTEMS, simulated_cluster

from obs.simulate import server as module
from obs.simulate.exposition import CONTENT_TYPE
from obs.simulate.forwards import Forwards
from obs.simulate.memory import Memory
from obs.simulate.scenarios import SCENARIOS
from obs.simulate.server import Server, main, watch
from obs.simulate.simulation import Simulation
from obs.simulate.sink import Sink

CLUSTER = simulated_cluster()


def ip_of(part: str) -> str:
    return next(pod.ip for pod in CLUSTER.pods if part in pod.name)


@pytest.fixture
def http(tmp_path: Path) -> Iterator[httpx.Client]:
    simulation = Simulation(SYSTEMS, SCENARIOS.values(), Memory.of(tmp_path), 30)
    simulation.see(CLUSTER)
    server = Server("127.0.0.1:0", simulation, Sink(tmp_path), Forwards(tmp_path / "forwards.json"))
    Thread(target=server.serve_forever, daemon=True).start()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client
    server.shutdown()
    server.server_close()


def test_a_pod_answers_with_its_metrics(http: httpx.Client) -> None:
    answer = http.get(f"/{ip_of('argocd-application-controller')}:8082/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, CONTENT_TYPE)
    assert "argocd_app_info{" in answer.text


@pytest.mark.parametrize("path", ["/metrics", "/metrics/cadvisor", "/metrics/probes"])
def test_a_node_answers_for_its_kubelet(http: httpx.Client, path: str) -> None:
    answer = http.get(f"/10.0.0.12:10250{path}")
    assert answer.status_code == 200
    assert bool(answer.text) == (path != "/metrics/probes")


def test_a_node_exporter_answers_on_its_nodes_address(http: httpx.Client) -> None:
    assert 'nodename="worker-2"' in http.get("/10.0.0.12:9100/metrics").text


def test_a_pod_answers_on_its_own_ports(http: httpx.Client) -> None:
    grafana = ip_of("grafana")
    assert http.get(f"/{grafana}:3000/metrics").status_code == 200
    other = http.get(f"/{grafana}:3001/metrics")
    assert (other.status_code, other.text) == (404, f"nothing at {grafana} exposes metrics on port 3001 at /metrics\n")


@pytest.mark.parametrize(
    ("part", "port", "path"),
    [
        ("ksm", 8080, "/metrics/other"),
        ("argocd-server", 8083, "/metric"),
        ("argocd-server", 8080, "/metrics"),
        ("orders-daily-driver", 4040, "/metrics"),
        ("orders-daily-driver", 7079, "/metrics"),
        ("grafana", 3000, "/api/health"),
    ],
)
def test_a_path_that_nothing_exposes_is_not_found(http: httpx.Client, part: str, port: int, path: str) -> None:
    answer = http.get(f"/{ip_of(part)}:{port}{path}")
    assert answer.status_code == 404
    assert answer.text == f"nothing at {ip_of(part)} exposes metrics on port {port} at {path}\n"


def test_an_unknown_address_is_told(http: httpx.Client) -> None:
    answer = http.get("/10.9.9.9:80/metrics")
    assert (answer.status_code, answer.text) == (404, "no pod and no node has the address 10.9.9.9\n")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/metrics"), ("PUT", "/other"), ("DELETE", "/x"), ("POST", "/sink/")]
)
def test_what_is_not_there_is_not_found(http: httpx.Client, method: str, path: str) -> None:
    assert http.request(method, path).status_code == 404


def test_a_scenario_is_injected_and_healed(http: httpx.Client) -> None:
    assert http.get("/-/healthy").is_success
    assert http.get("/-/scenario").json() == {"name": None, "started": None}
    before = time.time()
    started = http.put("/-/scenario/spark-operator-down").json()
    assert started["name"] == "spark-operator-down"
    assert before <= started["started"] <= time.time()
    assert http.get("/-/scenario").json() == started
    operator = f"/{ip_of('spark-operator-controller')}:8080/metrics"
    down = http.get(operator)
    assert (down.status_code, down.text) == (503, "spark-operator is down: scenario spark-operator-down\n")
    assert http.delete("/-/scenario/spark-operator-down").json() == {"name": None, "started": None}
    assert http.get(operator).status_code == 200


def test_an_unknown_scenario_is_not_found(http: httpx.Client) -> None:
    answer = http.put("/-/scenario/spark-operator-dwn")
    assert (answer.status_code, answer.text) == (
        404,
        "no scenario 'spark-operator-dwn'; did you mean 'spark-operator-down'?\n",
    )


def test_scenarios_are_listed(http: httpx.Client) -> None:
    listed = {one["name"]: one for one in http.get("/-/scenarios").json()}
    assert set(listed) == set(SCENARIOS)
    assert listed["oom-kill"]["alerts"] == ["OOMKill"]


def test_notifications_are_kept_before_they_are_acknowledged(http: httpx.Client, tmp_path: Path) -> None:
    before = time.time()
    assert http.post("/sink/pager", json={"status": "firing", "alerts": []}).is_success
    line = json.loads((tmp_path / "notifications.jsonl").read_text())
    assert (line["receiver"], line["payload"]) == ("pager", {"status": "firing", "alerts": []})
    assert http.get("/-/notifications", params={"since": before - 1}).json() == [line]
    assert http.get("/-/notifications", params={"since": line["at"] + 1}).json() == []
    assert http.get("/-/notifications", params={"since": "noon"}).status_code == 400


def test_a_notification_that_is_no_json_is_refused(http: httpx.Client, tmp_path: Path) -> None:
    assert http.post("/sink/pager", content=b"{").status_code == 400
    assert not (tmp_path / "notifications.jsonl").exists()


def test_a_pod_that_really_runs_is_asked_itself(http: httpx.Client, tmp_path: Path) -> None:
    real = str(http.base_url).removeprefix("http://").rstrip("/")
    prometheus = ip_of("prometheus-kube-prometheus-stack")
    assert "prometheus_tsdb_head_series" in http.get(f"/{prometheus}:9090/metrics").text
    (tmp_path / "forwards.json").write_text(json.dumps({f"{prometheus}:9090": real}))
    assert http.get(f"/{prometheus}:9090/-/healthy").text == "ok\n"
    (tmp_path / "forwards.json").write_text(json.dumps({f"{prometheus}:9090": "127.0.0.1:1"}))
    gone = http.get(f"/{prometheus}:9090/metrics")
    assert (gone.status_code, gone.text.startswith("127.0.0.1:1 does not answer: ")) == (502, True)
    (tmp_path / "forwards.json").unlink()
    assert "prometheus_tsdb_head_series" in http.get(f"/{prometheus}:9090/metrics").text


def test_a_half_written_list_of_running_pods_is_read_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "forwards.json"
    forwards = Forwards(file)
    file.write_text('{"10.0.0.1:1": "127.0')
    assert forwards.answer("10.0.0.1", 1, "/") is None
    file.write_text('{"10.0.0.1:1": "127.0.0.1:1"}')
    found = forwards.answer("10.0.0.1", 1, "/")
    assert found is not None
    assert found.status == 502


class _Api:
    """An API server that is away at first. ``there`` is called with the number of the request."""

    def __init__(self, there: Callable[[int], bool]) -> None:
        self.there, self.asked = there, 0

    def items(self, path: str) -> list[dict[str, Any]]:
        self.asked += 1
        if not self.there(self.asked):
            raise httpx.ConnectError("refused")
        meta = {"namespace": "n", "name": "p", "uid": "u"}
        pod = {"metadata": meta, "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}]}]},
               "status": {"podIP": "10.1.1.1"}}  # fmt: skip
        return [pod] if "pods" in path else []


def test_pods_are_followed_and_an_api_server_that_is_away_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    api, stop = _Api(lambda number: number in (3, 4)), Event()
    simulation = Simulation(SYSTEMS, (), Memory(0.0))
    thread = Thread(target=watch, args=(api, simulation, stop))
    thread.start()
    until = time.monotonic() + 5
    while api.asked < 8 and time.monotonic() < until:
        time.sleep(0.01)
    stop.set()
    thread.join()
    assert simulation.answer("10.1.1.1", 80, "/metrics", 1.0).status == 200
    assert capsys.readouterr().err.count("the API server is away") == 2


def test_the_process_refuses_a_system_that_it_cannot_simulate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--listen=127.0.0.1:0", f"--kubeconfig={tmp_path / 'none'}", f"--state={tmp_path}", "--systems=hadoop"]
    assert main(arguments) == 2
    assert "error: no simulation of the system 'hadoop'; there are: airflow" in capsys.readouterr().err
