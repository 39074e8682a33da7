"""Simulator, Prometheus and Alertmanager of a local platform in one small server, which does what a test says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from obs.simulate.follow import Urls

SEVERITY = {"PageNow": "critical", "LookSoon": "warning", "Watchdog": "none"}
RECEIVERS = {"critical": ("pager", "channel"), "warning": ("desk",)}


@dataclass
class Platform:
    """What happens: ``fires`` while the fault holds.

    ``muted``: name -> by which alert or silence. ``deaf`` receivers hear of nothing, ``lasting`` alerts never resolve,
    ``down`` servers answer with an error.
    """

    fires: tuple[str, ...] = ("PageNow",)
    before: tuple[str, ...] = ()
    muted: dict[str, str] = field(default_factory=dict)
    deaf: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    holds: str | None = None
    healed: int = 0
    looks: int = 0
    sent: list[dict[str, Any]] = field(default_factory=list)
    told: set[tuple[str, str]] = field(default_factory=set)

    @property
    def active(self) -> list[str]:
        return [*(self.fires if self.holds else self.lasting if self.healed else ()), *self.before]

    def answer(self, path: str) -> tuple[str, object]:
        """Which server a request is for, and what it says."""
        url = urlsplit(path)
        match url.path:
            case "/-/scenario":
                return "simulator", {"name": self.holds, "started": None}
            case "/-/scenarios":
                return "simulator", [{"name": "fault"}, {"name": "other"}]
            case "/-/notifications":
                since = float(parse_qs(url.query)["since"][0])
                return "simulator", [n for n in self.sent if n["at"] >= since]
            case "/api/v1/alerts":
                return "prometheus", self.prometheus()
            case "/api/v2/alerts":
                return "alertmanager", self.alertmanager()
        raise ValueError(path)

    def prometheus(self) -> dict[str, Any]:
        self.looks += bool(self.holds)
        state = "firing" if self.looks > 2 or not self.holds else "pending"
        self._notify(state)
        moment = datetime.now(UTC).isoformat().replace("+00:00", "123Z")
        alerts = [{"labels": _labels(n), "annotations": {}, "state": state, "activeAt": moment} for n in self.active]
        watchdog = {"labels": _labels("Watchdog"), "annotations": {}, "state": "firing", "activeAt": moment}
        return {"status": "success", "data": {"alerts": [watchdog, *alerts]}}

    def alertmanager(self) -> list[dict[str, Any]]:
        return [
            {
                "labels": _labels(name),
                "fingerprint": f"f-{name}",
                "receivers": [{"name": receiver} for receiver in RECEIVERS[SEVERITY[name]]],
                "status": {
                    "state": "suppressed" if name in self.muted else "active",
                    "inhibitedBy": [f"f-{self.muted[name]}"] if self.muted.get(name) in SEVERITY else [],
                    "silencedBy": [self.muted[name]] if self.muted.get(name, "Watchdog") not in SEVERITY else [],
                    "mutedBy": [],
                },
            }
            for name in (self.active if self.looks > 2 else [])
        ]

    def _notify(self, state: str) -> None:
        """The sink hears of what fires now, and of the end of what it heard of."""
        firing = {n for n in self.active if n not in self.muted} if state == "firing" else set()
        for name in SEVERITY.keys() - {"Watchdog"}:
            for receiver in RECEIVERS[SEVERITY[name]]:
                known = (receiver, name) in self.told
                if receiver in self.deaf or known == (name in firing):
                    continue
                (self.told.discard if known else self.told.add)((receiver, name))
                self.sent.append(_webhook(receiver, name, "resolved" if known else "firing"))


def _labels(name: str) -> dict[str, str]:
    return {"alertname": name, "severity": SEVERITY[name], "cluster": "local"}


def _webhook(receiver: str, name: str, status: str) -> dict[str, Any]:
    alert = {
        "status": status,
        "labels": _labels(name),
        "annotations": {"summary": f"summary of {name}", "runbook_url": f"http://books/{name}.md"},
        "fingerprint": f"f-{name}",
    }
    return {"at": time.time(), "receiver": receiver, "payload": {"version": "4", "status": status, "alerts": [alert]}}


@contextmanager
def serving(platform: Platform) -> Iterator[Urls]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server, data = platform.answer(self.path)
            self._answer(server, data)

        def do_PUT(self) -> None:
            platform.holds = self.path.rpartition("/")[2]
            self._answer("simulator", {})

        def do_DELETE(self) -> None:
            platform.holds = None
            platform.healed += 1
            self._answer("simulator", {})

        def _answer(self, server: str, data: object) -> None:
            self.send_response(503 if server in platform.down else 200)
            self.end_headers()
            self.wfile.write(json.dumps(data).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        yield Urls(simulator=url, prometheus=url, alertmanager=url)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
