"""A log line and a trace, sent to the collector as an application does and read back where they are kept.

The one check that writes, and only where it is asked for.
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs.verify.client import Refused, Server
from obs.verify.finding import Finding, Result

SENDER = "obs-verify"
_LOG_SECONDS = 30.0
_TRACE_SECONDS = 90.0
"""A trace is decided on 10 to 30 s after it came, and Tempo shows it some seconds after it has it."""
_ERROR = 2


@dataclass(frozen=True)
class Pause:
    """How time passes while one waits; tests have their own."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def check_roundtrip(
    collector: Server, loki: Server | None, tempo: Server | None, namespace: str, pause: Pause | None = None
) -> Result:
    """``collector`` takes OTLP over HTTP. What is sent says that it is of ``namespace``, pod and container SENDER.

    Raises Unreachable or Refused where the collector or a store does not take part.
    """
    pause = pause or Pause()
    sent = time.time()
    findings: list[Finding] = []
    if loki is not None:
        token = "".join(secrets.choice(string.ascii_lowercase) for _ in range(20))  # nothing that looks like a secret
        collector.post("/v1/logs", _log(namespace, token, sent))
        findings += _logs(loki, namespace, token, sent, pause)
    if tempo is not None:
        trace_id = secrets.token_hex(16)
        collector.post("/v1/traces", trace(namespace, trace_id, sent))
        findings += _traces(tempo, trace_id, pause)
    total = (loki is not None) + (tempo is not None)
    return Result(
        name="roundtrip",
        what="signals sent and read back",
        total=total,
        ok=max(0, total - len(findings)),
        findings=tuple(findings),
    )


def _logs(loki: Server, namespace: str, token: str, sent: float, pause: Pause) -> Iterator[Finding]:
    """Whether the line is there, with the four labels that Loki indexes."""
    wanted = {"namespace": namespace, "pod": SENDER, "container": SENDER, "app": SENDER}
    start = str(int((sent - 60) * 1e9))

    def read() -> Any:
        """By each label, as any of them may have been lost on the way."""
        for label, value in wanted.items():
            query = f'{{{label}="{value}"}} |= "{token}"'
            if streams := loki.data("/loki/api/v1/query_range", query=query, start=start)["result"]:
                return streams
        return None

    found = _until(read, _LOG_SECONDS, pause)
    if not found:
        yield _finding("lost", "log line", f"sent to the collector, and not in Loki after {_LOG_SECONDS:.0f} s")
        return
    has = {label: found[0]["stream"].get(label) for label in wanted}
    if has != wanted:
        wrong = ", ".join(f"{label} is {has[label] or 'missing'}" for label in wanted if has[label] != wanted[label])
        yield _finding("labels", "log line", f"arrived in Loki with other labels than it was sent with: {wrong}")


def _traces(tempo: Server, trace_id: str, pause: Pause) -> Iterator[Finding]:
    def read() -> Any:
        try:
            return tempo.json(f"/api/traces/{trace_id}")
        except Refused as error:
            if error.status == 404:
                return None
            raise

    if not _until(read, _TRACE_SECONDS, pause):
        yield _finding(
            "lost", "trace", f"sent to the collector with an error, and not in Tempo after {_TRACE_SECONDS:.0f} s"
        )


def _until(read: Callable[[], Any], seconds: float, pause: Pause) -> Any:
    until = pause.clock() + seconds
    while not (found := read()) and pause.clock() < until:
        pause.sleep(1.0)
    return found


def _log(namespace: str, token: str, now: float) -> Mapping[str, Any]:
    record = {
        "timeUnixNano": str(int(now * 1e9)),
        "severityText": "INFO",
        "body": {"stringValue": f"obs verify {token}"},
    }
    return {"resourceLogs": [{"resource": _resource(namespace), "scopeLogs": [{"logRecords": [record]}]}]}


def trace(namespace: str, trace_id: str, now: float) -> Mapping[str, Any]:
    """A request of OTLP with one span, which has an error: traces without are sampled."""
    span = {
        "traceId": trace_id,
        "spanId": secrets.token_hex(8),
        "name": "verify",
        "kind": 1,
        "startTimeUnixNano": str(int(now * 1e9)),
        "endTimeUnixNano": str(int((now + 0.001) * 1e9)),
        "status": {"code": _ERROR, "message": "an error on purpose: obs verify"},
    }
    return {"resourceSpans": [{"resource": _resource(namespace), "scopeSpans": [{"spans": [span]}]}]}


def _resource(namespace: str) -> Mapping[str, Any]:
    """By the names of the semantic conventions, as an SDK has them from its environment."""
    names = {
        "service.name": SENDER,
        "k8s.namespace.name": namespace,
        "k8s.pod.name": SENDER,
        "k8s.container.name": SENDER,
    }
    return {"attributes": [{"key": key, "value": {"stringValue": value}} for key, value in names.items()]}


def _finding(check: str, subject: str, message: str) -> Finding:
    return Finding(check=f"roundtrip/{check}", severity="error", subject=subject, message=message)
