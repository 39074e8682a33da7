"""A node for the log agent: an API server that knows its pods, the kubelet's log files, and Alloy as a process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from loki_server import eventually, free_port

NODE = "node-1"
PROGRAM = shutil.which("alloy")
"""The agent is built by nobody here: as a whole it pulls in 1,200 modules."""


@dataclass(frozen=True)
class Pod:
    name: str
    namespace: str = "apps"
    container: str = "main"
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    node: str = NODE

    @property
    def uid(self) -> str:
        return f"uid-of-{self.name}"

    def manifest(self) -> dict[str, Any]:
        # Two ports: Kubernetes' discovery makes a target of each, and a line must not come twice.
        container = {"name": self.container, "image": "x", "ports": [{"containerPort": 80}, {"containerPort": 81}]}
        names = {"name": self.name, "namespace": self.namespace, "uid": self.uid}
        return {
            "metadata": {**names, "labels": dict(self.labels), "annotations": dict(self.annotations)},
            "spec": {"nodeName": self.node, "containers": [container]},
            "status": {"phase": "Running", "podIP": "10.0.0.1", "hostIP": "10.0.0.2"},
        }


@dataclass
class Node:
    """``selectors`` are the field selectors that pods were asked for with."""

    logs: Path
    pods: list[Pod] = field(default_factory=list)
    selectors: set[str] = field(default_factory=set)

    def write(self, pod: Pod, *lines: str, partial: bool = False) -> None:
        """As containerd does: time, stream, whether the line is whole, text."""
        folder = self.logs / f"{pod.namespace}_{pod.name}_{self.directory_uid(pod)}" / pod.container
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "0.log").open("a") as file:
            for line in lines:
                file.write(f"{_now()} stdout {'P' if partial else 'F'} {line}\n")

    @staticmethod
    def directory_uid(pod: Pod) -> str:
        return pod.annotations.get("kubernetes.io/config.mirror", pod.uid)


_STARTED = [0]


def _now() -> str:
    """A time with nanoseconds that no other line has."""
    import time

    at = max(time.time_ns(), _STARTED[0] + 1)
    _STARTED[0] = at
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 10**9)) + f".{at % 10**9:09d}Z"


@contextmanager
def api_server(node: Node) -> Iterator[str]:
    """Lists pods by node; watches see nothing happen."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            selector = query.get("fieldSelector", [""])[0]
            if url.path != "/api/v1/pods" or "sendInitialEvents" in query:
                return self._send(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404})
            node.selectors.add(selector)
            if "watch" in query:
                self.send_response(200)
                self.end_headers()
                stop.wait(60)
                return None
            wanted = selector.removeprefix("spec.nodeName=")
            items = [pod.manifest() for pod in node.pods if pod.node == wanted]
            listed = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items}
            return self._send(200, listed)

        def _send(self, status: int, body: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    stop = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        stop.set()
        server.shutdown()
        server.server_close()


def localised(text: str, node: Node, api: str) -> str:
    """The same configuration with the node's folder and API server; nothing else is another."""
    assert text.count("/var/log/pods/") == 1
    assert text.count('discovery.kubernetes "pods" {\n') == 1
    return text.replace("/var/log/pods/", f"{node.logs}/").replace(
        'discovery.kubernetes "pods" {\n', f'discovery.kubernetes "pods" {{\n  api_server = "{api}"\n'
    )


class Agent:
    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self.process, self.url = process, url

    def metrics(self) -> list[str]:
        """What Prometheus scrapes, by lines."""
        return httpx.get(f"{self.url}/metrics", timeout=10).text.splitlines()

    def counted(self, name: str, **labels: str) -> float:
        total = 0.0
        for line in self.metrics():
            if line.startswith(f"{name}{{") and all(f'{key}="{value}"' in line for key, value in labels.items()):
                total += float(line.rpartition(" ")[2])
        return total

    def kill(self) -> None:
        """As a node that loses power."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


@contextmanager
def running(text: str, folder: Path) -> Iterator[Agent]:
    """The real Alloy; what it remembers is below ``folder``."""
    port = free_port()
    path = folder / "config.alloy"
    path.write_text(text)
    command = [str(PROGRAM), "run", str(path), f"--storage.path={folder / 'storage'}"]
    command += [f"--server.http.listen-addr=127.0.0.1:{port}", "--disable-reporting"]
    with (folder / "alloy.log").open("a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "K8S_NODE_NAME": NODE})
        try:
            agent = Agent(process, f"http://127.0.0.1:{port}")
            assert eventually(lambda: _ready(agent) or process.poll() is not None), (folder / "alloy.log").read_text()
            assert process.poll() is None, (folder / "alloy.log").read_text()
            yield agent
        finally:
            process.terminate()
            process.wait(60)


def _ready(agent: Agent) -> bool:
    try:
        return httpx.get(f"{agent.url}/-/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def validated(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What Alloy says of a configuration."""
    path = folder / "config.alloy"
    path.write_text(text)
    return subprocess.run(
        [str(PROGRAM), "validate", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
