"""Loki as a process on this machine, with the configuration that the chart makes of a stack's settings."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from real_tools import REAL
from stacks import run

from components.charts import CHARTS, archive_path
from components.loki_values import loki_values
from components.metrics import OPERATOR_APIS
from components.sizes import sizing
from obs import helm
from obs.chart_archive import ChartError
from settings import Settings

_ARCHIVES = {name: archive_path(CHARTS[name]) for name in ("loki", "alloy")}
"""Looked for before any test moves the cache."""
Manifest = dict[str, Any]
Labels = Mapping[str, str]
Stream = tuple[Labels, list[tuple[int, str, Labels]]]
"""Labels, and lines: nanoseconds, text, structured metadata."""


def settings(stack: str = "dev", **config: Any) -> Settings:
    found: Settings = run(stack, config=config).namespace["settings"]
    return found


def needs_chart(name: str) -> pytest.MarkDecorator:
    """Skips a test, saying what to do, where the chart or helm is not there."""
    reason = "" if _ARCHIVES[name].is_file() else f"no {CHARTS[name]} in the chart cache; run `obs charts pull`"
    try:
        _helm()
    except ChartError as error:
        reason = reason or str(error)
    return pytest.mark.skipif(bool(reason), reason=reason or "all there")


@cache
def _helm() -> Path:
    return helm.find()


def rendered(name: str, values: Mapping[str, Any], namespace: str, *, kubernetes: str = "1.31.0") -> list[Manifest]:
    """The objects that the chart makes of the values."""
    text = helm.template(
        _helm(),
        _ARCHIVES[name],
        release=name,
        namespace=namespace,
        values=values,
        kube_version=kubernetes,
        api_versions=OPERATOR_APIS,
    )
    return [document for document in yaml.safe_load_all(text) if document]


def loki_objects(given: Settings) -> list[Manifest]:
    return rendered("loki", loki_values(given, sizing(given)), given.namespace)


def loki_file(given: Settings) -> Manifest:
    """config.yaml as it is mounted into every pod of Loki."""
    (text,) = (
        o["data"]["config.yaml"]
        for o in loki_objects(given)
        if (o["kind"], o["metadata"]["name"]) == ("ConfigMap", "loki")
    )
    found: Manifest = yaml.safe_load(text)
    return found


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def localised(file: Manifest, folder: Path, http: int) -> Manifest:
    """The same configuration on 127.0.0.1 and below ``folder``: addresses, paths and who else is there; no limit."""
    grpc = free_port()
    chunks = {"chunks_directory": str(folder / "chunks"), "rules_directory": str(folder / "rules")}
    common = {
        **file["common"],
        "path_prefix": str(folder),
        "storage": {"filesystem": chunks},
        "compactor_grpc_address": f"127.0.0.1:{grpc}",
        "instance_addr": "127.0.0.1",
        "ring": {"kvstore": {"store": "inmemory"}},
    }
    listen = {
        "http_listen_address": "127.0.0.1",
        "http_listen_port": http,
        "grpc_listen_address": "127.0.0.1",
        "grpc_listen_port": grpc,
    }
    storage = {k: v for k, v in file["storage_config"].items() if k != "bloom_shipper"}
    left = {k: v for k, v in file.items() if k not in ("memberlist", "runtime_config")}
    # One instance that nobody must get to know first. It counts itself at a heartbeat, and divides limits by that.
    lifecycler = {"min_ready_duration": "0s", "join_after": "0s", "heartbeat_period": "100ms"}
    return {
        **left,
        "common": common,
        "server": {**file["server"], **listen},
        "storage_config": storage,
        "ingester": {**file["ingester"], "lifecycler": lifecycler},
        "frontend": {**file["frontend"], "scheduler_dns_lookup_period": "200ms"},
        "frontend_worker": {**file["frontend_worker"], "dns_lookup_duration": "200ms"},
    }


def eventually(check: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


class Loki:
    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=30)

    def ready(self) -> bool:
        try:
            return self.client.get("/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def push(self, streams: Sequence[Stream]) -> httpx.Response:
        """The push API in JSON."""
        body = {"streams": [{"stream": dict(s), "values": [[str(t), x, dict(m)] for t, x, m in v]} for s, v in streams]}
        return self.client.post("/loki/api/v1/push", json=body)

    def push_otlp(self, resource: Labels, records: list[Manifest]) -> httpx.Response:
        """OTLP over HTTP in JSON: one resource, one scope."""
        attributes = [{"key": k, "value": {"stringValue": v}} for k, v in resource.items()]
        logs = {"resource": {"attributes": attributes}, "scopeLogs": [{"scope": {}, "logRecords": records}]}
        return self.client.post("/otlp/v1/logs", json={"resourceLogs": [logs]})

    def query(self, expression: str, start: int, end: int) -> list[tuple[dict[str, str], str]]:
        """Stream labels (with structured metadata where it is not the same for all) and line, oldest first."""
        answer = self.client.get(
            "/loki/api/v1/query_range",
            params={"query": expression, "start": start, "end": end, "limit": 5000, "direction": "forward"},
        )
        assert answer.status_code == 200, answer.text
        found = [(int(t), s["stream"], x) for s in answer.json()["data"]["result"] for t, x, *_ in s["values"]]
        return [(labels, line) for _, labels, line in sorted(found, key=lambda item: item[0])]

    def series(self, start: int, end: int, match: str = '{namespace=~".+"}') -> list[dict[str, str]]:
        """The index labels of every stream."""
        answer = self.client.get("/loki/api/v1/series", params={"match[]": match, "start": start, "end": end})
        found: list[dict[str, str]] = answer.json()["data"]
        return found

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the series that have these labels."""
        total = 0.0
        for line in self.client.get("/metrics").text.splitlines():
            if line.startswith((f"{name}{{", f"{name} ")) and all(f'{k}="{v}"' in line for k, v in labels.items()):
                total += float(line.rpartition(" ")[2])
        return total


def _arguments() -> list[str]:
    """What the values add to the command line of the one process."""
    given = settings()
    found: list[str] = loki_values(given, sizing(given))["singleBinary"]["extraArgs"]
    return found


@contextmanager
def running(file: Manifest, folder: Path, port: int | None = None) -> Iterator[Loki]:
    """The real Loki with a localised configuration, stopped as a kubelet stops it."""
    http = port or free_port()
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(localised(file, folder, http)))
    with (folder / "log").open("a") as log:
        command = [str(REAL["loki"]), f"-config.file={path}", "-target=all", *_arguments()]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            loki = Loki(f"http://127.0.0.1:{http}")
            assert eventually(lambda: loki.ready() or process.poll() is not None, 60), (folder / "log").read_text()
            assert process.poll() is None, (folder / "log").read_text()
            yield loki
        finally:
            process.terminate()
            process.wait(60)


def verified(file: Manifest, folder: Path) -> subprocess.CompletedProcess[str]:
    """What Loki says of a configuration."""
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(file))
    command = [str(REAL["loki"]), f"-config.file={path}", "-verify-config", "-target=all"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def now() -> int:
    """Nanoseconds since 1970."""
    return time.time_ns()
