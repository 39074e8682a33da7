"""Thanos itself, with the arguments that the stacks render: classes, retention, replicas, long rules, the side car."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
import pytest
import thanos_blocks as made
import yaml
from local_platform import eventually
from real_tools import REAL, needs
from stacks import ROOT
from thanos_blocks import DAY, Block
from thanos_processes import INGESTORS, World, found, objects, workloads

from components.charts import CHARTS, archive_path
from components.object_storage import objstore_yaml
from components.series_classes import CLASS_LABEL
from components.services import Services
from model.quantity import seconds
from obs.local.ports import Ports
from obs.local.process import Command, Servers
from obs.run import run_stack
from settings.metrics_store import UNLIMITED
from settings.object_storage import ObjectStorageSettings
from settings.stack import Settings

_CHARTS = [CHARTS[name] for name in ("thanos", "kube-prometheus-stack")]
_ABSENT = [str(pin) for pin in _CHARTS if not archive_path(pin).is_file()]
pytestmark = [
    pytest.mark.charts,
    needs("thanos", "prometheus", "promtool", "helm"),
    pytest.mark.skipif(bool(_ABSENT), reason=f"not in the chart cache: {', '.join(_ABSENT)}; run `obs charts pull`"),
]
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


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
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


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Stack]:
    place = tmp_path_factory.mktemp("thanos")
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


# --- retention


def test_blocks_of_each_class_expire_as_promised_and_all_others_stay(stack: Stack) -> None:
    """The oracle is the requirement: a block goes when all of it is older than its class keeps its resolution."""
    kept = settings("prod").retention_classes
    for name in CLASSES:
        retention = kept[name]
        by_resolution = {0: retention.raw, 300_000: retention.five_minutes, 3_600_000: retention.one_hour}
        for resolution, limit in by_resolution.items():
            mine = [b for b in stack.blocks if b.labels["of"] == name and b.resolution == resolution]
            mine = [b for b in mine if "receive_replica" not in b.labels or name != "business"]
            assert len(mine) == len(AGES), (name, resolution)  # every raw block has been downsampled twice
            for block in mine:
                gone = limit != UNLIMITED and stack.now > block.end + seconds(limit)
                assert block.expired is gone, (name, resolution, (stack.now - block.end) / DAY)


def test_retention_tells_the_classes_apart(stack: Stack) -> None:
    """The test above would hold for three classes that keep the same; these do not."""
    left = {
        name: tuple(
            sum(b.labels["of"] == name and b.resolution == r and not b.expired for b in stack.blocks)
            for r in (0, 300_000, 3_600_000)
        )
        for name in CLASSES
    }
    assert len(set(left.values())) == 3
    assert left["business"][2] == len(AGES)  # unlimited
    assert left["application"][2] < left["infrastructure"][2] < len(AGES)


def test_blocks_from_before_the_classes_are_the_default_classs(stack: Stack) -> None:
    def ends(of: str) -> set[tuple[int, float, bool]]:
        return {(b.resolution, b.end, b.expired) for b in stack.blocks if b.labels["of"] == of}

    assert ends("before") == ends("infrastructure")


def test_copies_of_two_ingestors_become_one_block(stack: Stack) -> None:
    live = [b for b in stack.blocks if b.labels["of"] == "business" and not b.expired]
    assert live
    assert all("receive_replica" not in b.labels for b in live)
    assert len({(b.resolution, b.end) for b in live}) == len(live)


# --- classes and replicas


def raw_series(stack: Stack, expr: str) -> list[dict[str, str]]:
    return [s["metric"] for s in stack.query("thanos-query", expr, dedup="false")]


SELECTORS = [*((f'up{{job="{job}"}}', name) for job, name in JOBS.items()), *RECORDS.items()]


@pytest.mark.parametrize(("selector", "expected"), SELECTORS)
def test_a_series_is_of_the_class_of_its_job_or_name(stack: Stack, selector: str, expected: str) -> None:
    # Two writers, and a copy at each of two ingestors.
    assert eventually(lambda: len(raw_series(stack, selector)) >= 2 * INGESTORS, 40), raw_series(stack, selector)
    assert {s[CLASS_LABEL] for s in raw_series(stack, selector)} == {expected}


def test_query_shows_replicas_and_copies_as_one_without_the_class(stack: Stack) -> None:
    expr = 'up{job="spark-driver"}'
    assert eventually(lambda: len(raw_series(stack, expr)) == 2 * INGESTORS, 40)
    (one,) = stack.query("thanos-query", expr)
    prometheus = found("prod", "Prometheus", "kube-prometheus-stack-prometheus")["spec"]
    assert one["metric"] == {
        "__name__": "up",
        "job": "spark-driver",
        "instance": stack.world.ports.address("prometheus-0/http-address"),
        "prometheus": "m/p",
        **prometheus["externalLabels"],
    }


def test_the_query_frontend_answers_instant_and_range_queries(stack: Stack) -> None:
    assert eventually(lambda: bool(stack.query("thanos-query-frontend", "up")), 40)
    url = f"{stack.world.url('thanos-query-frontend')}/api/v1/query_range"
    params: dict[str, str | float]
    params = {
        "query": f'{made.METRIC}{{of="application"}}',
        "start": stack.now - 40 * DAY,
        "end": stack.now,
        "step": 3600,
    }
    for _ in range(2):  # the second answer is from the cache
        (series,) = httpx.get(url, params=params, timeout=20, trust_env=False).json()["data"]["result"]
        # Raw samples are gone after 7 d; a range query over 40 d still shows what was downsampled.
        assert float(series["values"][0][0]) < stack.now - 15 * DAY


# --- rules that look back further than Prometheus keeps


def promised_samples(stack: Stack) -> int:
    return sum(stack.now - 30 * DAY < time_ for time_ in stack.times)


def test_the_ruler_sees_thirty_days_of_every_class(stack: Stack) -> None:
    expected = {(name, str(promised_samples(stack))) for name in (*CLASSES, "before")}

    def seen() -> set[tuple[str, str]]:
        return {(s["metric"]["of"], s["value"][1]) for s in stack.query("thanos-query", RULES["record"])}

    assert eventually(lambda: seen() == expected, 60), seen()


def test_without_downsampled_blocks_it_would_not(stack: Stack) -> None:
    """What the flag query.instant.default.max_source_resolution is for."""
    expr = f'sum_over_time({made.METRIC}{{of="before"}}[30d])'
    (raw,) = stack.query("thanos-query", expr, max_source_resolution="0s")
    assert float(raw["value"][1]) < promised_samples(stack)


def test_both_rulers_send_the_same_alert(stack: Stack) -> None:
    labels = found("prod", "ThanosRuler", "kube-prometheus-stack-thanos-ruler")["spec"]["labels"]
    expected = {"alertname": "Long", "of": "business", **labels}
    assert eventually(lambda: stack.receiver.alerts.count(expected) >= 2, 60), stack.receiver.alerts[:5]
    assert all("thanos_ruler_replica" not in alert for alert in stack.receiver.alerts)


# --- side car


def test_a_side_car_answers_for_its_prometheus(stack: Stack) -> None:
    def jobs() -> set[str]:
        answer = stack.query("dev-thanos-query", 'up{prometheus="m/p", cluster="dataops-dev"}')
        return {s["metric"]["job"] for s in answer if "prometheus_replica" not in s["metric"]}

    assert eventually(lambda: jobs() == set(JOBS), 40), stack.query("dev-thanos-query", "up")


# --- object storage


def test_thanos_takes_the_s3_credentials_from_the_environment() -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Authorization', '')}")
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    storage = ObjectStorageSettings.model_validate(
        {
            "kind": "s3",
            "endpoint": f"127.0.0.1:{server.server_port}",
            "insecure": True,
            "pathStyle": True,
            "region": "eu",
            "buckets": {"metrics": "metrics", "logs": "logs", "traces": "traces"},
            "existingSecret": "any",
        }
    )
    keys = {"AWS_ACCESS_KEY_ID": "the-key-id", "AWS_SECRET_ACCESS_KEY": "not-sent"}
    command = [tool("thanos"), "tools", "bucket", "ls", f"--objstore.config={objstore_yaml(storage)}"]
    subprocess.run(command, env={**os.environ, **keys}, capture_output=True, timeout=30, check=False)
    server.shutdown()
    assert asked
    assert all(line.startswith("/metrics/") and "Credential=the-key-id/" in line for line in asked)


@cache
def settings(stack_name: str) -> Settings:
    return run_stack(stack_name, ROOT).settings


def test_every_pod_of_thanos_runs_here() -> None:
    """Nothing that the stacks deploy of Thanos is left out above; of dev all that is rendered is started."""
    ours = {"query", "query-frontend", "store-gateway", "receive-router", "receive-ingestor"}
    expected = {f"thanos-{part}" for part in ours} | {f"thanos-{name}-compact" for name in CLASSES}
    assert set(workloads("prod")) == expected
    assert len([o for o in objects("prod") if o["kind"] == "ThanosRuler"]) == 1


def test_every_service_that_others_are_told_of_is_rendered() -> None:
    for stack_name in ("prod", "dev"):
        services = Services(settings(stack_name))
        expected = [services.thanos_query, services.thanos_query_frontend, services.thanos_store_gateway]
        expected += [services.thanos_compactor(name) for name in settings(stack_name).retention_classes]
        receive = settings(stack_name).thanos_mode == "receive"
        expected += [services.thanos_receive, services.thanos_ingestors] if receive else [services.thanos_sidecars]
        for service in expected:
            spec = found(stack_name, "Service", service.name)["spec"]
            assert {p["port"] for p in spec["ports"]} >= set(service.ports.values()), service.name
            assert spec["selector"].items() <= service.pods.items(), service.name
