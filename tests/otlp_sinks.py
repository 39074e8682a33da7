"""What stands for Tempo and Loki: keeps everything that it is sent, and can go away and come back.

Tempo's is a process of its own (this file, run with a port and a file): a gRPC server does not outlive a fork, and the
tests start processes.
"""

from __future__ import annotations

import gzip
import http.server
import struct
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import add_TraceServiceServicer_to_server
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

_LENGTH = struct.Struct(">I")


@dataclass
class TraceSink:
    """OTLP by gRPC on a port of this machine; what came is in ``file``."""

    port: int
    file: Path
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, __file__, str(self.port), str(self.file)])

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def raw(self) -> Iterator[bytes]:
        """Each request that was answered."""
        data = self.file.read_bytes() if self.file.exists() else b""
        at = 0
        while at + _LENGTH.size <= len(data):
            (length,) = _LENGTH.unpack_from(data, at)
            at += _LENGTH.size + length
            if at <= len(data):
                yield data[at - length : at]

    def traces(self) -> dict[bytes, list[Span]]:
        """Trace id -> its spans so far."""
        found: dict[bytes, list[Span]] = defaultdict(list)
        for request in map(ExportTraceServiceRequest.FromString, self.raw()):
            for group in request.resource_spans:
                for inner in group.scope_spans:
                    for span in inner.spans:
                        found[span.trace_id].append(span)
        return found


@dataclass
class LogSink:
    """Loki's way in for OTLP by HTTP. ``refusing``: answers 503, as Loki does while it cannot take logs."""

    port: int
    refusing: bool = False
    raw: list[bytes] = field(default_factory=list)
    _server: Any = None

    def start(self) -> None:
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = 503 if sink.refusing else 200 if self.path == "/otlp/v1/logs" else 404
                if status == 200:
                    packed = self.headers.get("Content-Encoding") == "gzip"
                    sink.raw.append(gzip.decompress(body) if packed else body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def records(self) -> Iterator[tuple[dict[str, str], LogRecord]]:
        """(text attributes of the resource, record)"""
        for body in list(self.raw):
            for group in ExportLogsServiceRequest.FromString(body).resource_logs:
                resource = {pair.key: pair.value.string_value for pair in group.resource.attributes}
                for inner in group.scope_logs:
                    for record in inner.log_records:
                        yield resource, record


class _Tempo:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:
        del context
        data = request.SerializeToString()
        with self._lock, self._file.open("ab") as out:
            out.write(_LENGTH.pack(len(data)) + data)
        return ExportTraceServiceResponse()


def _serve(port: str, file: str) -> None:
    server = grpc.server(ThreadPoolExecutor(4))
    add_TraceServiceServicer_to_server(_Tempo(Path(file)), server)  # type: ignore[no-untyped-call]
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
