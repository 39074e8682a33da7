"""What Alertmanager's receivers end in, on the loopback interface: a web server and a mail server that remember."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from real_servers import LOOPBACK


class Posted(NamedTuple):
    path: str
    body: dict[str, Any]


class Mail(NamedTuple):
    """``login`` is what the client authenticated with: user and password."""

    sender: str
    to: tuple[str, ...]
    login: tuple[str, str]
    message: EmailMessage


class Sinks:
    """``posted`` and ``mails`` in the order of their arrival."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.mails: list[Mail] = []
        self.web_port = self.mail_port = 0

    def at(self, path: str) -> list[dict[str, Any]]:
        return [one.body for one in self.posted if one.path == path]

    @property
    def slack_titles(self) -> list[str]:
        return [one["attachments"][0]["title"] for one in self.at("/slack")]

    def in_channel(self, channel: str) -> list[dict[str, Any]]:
        """The one attachment of each Slack message to a channel."""
        return [one["attachments"][0] for one in self.at("/slack") if one["channel"] == channel]


@contextmanager
def sinks() -> Iterator[Sinks]:
    """Both servers for the block, on ports of their own."""
    found = Sinks()

    class Web(_Web):
        kept = found.posted

    class Smtp(_Smtp):
        kept = found.mails

    with ExitStack() as stack:
        web = stack.enter_context(ThreadingHTTPServer((LOOPBACK, 0), Web))
        mail = stack.enter_context(_MailServer((LOOPBACK, 0), Smtp))
        found.web_port, found.mail_port = web.server_address[1], mail.server_address[1]
        for server in (web, mail):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
        yield found


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


class _Web(BaseHTTPRequestHandler):
    kept: list[Posted]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.kept.append(Posted(self.path, body))
        self.send_response(202 if self.path == "/pagerduty" else 200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        """Tests read what was kept."""


class _Smtp(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs that authenticates with PLAIN and hands in messages."""

    kept: list[Mail]

    def handle(self) -> None:
        sender, to, login = "", list[str](), ("", "")
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                self._say("250-sink", "250 AUTH PLAIN")
            elif verb == "AUTH":
                _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                login = (user, password)
                self._say("235 welcome")
            elif verb == "DATA":
                self._say("354 go on")
                message = email.message_from_bytes(self._message(), policy=email.policy.default)
                assert isinstance(message, EmailMessage)
                self.kept.append(Mail(sender, tuple(to), login, message))
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                address = line[line.find("<") + 1 : line.find(">")]
                sender = address if verb == "MAIL" else sender
                to += [address] if verb == "RCPT" else []
                self._say("250 fine")

    def _message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())
