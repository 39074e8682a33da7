"""``/metrics`` and ``/healthz``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

_log = logging.getLogger(__name__)
_PLAIN = "text/plain; charset=utf-8"


class Server:
    """Answers at ``address``:``port`` (0: any that is free) until it is stopped.

    ``metrics`` gives the text of a scrape. ``ill`` says why the process should be restarted, empty when it should not.
    """

    def __init__(self, address: str, port: int, metrics: Callable[[], bytes], ill: Callable[[], str]) -> None:
        class Handler(_Handler):
            answers = {  # noqa: RUF012
                "/metrics": lambda: (200, CONTENT_TYPE_PLAIN_0_0_4, metrics()),
                "/healthz": lambda: _health(ill()),
            }

        self._http = ThreadingHTTPServer((address, port), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.1,), daemon=True, name="server")

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def _health(ill: str) -> tuple[int, str, bytes]:
    return (503, _PLAIN, ill.encode()) if ill else (200, _PLAIN, b"ok")


class _Handler(BaseHTTPRequestHandler):
    answers: dict[str, Callable[[], tuple[int, str, bytes]]]
    timeout = 10  # of a client that sends nothing
    server_version, sys_version = "exporter", ""

    def do_GET(self) -> None:
        answer = self.answers.get(self.path.partition("?")[0])
        status, kind, body = answer() if answer else (404, _PLAIN, b"there are /metrics and /healthz")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        _log.debug(format, *args)
