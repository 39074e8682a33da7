"""Small charts, a small chart repository on 127.0.0.1, and small programs that stand in for helm."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import socket
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.charts import ChartPin, cache_dir
from obs import chart_cache, helm
from obs.chart_archive import pack, sha256

PRINTS = """\
echo run >> {log}
cat <<'END'
---
# Source: tiny/templates/x.yaml
apiVersion: v1
kind: Secret
metadata:
  name: generated
data:
  password: aHVudGVyMg==
END
"""

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
  namespace: {{ .Release.Namespace }}
data:
  kubernetes: {{ .Capabilities.KubeVersion.Version | quote }}
  monitors: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" | quote }}
  greeting: {{ .Values.greeting | default "hello" | quote }}
"""


def pin(name: str = "tiny", version: str = "1.2.3", *, repository: str = "http://127.0.0.1:9") -> ChartPin:
    """A pin whose repositories nobody serves, unless ``repository`` is given (port 9 discards)."""
    oci = f"oci://127.0.0.1:9/charts/{name}"
    return ChartPin(name=name, version=version, repository=repository, oci=oci, kubernetes_floor="1.25")


def chart_folder(
    base: Path,
    *,
    name: str = "tiny",
    version: str = "1.2.3",
    files: Mapping[str, str] | None = None,
    **chart: Any,
) -> Path:
    """An unpacked chart ``base/name`` with one ConfigMap, and ``files`` by relative path."""
    folder = base / name
    contents = {
        "Chart.yaml": yaml.safe_dump({"apiVersion": "v2", "name": name, "version": version, **chart}),
        "values.yaml": "greeting: hello\n",
        "templates/config.yaml": CONFIG_MAP,
        **(files or {}),
    }
    for path, text in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def archive(base: Path, wanted: ChartPin, **more: Any) -> Path:
    """``<name>-<version>.tgz`` in ``base``, holding the chart of :func:`chart_folder`."""
    folder = chart_folder(base / "unpacked", name=wanted.name, version=wanted.version, **more)
    path = base / wanted.archive_name
    path.write_bytes(pack(folder, wanted))
    return path


def index(folder: Path, *pins: ChartPin, digest: str | None = None) -> None:
    """``index.yaml`` beside the archives, as helm writes it; ``digest`` is stated instead of the true one."""
    entries = {
        p.name: [
            {"name": p.name, "version": "9.9.9", "urls": ["other.tgz"], "digest": "0" * 64},
            {
                "digest": digest or sha256((folder / p.archive_name).read_bytes()),
                "name": p.name,
                "urls": [p.archive_name],
                "version": p.version,
            },
        ]
        for p in pins
    }
    (folder / "index.yaml").write_text(yaml.safe_dump({"apiVersion": "v1", "entries": entries}))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files; an index is sent gzipped, as public repositories do, and *.short.tgz breaks off half-way."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.name == "index.yaml" and path.is_file():
            self._send(gzip.compress(path.read_bytes()), encoding="gzip")
        elif path.with_suffix(".short").exists():
            whole = path.read_bytes()
            self._send(whole[: len(whole) // 2], length=len(whole))
        else:
            super().do_GET()

    def _send(self, body: bytes, *, length: int | None = None, encoding: str | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(body)))
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def repository(folder: Path) -> Iterator[str]:
    """Serve a folder; the address. A file ``<name>.short`` makes the download of ``<name>.tgz`` break off."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextlib.contextmanager
def silent_server(drip: bytes = b"") -> Iterator[str]:
    """A server that accepts and never answers; with ``drip``, it sends that and then one byte every 50 ms."""
    stopped = threading.Event()
    connections: list[socket.socket] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                if drip:
                    threading.Thread(target=trickle, args=(connection,), daemon=True).start()

    def trickle(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(drip)
            while not stopped.is_set():
                connection.sendall(b"x")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stopped.set()
    for connection in connections:
        connection.close()


def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty cache, and a helm that reaches no registry: no test depends on the machine's."""
    monkeypatch.setenv("OBS_CACHE_DIR", str(tmp_path / "cache"))
    broken = fake_helm(tmp_path / "bin" / "helm", 'echo "Error: no such host" >&2; exit 1')
    monkeypatch.setenv("OBS_HELM", str(broken))


def cached(tmp_path: Path, wanted: ChartPin, **more: Any) -> Path:
    """Put the chart of :func:`archive` into the cache; the archive it was taken from."""
    shelf = tmp_path / "shelf"
    shelf.mkdir(exist_ok=True)
    taken = archive(shelf, wanted, **more)
    chart_cache.pull([wanted], str(shelf), lock_file=tmp_path / "no.lock")
    return taken


def in_cache(tmp_path: Path) -> list[str]:
    """Names of the files that :func:`own_cache`'s cache has of charts."""
    folder = tmp_path / "cache" / "charts"
    return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []


def members(archive: Path) -> list[str]:
    """Names of the files in an archive, in order."""
    with tarfile.open(archive) as packed:
        return packed.getnames()


def program(path: Path, script: str) -> Path:
    """An executable shell script. ``$1`` is the command (version, template, pull ...)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def fake_helm(path: Path, script: str, *, version: str = "v4.3.1") -> Path:
    """A stand-in for helm that answers ``helm version`` and does ``script`` for every other command."""
    return program(path, f'if [ "$1" = version ]; then echo {version}; exit 0; fi\n{script}')


def _found() -> Path | None:
    with contextlib.suppress(helm.HelmMissing):
        return helm.find()
    return None


REAL_CACHE = cache_dir()
"""The cache of this machine, likewise."""
REAL_HELM = _found()
"""The helm of this machine, looked for before any test moves the cache."""
needs_helm = pytest.mark.skipif(
    REAL_HELM is None, reason="no helm 3.14+ on PATH, in OBS_HELM or built in the cache (obs builds one with Go)"
)
