"""`up` is up when every target is, says what lacks when not, and never takes an old configuration for the new one."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from stacks import ran

from obs.local import readiness
from obs.local import up as module
from obs.local.readiness import Expected, expected, lacking
from obs.local.state import FORWARDS, LocalError, ProcessState, State, as_sent_to, identity, save
from obs.run import StackRun
from obs.simulate.platform import objects


@dataclass
class Prometheus:
    """What a Prometheus would say; ``jobs`` have one target each."""

    jobs: list[str]
    health: str = "up"
    managers: int = 1
    loaded: float = 0.0
    url: str = ""
    found: int = 1
    broken: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> str:
        self.asked.append(path)
        if path == "/metrics":
            return f"prometheus_config_last_reload_success_timestamp_seconds {self.loaded:.3f}\n"
        if path.startswith("/api/v1/alertmanagers"):
            return json.dumps({"data": {"activeAlertmanagers": [{}] * self.managers}})
        if path == "/ready":
            return ""
        if path.startswith("/api/v1/query?"):
            return json.dumps({"data": {"result": [{}] * self.found}})
        targets = [
            {"labels": {"job": job, "instance": "10.0.0.1:80"}, "health": self.health, "lastError": "refused"}
            for job in self.jobs
        ]
        return json.dumps({"data": {"activeTargets": targets}})


@pytest.fixture(scope="module")
def run() -> StackRun:
    return ran("local")


@pytest.fixture
def jobs(run: StackRun) -> list[str]:
    return sorted({scrape.job for system in run.plan.systems for scrape in system.scrapes})


@pytest.fixture
def prometheus(jobs: list[str]) -> Iterator[Prometheus]:
    served = Prometheus(list(jobs))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            broken = self.path == served.broken
            body = ("ingester is joining" if broken else served.answer(self.path)).encode()
            self.send_response(503 if broken else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield served
    server.shutdown()
    server.server_close()


def state(prometheus: Prometheus, **more: Any) -> State:
    names = ("prometheus", "alertmanager")
    processes = {n: ProcessState(name=n, pid=1, started=0, restarts=0, url=prometheus.url) for n in names}
    pid = os.getpid()
    base = State(pid=pid, identity=identity(pid), phase="ready", step="", processes=processes)
    return replace(base, **more)


def missing(prometheus: Prometheus, jobs: list[str], front: str = "", **more: Any) -> list[str]:
    needed = Expected(dict.fromkeys(jobs, "systems/x.py:1"), ("prometheus", "alertmanager"), front)
    with httpx.Client(trust_env=False) as client:
        return lacking(client, state(prometheus, **more), needed)


def test_nothing_lacks_when_every_job_has_its_targets_up(prometheus: Prometheus, jobs: list[str]) -> None:
    assert missing(prometheus, jobs) == []


def test_a_job_that_selects_nothing_lacks(prometheus: Prometheus, jobs: list[str]) -> None:
    prometheus.jobs.remove("spark-driver")
    assert missing(prometheus, jobs) == ["job spark-driver has no target (systems/x.py:1)"]


def test_a_target_that_is_down_lacks_with_its_reason(prometheus: Prometheus, jobs: list[str]) -> None:
    prometheus.health = "down"
    assert "kubelet 10.0.0.1:80: refused" in missing(prometheus, jobs)


def test_an_alertmanager_that_was_not_found_lacks(prometheus: Prometheus, jobs: list[str]) -> None:
    prometheus.managers = 0
    assert missing(prometheus, jobs) == ["Prometheus has found no Alertmanager yet"]


def test_a_server_that_was_not_given_its_configuration_lacks(prometheus: Prometheus, jobs: list[str]) -> None:
    assert missing(prometheus, jobs, problem="prometheus-0: would reach out") == ["prometheus-0: would reach out"]


def test_a_server_without_a_pod_lacks(prometheus: Prometheus) -> None:
    processes = {"prometheus": ProcessState(name="prometheus", pid=1, started=0, restarts=0, url=prometheus.url)}
    assert missing(prometheus, [], processes=processes) == ["alertmanager does not run yet: its pod is not there"]


@pytest.mark.parametrize(
    ("ready", "said"),
    [("/ready", "loki is not ready: ingester is joining"), ("", "loki does not answer yet")],
)
def test_a_server_that_is_not_ready_lacks_with_its_reason(
    prometheus: Prometheus, jobs: list[str], ready: str, said: str
) -> None:
    prometheus.broken = "/ready"
    url = f"{prometheus.url}{ready}" if ready else "http://127.0.0.1:1/ready"
    loki = ProcessState(name="loki", pid=1, started=0, restarts=0, ready=url)
    assert missing(prometheus, jobs, processes={**state(prometheus).processes, "loki": loki}) == [said]
    prometheus.broken = ""
    assert missing(prometheus, jobs, processes={**state(prometheus).processes, "loki": loki}) == (
        [] if ready else [said]
    )


def test_series_that_nobody_can_read_lack(prometheus: Prometheus, jobs: list[str]) -> None:
    assert missing(prometheus, jobs, front="prometheus") == []
    prometheus.found = 0
    assert missing(prometheus, jobs, front="prometheus") == ["prometheus finds no series yet"]


def test_parts_without_a_tool_are_not_waited_for(run: StackRun) -> None:
    everything = readiness.servers(run.settings)
    assert {"thanos-query", "thanos-query-frontend", "thanos-sidecar", "loki", "otel-gateway"} <= everything.keys()
    without = expected(run, {"prometheus", "alertmanager", "thanos", "otelcol"}).servers
    assert {*everything} - {*without} == {"loki"}


def test_a_job_that_nobody_scrapes_is_not_waited_for(run: StackRun) -> None:
    """The metrics generator writes its series itself: job spans has no target, ever."""
    jobs = {scrape.job for system in run.plan.systems for scrape in system.scrapes}
    assert jobs - expected(run, ()).jobs.keys() == {"spans"}


def test_waiting_ends_with_what_lacks(
    prometheus: Prometheus, run: StackRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "_SECONDS", 1)
    prometheus.jobs.remove("spark-driver")
    save(tmp_path, state(prometheus))
    needed = replace(expected(run, ("prometheus", "alertmanager")), front="")
    said = r"not everything is up after 1 s:\n  job spark-driver has no target \(systems/spark/"
    with pytest.raises(LocalError, match=said):
        readiness.wait_until_up(tmp_path, needed, lambda _: None)


def test_a_change_is_waited_for_until_it_is_loaded(prometheus: Prometheus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETTLED_SECONDS", 0.5)
    since = time.time()
    threading.Timer(2, lambda: setattr(prometheus, "loaded", time.time())).start()
    module._wait_for_reload(state(prometheus), since, lambda _: None)
    assert prometheus.loaded > since


def test_a_prometheus_that_is_being_replaced_is_waited_for(
    prometheus: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RELOAD_SECONDS", 2)
    gone = replace(prometheus, url="http://127.0.0.1:1")
    module._wait_for_reload(state(gone), time.time(), lambda _: None)


def test_a_change_that_needs_no_reload_is_not_waited_for_without_end(
    prometheus: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RELOAD_SECONDS", 2)
    module._wait_for_reload(state(prometheus), time.time(), lambda _: None)
    assert prometheus.asked


@pytest.mark.parametrize(
    ("systems", "compression", "serves"),
    [(("nodes",), None, True), (("nodes",), 30, True), (("nodes", "spark"), None, False), (("nodes",), 1, False)],
)
def test_a_platform_with_other_systems_or_another_pace_does_not_serve(
    prometheus: Prometheus, systems: tuple[str, ...], compression: int | None, serves: bool
) -> None:
    running = state(prometheus, systems=("nodes",), compression=30)
    assert module._serves(running, systems, compression) is serves


def test_a_server_is_asked_where_prometheus_sends_to(prometheus: Prometheus, tmp_path: Path) -> None:
    pods = {"10.244.0.5:9093": prometheus.url.removeprefix("http://"), "10.244.0.6:9090": "127.0.0.1:1"}
    (tmp_path / FORWARDS).write_text(json.dumps(pods))
    running = state(prometheus, simulator="http://127.0.0.1:4000")
    assert as_sent_to(tmp_path, running, "alertmanager") == "http://127.0.0.1:4000/10.244.0.5:9093"


def test_every_system_of_stack_local_that_is_scraped_has_a_simulation(run: StackRun) -> None:
    """What only reads what others expose has none, and needs none."""
    asked = module.simulated(run)
    assert "spark" in asked
    assert not {"platform", "capacity", "pipeline"} & set(asked)
    assert objects(asked)


def test_a_machine_that_failed_says_why_instead_of_the_api_server(tmp_path: Path) -> None:
    gone = httpx.ConnectError("refused")
    assert str(module._unanswered(tmp_path, gone)) == "the API server does not answer: refused"
    pid = os.getpid()
    save(tmp_path, State(pid=pid, identity=identity(pid), phase="failed", step="kwok", problem="no such flag"))
    assert str(module._unanswered(tmp_path, gone)) == "starting kwok failed: no such flag"
