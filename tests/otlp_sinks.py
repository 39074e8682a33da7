"""What stands for Tempo and Loki: keeps everything that it is sent, and can go away and come back."""

from __future__ import annotations

import http.server
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import add_TraceServiceServicer_to_server
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class TraceSink:
    """OTLP by gRPC on a port of this machine."""

    port: int
    raw: list[bytes] = field(default_factory=list)
    _spans: dict[bytes, list[Span]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: Any = None

    def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:
        del context
        with self._lock:
            self.raw.append(request.SerializeToString())
            for group in request.resource_spans:
                for inner in group.scope_spans:
                    for span in inner.spans:
                        self._spans[span.trace_id].append(span)
        return ExportTraceServiceResponse()

    def start(self) -> None:
        self._server = grpc.server(ThreadPoolExecutor(4))
        add_TraceServiceServicer_to_server(self, self._server)
        self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        self._server.start()

    def stop(self) -> None:
        self._server.stop(grace=None).wait()

    def traces(self) -> dict[bytes, list[Span]]:
        """Trace id -> its spans so far."""
        with self._lock:
            return {key: list(spans) for key, spans in self._spans.items()}


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
                if not sink.refusing and self.path == "/otlp/v1/logs":
                    sink.raw.append(_plain(body, self.headers.get("Content-Encoding")))
                self.send_response(503 if sink.refusing else 200 if self.path == "/otlp/v1/logs" else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
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


def _plain(body: bytes, encoding: str | None) -> bytes:
    if encoding == "gzip":
        import gzip

        return gzip.decompress(body)
    assert encoding is None, encoding
    return body
