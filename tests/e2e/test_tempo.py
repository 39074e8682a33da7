"""Real spans through a real Tempo: they are found again, and counted for those that sampling left out."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from local_platform import eventually
from real_servers import LOOPBACK, free_ports, server
from real_tools import REAL, needs
from stacks import run

from components.datasources import TRACE_ID
from components.sampling import SAMPLING_RATIO
from components.tempo_config import DATA
from components.tempo_values import single_config

# Built by nobody here; the lines 2.8 to 2.10 take the same files.
TEMPO = shutil.which("tempo")
pytestmark = [
    needs("prometheus"),
    pytest.mark.skipif(TEMPO is None, reason="the store itself is not here: install tempo 2.10 on PATH"),
]
SERVER, CLIENT, INTERNAL = 2, 3, 1
SHOP, STOCK = "shop", "stock"
Span = dict[str, Any]


def config(stack: str = "local", **changed: Any) -> dict[str, Any]:
    return single_config(run(stack, config=changed).namespace["settings"])


def verify(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "tempo.yaml").write_text(text)
    command = [str(TEMPO), f"-config.file={folder / 'tempo.yaml'}", "-config.verify=true"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("stack", ["prod", "apps", "local"])
def test_tempo_accepts_the_configuration_of_every_kind_of_storage(stack: str, tmp_path: Path) -> None:
    done = verify(yaml.safe_dump(config(stack)), tmp_path)
    assert done.returncode == 0, done.stderr


def test_tempo_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    wrong = config()
    wrong["metrics_generator"]["processor"]["span_metrics"]["span_multiplyer_key"] = "x"
    assert "span_multiplyer_key" in verify(yaml.safe_dump(wrong), tmp_path).stderr


@dataclass(frozen=True)
class Running:
    tempo: str
    intake: str
    prometheus: str

    def send(self, service: str, *spans: Span) -> None:
        resource = {"attributes": [_attribute("service.name", service)]}
        body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}
        httpx.post(f"{self.intake}/v1/traces", json=body, timeout=10, trust_env=False).raise_for_status()

    def trace(self, trace_id: str) -> set[str]:
        """Names of the spans of a trace."""
        answer = httpx.get(f"{self.tempo}/api/traces/{trace_id}", timeout=10, trust_env=False)
        if answer.status_code != 200:
            return set()
        batches = answer.json()["batches"]
        return {span["name"] for batch in batches for scope in batch["scopeSpans"] for span in scope["spans"]}

    def value(self, query: str) -> float:
        parameters = {"query": query}
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params=parameters, timeout=10, trust_env=False)
        return sum(float(series["value"][1]) for series in answer.json()["data"]["result"])

    def exemplars(self, query: str) -> set[str]:
        """Traces to which exemplars of a series lead."""
        now = time.time()
        parameters: dict[str, str | float] = {"query": query, "start": now - 600, "end": now + 60}
        answer = httpx.get(f"{self.prometheus}/api/v1/query_exemplars", params=parameters, timeout=10, trust_env=False)
        series = answer.json()["data"]
        return {exemplar["labels"].get(TRACE_ID, "") for one in series for exemplar in one["exemplars"]}


def _attribute(key: str, value: str | float) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value} if isinstance(value, str) else {"doubleValue": value}}


def span(trace_id: str, name: str, kind: int, *, parent: str = "", own: str = "", ratio: float | None = None) -> Span:
    ended = time.time_ns()
    return {
        "traceId": trace_id,
        "spanId": own or secrets.token_hex(8),
        **({"parentSpanId": parent} if parent else {}),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(ended - 250_000_000),
        "endTimeUnixNano": str(ended),
        "attributes": [] if ratio is None else [_attribute(SAMPLING_RATIO, ratio)],
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("tempo")
    web, grpc, otlp, otlp_http, prometheus = free_ports(5)
    found = Running(*(f"http://{LOOPBACK}:{port}" for port in (web, otlp_http, prometheus)))
    file = folder / "tempo.yaml"
    file.write_text(yaml.safe_dump(_on_this_machine(config(), folder, web, grpc, otlp, otlp_http, prometheus)))
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
    storing = [
        REAL["prometheus"],
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={LOOPBACK}:{prometheus}",
        "--web.enable-remote-write-receiver",
        "--enable-feature=exemplar-storage",
    ]
    tempo = [TEMPO, f"-config.file={file}", "-mem-ballast-size-mbs=0"]
    with (
        server(storing, f"{found.prometheus}/-/ready", folder / "prometheus.log"),
        server(tempo, f"{found.tempo}/ready", folder / "tempo.log", seconds=120),
    ):
        yield found


def _on_this_machine(made: dict[str, Any], folder: Path, *ports: int) -> dict[str, Any]:
    """The configuration as it is deployed, with its data in a folder and its ports on the loopback interface."""
    web, grpc, otlp, otlp_http, prometheus = ports
    moved: dict[str, Any] = yaml.safe_load(yaml.safe_dump(made).replace(DATA, str(folder)))
    moved["server"] |= {
        "http_listen_address": LOOPBACK,
        "http_listen_port": web,
        "grpc_listen_address": LOOPBACK,
        "grpc_listen_port": grpc,
    }
    moved["memberlist"] = {"bind_addr": [LOOPBACK], "bind_port": 0}
    receivers = moved["distributor"]["receivers"]["otlp"]["protocols"]
    receivers["grpc"]["endpoint"], receivers["http"]["endpoint"] = f"{LOOPBACK}:{otlp}", f"{LOOPBACK}:{otlp_http}"
    (target,) = moved["metrics_generator"]["storage"]["remote_write"]
    target["url"] = f"http://{LOOPBACK}:{prometheus}/api/v1/write"
    return moved


def test_spans_are_found_and_counted_as_often_as_they_stand_for(running: Running) -> None:
    kept = [secrets.token_hex(16) for _ in range(10)]
    failed = [secrets.token_hex(16) for _ in range(5)]
    for trace_id in kept:
        running.send(SHOP, span(trace_id, "GET /cart", SERVER, ratio=0.1), span(trace_id, "price", INTERNAL, ratio=0.1))
    for trace_id in failed:
        running.send(SHOP, span(trace_id, "GET /cart", SERVER))

    assert eventually(lambda: running.trace(kept[0]) == {"GET /cart", "price"})
    calls = f'traces_spanmetrics_calls_total{{service="{SHOP}", span_name="GET /cart", cluster="local"}}'
    # Each of ten stands for ten, each of five for itself.
    assert eventually(lambda: running.value(calls) == 105), running.value(calls)
    assert eventually(lambda: running.value(calls.replace("calls_total", "latency_count")) == 105)
    # 250 ms: in the bucket of 300 and not in that of 200.
    bucket = calls.replace("calls_total", "latency_bucket")
    assert running.value(bucket.replace("}", ', le="0.3"}')) == 105
    assert running.value(bucket.replace("}", ', le="0.2"}')) == 0
    assert running.value(f'traces_spanmetrics_calls_total{{service="{SHOP}", span_name="price"}}') == 0
    assert eventually(lambda: bool(running.exemplars(bucket) & {*kept, *failed}))


def test_who_calls_whom_is_counted_in_the_same_way(running: Running) -> None:
    trace_id, parent = secrets.token_hex(16), secrets.token_hex(8)
    running.send(SHOP, span(trace_id, "reserve", CLIENT, own=parent, ratio=0.25))
    running.send(STOCK, span(trace_id, "POST /reserve", SERVER, parent=parent, ratio=0.25))
    edge = f'traces_service_graph_request_total{{client="{SHOP}", server="{STOCK}"}}'
    assert eventually(lambda: running.value(edge) == 4), running.value(edge)


def test_a_number_that_is_not_a_double_counts_once(running: Running) -> None:
    """What the collector must not do: Tempo says nothing about it."""
    one = span(secrets.token_hex(16), "GET /whole", SERVER)
    one["attributes"] = [{"key": SAMPLING_RATIO, "value": {"intValue": "10"}}]
    running.send(SHOP, one)
    calls = f'traces_spanmetrics_calls_total{{service="{SHOP}", span_name="GET /whole"}}'
    assert eventually(lambda: running.value(calls) == 1)


def test_tempo_is_scraped_for_what_alerts_and_docs_name(running: Running) -> None:
    text = httpx.get(f"{running.tempo}/metrics", timeout=10, trust_env=False).text
    for name in (
        "tempo_distributor_spans_received_total",
        "tempo_metrics_generator_spans_received_total",
        "tempo_metrics_generator_registry_series_limited_total",
    ):
        assert f"\n{name}" in text, name
