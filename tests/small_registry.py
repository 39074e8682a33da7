"""A small registry of images on 127.0.0.1."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"}).encode()
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"


@dataclass
class Registry:
    """What it answers, and what it was asked: (path, Accept, Authorization)."""

    host: str = ""
    token: str = ""
    challenge: str = 'Bearer realm="http://{host}/token",service="small"'
    header: dict[str, str] = field(default_factory=lambda: {"Docker-Content-Digest": DIGEST})
    body: bytes = MANIFEST
    asked: list[tuple[str, str, str]] = field(default_factory=list)


@contextlib.contextmanager
def serving(registry: Registry) -> Iterator[Registry]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            registry.asked.append((self.path, self.headers.get("Accept", ""), given))
            url = urlsplit(self.path)
            if url.path == "/token":
                scope = parse_qs(url.query).get("scope", [""])[0]
                self._answer(200, json.dumps({"token": registry.token} if scope.endswith(":pull") else {}).encode())
            elif url.path != "/v2/team/app/manifests/1.0":
                self._answer(404, b"{}")
            elif registry.token and given != f"Bearer {registry.token}":
                challenge = registry.challenge.format(host=registry.host)
                self._answer(401, b"{}", {"WWW-Authenticate": challenge})
            else:
                self._answer(200, registry.body, registry.header)

        def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # the client may have had enough
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        registry.host = f"127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield registry
        server.shutdown()
