"""The process: settings, logs, scanner, server; it ends on SIGTERM and SIGINT."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from scanning import logs
from scanning.cache import Cache
from scanning.metrics import Exposition, SelfMetrics
from scanning.scanner import Scanner
from scanning.server import Server
from scanning.settings import BadSettings, ScanSettings, load
from scanning.source import Source

_log = logging.getLogger(__name__)
S = TypeVar("S", bound=ScanSettings)
Requested = Callable[[str], None]
BAD_SETTINGS = 2


@dataclass(frozen=True)
class Program(Generic[S]):
    """One exporter. ``prefix`` begins the names of its own metrics, ``label`` names the source on every series,
    ``units`` what it reads (tables). ``source`` gets the settings, what counts a request by its status, and what is
    set when the exporter ends."""

    prefix: str
    label: str
    units: str
    version: str
    settings: type[S]
    source: Callable[[S, Requested, threading.Event], Source]
    requests: bool = False


class Exporter(Generic[S]):
    """A running exporter."""

    def __init__(self, program: Program[S], settings: S) -> None:
        self.metrics = SelfMetrics(
            program.prefix,
            label=program.label,
            source=settings.name,
            units=program.units,
            version=program.version,
            requests=program.requests,
        )
        self.stopping = threading.Event()
        source = program.source(settings, self.metrics.requested, self.stopping)
        self.cache = Cache(Exposition(source.families, program.label, settings.name), settings.stale_seconds)
        self.scanner = Scanner(source, settings, self.cache, self.metrics, self.stopping)
        self.server = Server(settings.address, settings.port, self.text, lambda: self.scanner.ill)

    def text(self) -> bytes:
        """What a scrape gets."""
        return self.metrics.text() + self.cache.text()

    def start(self) -> None:
        self.scanner.start()
        self.server.start()

    def stop(self) -> None:
        self.stopping.set()
        self.server.stop()
        self.scanner.join()


def run(program: Program[S]) -> int:
    """Run until a signal; the exit code."""
    logs.configure("INFO")
    try:
        settings = load(program.settings)
    except BadSettings as error:
        for line in str(error).splitlines():
            _log.error("bad settings", extra={"problem": line})
        return BAD_SETTINGS
    logs.configure(settings.log_level, settings.secrets)
    try:
        exporter = Exporter(program, settings)
    except OSError as error:  # the address, or a file of certificates
        _log.error("cannot begin", extra={"port": settings.port, "error": str(error)})
        return BAD_SETTINGS
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    exporter.start()
    _log.info("started", extra={"source": settings.name, "port": exporter.server.port, "version": program.version})
    # Now and then awake: a signal that another thread gets (pyarrow has threads of its own) wakes nobody here.
    while not stopped.wait(0.5):
        pass
    exporter.stop()
    _log.info("stopped")
    return 0
