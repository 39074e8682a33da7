"""Stacks prod (receive) and dev (side car) alive as processes of this machine, around a year of blocks."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import thanos_blocks as made
import yaml
from local_platform import eventually
from real_tools import REAL
from thanos_blocks import Block
from thanos_processes import INGESTORS, World, found, workloads

from components.series_classes import CLASS_LABEL
from obs.local.ports import Ports
from obs.local.process import Command, Servers

AGES = (0, 1, 2, 3, 5, 6, 7, 8, 25, 26, 27, 28)
CLASSES = ("infrastructure", "application", "business")
# A scrape job and a record of the plan for each class.
JOBS = {"node-exporter": "infrastructure", "spark-driver": "application"}
RECORDS = {"dataops:spark:success_rate_24h": "application", "slo:attainment:ratio": "business"}
RULES = {
    "record": "slo:attainment:ratio",
    "expr": f"sum by (of) (sum_over_time({made.METRIC}[30d]))",
}


@dataclass
class Receiver:
    """Stands for Alertmanager: keeps the labels of the alerts that it is told of."""

    url: str = ""
    alerts: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Stack:
    """Stacks prod (receive) and dev (side car), alive. ``blocks`` is the bucket after every compactor ran once."""

    world: World
    blocks: tuple[Block, ...]
    now: float
    times: list[int]
    receiver: Receiver

    def query(self, pod: str, expr: str, **more: str) -> list[dict[str, Any]]:
        answer = httpx.get(
            f"{self.world.url(pod)}/api/v1/query", params={"query": expr, **more}, timeout=20, trust_env=False
        )
        found_: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
        return found_


def tool(name: str) -> str:
    return str(REAL[name])


@contextmanager
def alertmanager() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.alerts += [alert["labels"] for alert in json.loads(body)]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()


@contextmanager
def alive(place: Path, receiver: Receiver) -> Iterator[Stack]:
    world = World(tool("thanos"), place, Ports(place / "ports.json"))
    world.write_objstore()
    now = time.time()
    times = made.sample_times(now, AGES)
    fill(world, now, times)
    compact(world)
    blocks = tuple(made.blocks(world.bucket))
    # What the compactors do two days after they marked it.
    for block in blocks:
        if block.expired:
            block.path.rename(place / f"expired-{block.path.name}")
    servers = Servers(place / "logs")
    try:
        for command in commands(world, receiver):
            servers.start(command)
        for name in servers.names():
            ready = eventually(lambda name=name: is_ready(world, servers, name), 60)  # type: ignore[misc]
            assert ready, servers.last_lines(name, 15)
        yield Stack(world, blocks, now, times, receiver)
    finally:
        servers.stop(*servers.names(), grace=3)


def is_ready(world: World, servers: Servers, name: str) -> bool:
    assert servers.running(name), servers.last_lines(name, 15)
    return httpx.get(f"{world.url(name)}/-/ready", timeout=2, trust_env=False).status_code == 200


def fill(world: World, now: float, times: list[int]) -> None:
    """Blocks of every class, of class business by two ingestors, and some of a side car from before the classes."""
    source = made.make(tool("promtool"), world.place, times)
    for name in CLASSES:
        for replica in ("a", "b") if name == "business" else ("a",):
            made.upload(source, world.bucket, {CLASS_LABEL: name, "receive_replica": replica, "of": name}, now)
    made.upload(source, world.bucket, {"prometheus_replica": "p-0", "of": "before"}, now)


def compact(world: World) -> None:
    """Each compactor of the stack, once."""
    for name in CLASSES:
        pod = f"thanos-{name}-compact"
        args = [arg for arg in workloads("prod")[pod] if arg != "--wait"]
        command = world.command(pod, args, {})
        done = subprocess.run(command.argv, capture_output=True, text=True, check=False, timeout=100)
        assert done.returncode == 0, done.stderr[-3000:]


def commands(world: World, receiver: Receiver) -> Iterator[Command]:
    receive, sidecar = workloads("prod"), workloads("dev")
    ingestors = [f"thanos-receive-ingestor-{i}" for i in range(INGESTORS)]
    in_dev = {"thanos-store-gateway-headless": ["dev-thanos-store-gateway"]}
    behind = {
        "thanos-receive-ingestor-headless": ingestors,
        "thanos-store-gateway-headless": ["thanos-store-gateway"],
        "thanos-ruler-operated": ["ruler-0", "ruler-1"],
        "kube-prometheus-stack-thanos-discovery": ["sidecar"],
    }
    for pod in ingestors:
        yield world.command(pod, receive["thanos-receive-ingestor"], behind)
    for name in ("thanos-receive-router", "thanos-store-gateway", "thanos-query", "thanos-query-frontend"):
        yield world.command(name, receive[name], behind)
    for name, args in sidecar.items():
        yield world.command(f"dev-{name}", args, {**behind, **in_dev})
    yield from _made_by_the_operator(world, receiver)


def _made_by_the_operator(world: World, receiver: Receiver) -> Iterator[Command]:
    rules = world.place / "ruler.yml"
    long = [RULES, {"alert": "Long", "expr": f"{RULES['expr']} > 0"}]
    rules.write_text(yaml.safe_dump({"groups": [{"name": "long", "interval": "1s", "rules": long}]}))
    ruler = found("prod", "ThanosRuler", "kube-prometheus-stack-thanos-ruler")["spec"]
    for pod in ("ruler-0", "ruler-1"):
        yield world.ruler(ruler, pod, rules, receiver.url)
    recorded = world.place / "prometheus-rules.yml"
    records = [{"record": name, "expr": "count(up)"} for name in RECORDS if name != RULES["record"]]
    recorded.write_text(yaml.safe_dump({"groups": [{"name": "short", "interval": "1s", "rules": records}]}))
    targets = dict.fromkeys(JOBS, world.ports.address("prometheus-0/http-address"))
    for stack_, pod in (("prod", "prometheus-0"), ("prod", "prometheus-1"), ("dev", "prometheus-dev")):
        spec = found(stack_, "Prometheus", "kube-prometheus-stack-prometheus")["spec"]
        yield world.prometheus(tool("prometheus"), spec, pod, targets, recorded)
    yield world.sidecar("prometheus-dev", "sidecar")
