"""Getting chart archives: from repositories (classic index, then registry), mirrors and directories.

Nothing here writes into the cache: archives arrive in memory, so a download that is given up leaves nothing.
"""

from __future__ import annotations

import gzip
import http.client
import re
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import yaml

from components.charts import ChartPin, SourceKind, source_kind
from obs import helm
from obs.chart_archive import (
    ARCHIVE_LIMIT,
    ChartError,
    ChartRefused,
    ChartUnavailable,
    check_whole,
    pack,
    sha256,
)

_INDEX_LIMIT = 128 * 2**20
_NEXT_CHART = re.compile(r"^(?:  [^\s-]|\S)", re.MULTILINE)
_STALLED = 30.0
"""Seconds without a byte after which a server counts as not answering, where no shorter deadline is set."""

OnBytes = Callable[[ChartPin, int, int | None], None]
"""Called with a chart, the bytes got so far and the bytes in all (None where the server does not say)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An archive that passed its checks. ``source`` is the URL or path that it came from."""

    pin: ChartPin
    data: bytes
    source: str


class Deadline:
    """A moment that several requests share."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        return self._end - time.monotonic()

    def timeout(self, where: str) -> float:
        """Seconds that one step may still take. Raises ChartUnavailable when there are none."""
        left = self.left()
        if left <= 0:
            raise ChartUnavailable(f"{where} did not answer within {self.seconds:g} s")
        return min(left, _STALLED)


def fetch_all(
    wanted: Mapping[ChartPin, str], seconds: float, on_bytes: OnBytes
) -> dict[ChartPin, Fetched | ChartError]:
    """Fetch every chart from its source at once; ``seconds`` bounds the whole, not each chart.

    The threads are daemons and are left behind at the deadline: a name server that hangs cannot be interrupted.
    """
    deadline = Deadline(seconds)
    results: SimpleQueue[tuple[ChartPin, Fetched | ChartError]] = SimpleQueue()

    def work(pin: ChartPin, source: str) -> None:
        try:
            fetched = fetch(pin, source, deadline, on_bytes)
            on_bytes(pin, len(fetched.data), len(fetched.data))
            results.put((pin, fetched))
        except ChartError as error:
            results.put((pin, error))
        except Exception as error:  # an error that no one receives would only look like a timeout
            results.put((pin, ChartUnavailable(f"{pin}: {type(error).__name__}")))

    for pin, source in wanted.items():
        threading.Thread(target=work, args=(pin, source), daemon=True, name=f"fetch {pin}").start()
    done: dict[ChartPin, Fetched | ChartError] = {}
    while len(done) < len(wanted):
        try:
            pin, result = results.get(timeout=max(deadline.left(), 0.001))
        except Empty:
            break
        done[pin] = result
    late = f"did not answer within {seconds:g} s"
    return {p: done.get(p, ChartUnavailable(f"{p}: {_place(p, source)} {late}")) for p, source in wanted.items()}


def _place(pin: ChartPin, source: str) -> str:
    return pin.repository if source_kind(source) in (SourceKind.REPOSITORIES, SourceKind.CACHE) else source


def fetch(pin: ChartPin, source: str, deadline: Deadline, on_bytes: OnBytes) -> Fetched:
    """One archive, checked whole. Raises ChartUnavailable or ChartRefused."""
    match source_kind(source):
        case SourceKind.DIRECTORY:
            return _from_directory(pin, Path(source).expanduser())
        case SourceKind.OCI:
            return _from_registry(pin, f"{source.rstrip('/')}/{pin.name}", deadline)
        case SourceKind.INDEX:
            return _from_index(pin, source, deadline, on_bytes)
        case SourceKind.REPOSITORIES | SourceKind.CACHE:  # what a cache lacks comes from the repositories
            return _from_repositories(pin, deadline, on_bytes)


def _from_repositories(pin: ChartPin, deadline: Deadline, on_bytes: OnBytes) -> Fetched:
    try:
        return _from_index(pin, pin.repository, deadline, on_bytes)
    except ChartUnavailable as first:
        try:
            return _from_registry(pin, pin.oci, deadline)
        except ChartUnavailable:
            raise first from None


def _from_directory(pin: ChartPin, folder: Path) -> Fetched:
    archive, unpacked = folder / pin.archive_name, folder / pin.name
    if archive.is_file():
        data = archive.read_bytes()
        check_whole(data, pin, str(archive))
        return Fetched(pin, data, str(archive))
    if (unpacked / "Chart.yaml").is_file():
        return Fetched(pin, pack(unpacked, pin), str(unpacked))
    raise ChartUnavailable(f"{pin}: {folder} has neither {pin.archive_name} nor a chart folder {pin.name}")


def _from_registry(pin: ChartPin, reference: str, deadline: Deadline) -> Fetched:
    """By ``helm pull``, with the user's own helm environment: a private mirror needs their registry login."""
    try:
        program = helm.find()
    except helm.HelmMissing as error:
        raise ChartUnavailable(f"{pin}: {reference} needs helm: {error}") from None
    with tempfile.TemporaryDirectory(prefix="obs-pull-", ignore_cleanup_errors=True) as folder:
        command = [str(program), "pull", reference, "--version", pin.version, "--destination", folder]
        try:
            # Half a second less than the rest, so that helm is ended before the caller has left.
            run = subprocess.run(
                command, capture_output=True, text=True, timeout=max(deadline.left() - 0.5, 0.1), check=False
            )
        except subprocess.TimeoutExpired:
            raise ChartUnavailable(f"{pin}: {reference} did not answer within {deadline.seconds:g} s") from None
        archive = Path(folder) / pin.archive_name
        if run.returncode != 0 or not archive.is_file():
            reason = run.stderr.strip().splitlines()[-1:] or ["no archive came"]
            raise ChartUnavailable(f"{pin}: {reference}: {reason[0]}")
        data = archive.read_bytes()
    check_whole(data, pin, reference)
    return Fetched(pin, data, reference)


def _from_index(pin: ChartPin, repository: str, deadline: Deadline, on_bytes: OnBytes) -> Fetched:
    base = repository.rstrip("/") + "/"
    index = _get(pin, urllib.parse.urljoin(base, "index.yaml"), deadline, _INDEX_LIMIT, lambda *_: None)
    entry = index_entry(index, pin)
    if entry is None:
        raise ChartUnavailable(f"{pin}: the index of {repository} has no such version")
    url = urllib.parse.urljoin(base, str((entry.get("urls") or [""])[0]))
    data = _get(pin, url, deadline, ARCHIVE_LIMIT, on_bytes)
    stated = str(entry.get("digest") or "").removeprefix("sha256:")
    if stated and stated != sha256(data):
        raise ChartRefused(f"{pin}: {_shown(url)} has digest {sha256(data)}, its index states {stated}")
    check_whole(data, pin, _shown(url))
    return Fetched(pin, data, _shown(url))


def index_entry(index: bytes, pin: ChartPin) -> dict[str, Any] | None:
    """The entry of one chart version in an index.yaml, or None.

    Indexes reach many megabytes and parse at about 1 MB/s, so the entry is first cut out of the text, in the
    form that helm writes; anything else is parsed whole.
    """
    text = index.decode("utf-8", "replace")
    if (start := text.find(f"\n  {pin.name}:\n  - ")) >= 0:
        end = _NEXT_CHART.search(text, start + len(pin.name) + 5)
        block = text[start : end.start() if end else len(text)]
        for item in re.split(r"^  - ", block, flags=re.MULTILINE)[1:]:
            if f"\n    version: {pin.version}\n" in item and (found := _matching(_parsed("  - " + item), pin)):
                return found
    whole = _parsed(text)
    if not isinstance(whole, dict) or not isinstance(whole.get("entries"), dict):
        raise ChartUnavailable(f"{pin}: the repository's index.yaml is no index of charts")
    return _matching(whole["entries"].get(pin.name), pin)


def _parsed(text: str) -> Any:
    """None for what is no YAML, and for a cut that points outside of itself (anchors)."""
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return None


def _matching(entries: Any, pin: ChartPin) -> dict[str, Any] | None:
    found = (e for e in entries or () if isinstance(e, dict) and str(e.get("version")) == pin.version)
    return next(found, None)


def _get(pin: ChartPin, url: str, deadline: Deadline, limit: int, on_bytes: OnBytes) -> bytes:
    """The body of an http(s) URL, at most ``limit`` bytes. Raises ChartUnavailable or ChartRefused."""
    where = _shown(url)
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ChartRefused(f"{pin}: {where} is not an http(s) address")
    headers = {"User-Agent": "obs", "Accept-Encoding": "gzip" if where.endswith(".yaml") else "identity"}
    body = bytearray()
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=deadline.timeout(f"{pin}: {where}")) as response:
            length = int(response.headers["Content-Length"]) if response.headers["Content-Length"] else None
            # read1: one receive each, so that a server that trickles meets the deadline, too.
            while chunk := response.read1(2**16):
                body += chunk
                on_bytes(pin, len(body), length)
                deadline.timeout(f"{pin}: {where}")
                if len(body) > limit:
                    raise ChartRefused(f"{pin}: {where} is larger than {limit >> 20} MiB")
            if length is not None and len(body) < length:
                raise ChartUnavailable(f"{pin}: {where} broke off after {len(body)} of {length} bytes")
            return gzip.decompress(body) if response.headers["Content-Encoding"] == "gzip" else bytes(body)
    except urllib.error.HTTPError as error:
        raise ChartUnavailable(f"{pin}: {where} answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, EOFError, zlib.error) as error:
        reason = getattr(error, "reason", None) or error or type(error).__name__
        raise ChartUnavailable(f"{pin}: {where} is out of reach ({reason})") from None


def _shown(url: str) -> str:
    """The URL without user, query and fragment, where credentials travel."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
