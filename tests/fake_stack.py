"""A small server with the APIs of Prometheus and Alertmanager that answers for a plan as planned, until a test meddles.

The shapes are those of Prometheus 3.15 and Alertmanager 0.34, asked in November 2026.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from stacks import ran

from model.quantity import seconds
from model.rule import Alert, RecordingRule
from obs.run import StackRun
from obs.verify.promises import Job, jobs
from plan import Plan

CLUSTER = "local"
_BY_JOB = re.compile(r'(?P<how>.*?)\(?(?:\d+, )?\{job="(?P<job>[^"]+)", cluster=~"[^"]*"(?:, (?P<label>\w+)!="")?\}\)?')


LOSSES = re.compile(r"increase\(otelcol_|max by \(service, exporter\)")
"""What is asked of a collector that loses something."""


@cache
def run() -> StackRun:
    """Stack local, run once for all tests of a process."""
    return ran("local")


def plan() -> Plan:
    return run().plan


@cache
def promised() -> tuple[Job, ...]:
    return jobs(plan())


@dataclass
class Fake:
    """What the server answers. ``series``: job -> metric -> its labels; ``empty`` are parts of queries without data.

    ``asked`` are the queries that came, ``broken`` path -> status; ``seen`` the headers of the last request,
    ``given`` path -> the parameters of the last one there.
    """

    targets: list[dict[str, Any]] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    groups: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    series: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    config: str = f"global:\n  external_labels:\n    cluster: {CLUSTER}\n"
    alertmanagers: list[str] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    peers: str = "ready"
    stores: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    values: Callable[[str, str], list[str]] = lambda _label, _selector: [CLUSTER]
    has_data: Callable[[str], bool] = lambda _query: True
    value: str = "1"
    broken: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    given: dict[str, dict[str, str]] = field(default_factory=dict)
    prefix: str = ""

    def answer(self, path: str, given: dict[str, str]) -> Any:
        """The document of a path, or text; KeyError for a path that there is not."""
        pages: dict[str, Callable[[], Any]] = {
            "/-/ready": lambda: "Prometheus Server is Ready.\n",
            "/ready": lambda: "ready\n",
            "/api/v2/status": lambda: {"cluster": {"peers": [], "status": self.peers}},
            "/api/v2/alerts": lambda: self.alerts,
            "/api/v1/status/config": lambda: _data({"yaml": self.config}),
            "/api/v1/targets": lambda: _data(self._targets(given)),
            "/api/v1/rules": lambda: _data({"groups": self.groups}),
            "/api/v1/stores": lambda: _data(self.stores),
            "/api/v1/metadata": lambda: _data(self.metadata),
            "/api/v1/alertmanagers": lambda: _data({"activeAlertmanagers": [{"url": u} for u in self.alertmanagers]}),
            "/api/v1/query": lambda: _data(self._query(given["query"])),
            "/api/v1/query_range": lambda: _data(self._range(given["query"])),
        }
        if found := re.fullmatch(r"/api/v1/label/(\w+)/values", path):
            return _data(self.values(found[1], given["match[]"]))
        return pages[path]()

    def _targets(self, given: dict[str, str]) -> dict[str, Any]:
        if given["state"] == "active":
            return {"activeTargets": self.targets, "droppedTargets": [], "droppedTargetCounts": None}
        return {"activeTargets": [], "droppedTargets": [], "droppedTargetCounts": self.dropped}

    def _query(self, query: str) -> dict[str, Any]:
        self.asked.append(query)
        if query == "1":
            return {"resultType": "scalar", "result": [1795250560.792, "1"]}
        if found := _BY_JOB.fullmatch(query):
            return _vector(self._of_job(found))
        return _vector([({}, self.value)] if self.has_data(query) else [])

    def _of_job(self, query: re.Match[str]) -> list[tuple[dict[str, str], str]]:
        metrics = self.series.get(query["job"], {})
        if query["how"].startswith("count"):
            return [({"__name__": name}, "1") for name in metrics]
        wanted = [name for name, labels in metrics.items() if query["label"] is None or query["label"] in labels]
        return [({"__name__": name} | dict.fromkeys(metrics[name], "x"), "1") for name in wanted]

    def _range(self, query: str) -> dict[str, Any]:
        self.asked.append(query)
        result = [{"metric": {}, "values": [[1795250545, self.value], [1795250560, self.value]]}]
        return {"resultType": "matrix", "result": result if self.has_data(query) else []}


def _metadata() -> dict[str, list[dict[str, str]]]:
    """Prometheus lists every type that some target tells: exporters may differ in what they make of one name."""
    found: dict[str, dict[str, None]] = {}
    for job in promised():
        for name, sources in job.known.items():
            if sources[0].type in ("counter", "gauge", "histogram", "summary") and job.family(name) == name:
                found.setdefault(name, {})[sources[0].type] = None
    return {name: [{"type": kind, "help": "", "unit": ""} for kind in kinds] for name, kinds in found.items()}


def as_planned() -> Fake:
    """A stack that is as its plan says, with nothing to explain."""
    return Fake(
        targets=[target(job, endpoint.port, endpoint.path) for job, endpoint in _endpoints()],
        groups=[group(g.name, g.interval, [loaded(r) for r in g.rules]) for g in plan().groups()],
        metadata=_metadata(),
        series={
            job.name: {name: set().union(*(s.labels for s in found)) for name, found in job.promised().items()}
            for job in promised()
        },
        alertmanagers=["http://127.0.0.1:9093/api/v2/alerts"],
        has_data=lambda query: not LOSSES.search(query),
    )


def querier() -> Fake:
    """Thanos before that stack, as 0.42 answers: everything that Prometheus has, and the stores of mode sidecar."""
    fake = as_planned()
    fake.stores = {kind: [store(f"127.0.0.1:{port}")] for port, kind in enumerate(("sidecar", "store", "rule"), 4000)}
    fake.broken = {"/api/v1/status/config": 404, "/api/v1/alertmanagers": 404}
    return fake


def store(name: str, error: str | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "lastCheck": "2026-11-21T08:42:40.195500048Z",
        "lastError": error,
        "labelSets": [{"cluster": CLUSTER}],
        "minTime": 0,
        "maxTime": 9223372036854775807,
    }


def _endpoints() -> Iterator[tuple[str, Any]]:
    for system in plan().systems:
        for scrape in system.scrapes:
            yield from ((scrape.job, endpoint) for endpoint in scrape.endpoints)


def target(job: str, port: str, path: str, *, pool: str = "", error: str = "", **labels: str) -> dict[str, Any]:
    """One active target; ``pool`` has the name that the operator gives."""
    return {
        "discoveredLabels": {"__address__": "10.244.0.17:8080", "__metrics_path__": path, "__scheme__": "http"},
        "labels": {"cluster": CLUSTER, "endpoint": port, "instance": "10.244.0.17:8080", "job": job} | labels,
        "scrapePool": pool or f"podMonitor/monitoring/{job}/0",
        "scrapeUrl": f"http://10.244.0.17:8080{path}",
        "lastError": error,
        "lastScrape": "2026-11-21T08:42:40.195500048Z",
        "health": "down" if error else "up",
        "scrapeInterval": "30s",
    }


def group(name: str, interval: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "file": "/etc/prometheus/rules/x.yaml",
        "interval": seconds(interval),
        "limit": 0,
        "rules": rules,
        "evaluationTime": 0.000969876,
        "lastEvaluation": "2026-11-21T08:42:39.657886603Z",
    }


def loaded(rule: Alert | RecordingRule) -> dict[str, Any]:
    """A rule as /api/v1/rules tells it."""
    common = {
        "query": str(rule.expr),
        "health": "ok",
        "evaluationTime": 0.000266057,
        "lastEvaluation": "2026-11-21T08:42:39.65802896Z",
    }
    if isinstance(rule, RecordingRule):
        return {"name": rule.record, "labels": dict(rule.labels), "type": "recording", **common}
    return {
        "state": "inactive",
        "name": rule.name,
        "duration": seconds(rule.for_),
        "labels": rule.own_labels,
        "alerts": None,
        "type": "alerting",
        **common,
    }


def watchdog(cluster: str = CLUSTER) -> dict[str, Any]:
    return {"labels": {"alertname": "Watchdog", "cluster": cluster}, "status": {"state": "active"}}


def _data(data: Any) -> dict[str, Any]:
    return {"status": "success", "data": data}


def _vector(found: list[tuple[dict[str, str], str]]) -> dict[str, Any]:
    result = [{"metric": labels, "value": [1795250560.757, value]} for labels, value in found]
    return {"resultType": "vector", "result": result}


@contextmanager
def served(fake: Fake) -> Iterator[str]:
    """The address of a server that answers as ``fake`` says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond(dict(parse_qsl(urlsplit(self.path).query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._respond(dict(parse_qsl(body)))

        def _respond(self, given: dict[str, str]) -> None:
            fake.seen = dict(self.headers)
            path = urlsplit(self.path).path.removeprefix(fake.prefix)
            fake.given[path] = given
            status = fake.broken.get(path, 200)
            try:
                document = {"status": "error", "error": "it hurts"} if status != 200 else fake.answer(path, given)
            except KeyError:
                status, document = 404, "404 page not found\n"
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "https://login.example/")
            self.end_headers()
            self.wfile.write((document if isinstance(document, str) else json.dumps(document)).encode())

        def log_message(self, *_: object) -> None:
            """Tests read what they asked for, not the log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{fake.prefix}"
    finally:
        server.shutdown()
        server.server_close()
