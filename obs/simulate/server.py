"""The process that is every exporter of the simulated platform, and the place where its notifications go.

``python -m obs.simulate.server --listen 127.0.0.1:PORT --kubeconfig FILE --systems kubernetes,nodes --state DIR
--compression 30``

========================================  =====================================================
``GET /<ip>:<port>/<path>``               the metrics of the pod or node with that address
``GET /-/healthy``                        200
``GET /-/scenarios``                      the faults that there are
``GET /-/scenario``                       the one that holds: ``name`` and ``started``, or null
``PUT`` or ``DELETE /-/scenario/<name>``  inject one (several at once: ``one+other``), heal
``POST /<ip>:<port>/<path>``              handed on to the pod with that address, where it runs
``POST /sink/<receiver>``                 a notification of Alertmanager
``GET /-/notifications?since=<seconds>``  those that arrived
========================================  =====================================================
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from obs.errors import ObsError
from obs.local.kube import Kube
from obs.simulate.cluster import cluster
from obs.simulate.exposition import CONTENT_TYPE
from obs.simulate.forwards import Forwards
from obs.simulate.memory import Memory
from obs.simulate.scenario import ScenarioError
from obs.simulate.scenarios import SCENARIOS
from obs.simulate.simulation import Answer, Simulation
from obs.simulate.sink import Sink

_TARGET = re.compile(r"/(?P<ip>[0-9.]+):(?P<port>\d+)(?P<path>/.*)")
POLL_SECONDS = 1.0


class Server(ThreadingHTTPServer):
    """Answers for everyone. ``address`` is "127.0.0.1:PORT", port 0 for any free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: str, simulation: Simulation, sink: Sink, forwards: Forwards) -> None:
        host, _, port = address.rpartition(":")
        self.simulation, self.sink, self.forwards = simulation, sink, forwards
        super().__init__((host, int(port)), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that gave up is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: a scrape would wait 40 ms for the second
    server: Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        target = _TARGET.fullmatch(url.path)
        simulation = self.server.simulation
        if target:
            self._metrics(target["ip"], int(target["port"]), target["path"])
        elif url.path == "/-/healthy":
            self._text(Answer(200, "ok\n"))
        elif url.path == "/-/scenarios":
            fields = ("name", "title", "description", "system", "alerts", "within")
            self._json(200, [{name: getattr(s, name) for name in fields} for s in simulation.scenarios.values()])
        elif url.path == "/-/scenario":
            name, started = simulation.fault or (None, None)
            self._json(200, {"name": name, "started": started})
        elif url.path == "/-/notifications":
            self._notifications(parse_qs(url.query).get("since", ["0"])[-1])
        else:
            self._nothing()

    def do_PUT(self) -> None:
        name = self.path.removeprefix("/-/scenario/")
        if name == self.path:
            return self._nothing()
        self._body()
        try:
            self.server.simulation.inject(name, time.time())
        except ScenarioError as error:
            return self._text(Answer(404, f"{error}\n"))
        return self._json(200, dict(zip(("name", "started"), self.server.simulation.fault or (), strict=True)))

    def do_DELETE(self) -> None:
        if not self.path.startswith("/-/scenario"):
            return self._nothing()
        self.server.simulation.heal(time.time())
        return self._json(200, {"name": None, "started": None})

    def do_POST(self) -> None:
        receiver = self.path.removeprefix("/sink/")
        body = self._body()
        if target := _TARGET.fullmatch(self.path):  # alerts for an Alertmanager
            said = self.server.forwards.answer(target["ip"], int(target["port"]), target["path"], body)
            return self._text(said or Answer(404, f"no pod at {target['ip']}:{target['port']} runs here\n"))
        if receiver == self.path or not receiver:
            return self._nothing()
        try:
            payload = json.loads(body)
        except ValueError as error:
            return self._text(Answer(400, f"the payload is not JSON: {error}\n"))
        self.server.sink.take(receiver, payload, time.time())
        return self._json(200, {})

    def _metrics(self, ip: str, port: int, path: str) -> None:
        real, simulation, now = self.server.forwards.answer(ip, port, path), self.server.simulation, time.time()
        said = simulation.overlaid(ip, port, path, real, now) if real else simulation.answer(ip, port, path, now)
        self._text(said)

    def _notifications(self, since: str) -> None:
        try:
            self._json(200, self.server.sink.since(float(since)))
        except ValueError:
            self._text(Answer(400, f"since={since} is no time in unix seconds\n"))

    def _nothing(self) -> None:
        self._text(Answer(404, f"there is no {self.path}; metrics are at /<ip>:<port>/<path>\n"))

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _text(self, answer: Answer) -> None:
        self._send(answer.status, CONTENT_TYPE, answer.text.encode())

    def _json(self, status: int, data: object) -> None:
        self._send(status, "application/json", json.dumps(data).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Fifty scrapes a second are not worth a line each."""


def watch(kube: Kube, simulation: Simulation, stop: Event) -> None:
    """Keep up with the API server; while it is away, who was there stays."""
    away = False
    while not stop.wait(POLL_SECONDS if simulation.sees_someone else POLL_SECONDS / 10):
        try:
            # resourceVersion=0: from the API server's cache, no read of etcd.
            pods, nodes = (kube.items(f"/api/v1/{kind}?resourceVersion=0") for kind in ("pods", "nodes"))
            simulation.see(cluster(pods, nodes))
            away = False
        except (httpx.HTTPError, KeyError, TypeError) as error:
            if not away:
                print(f"the API server is away: {error!r}", file=sys.stderr, flush=True)
            away = True


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="obs.simulate.server")
    parser.add_argument("--listen", required=True, help="127.0.0.1:PORT")
    parser.add_argument("--kubeconfig", required=True, type=Path)
    parser.add_argument("--systems", required=True, help="comma-separated")
    parser.add_argument("--state", required=True, type=Path, help="directory for what must survive")
    parser.add_argument("--compression", type=int, default=1)
    given = parser.parse_args(arguments)
    stop = Event()
    try:
        systems = [name for name in given.systems.split(",") if name]
        simulation = Simulation(systems, SCENARIOS.values(), Memory.of(given.state), given.compression)
        server = Server(given.listen, simulation, Sink(given.state), Forwards(given.state / "forwards.json"))
        kube = Kube(given.kubeconfig)
    except (ObsError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2

    def _stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    Thread(target=server.serve_forever, daemon=True).start()
    Thread(target=watch, args=(kube, simulation, stop), daemon=True).start()
    stop.wait()
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
