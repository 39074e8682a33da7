"""What is sent to the collector is found where it is kept, with its labels, or the loss is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from obs.verify.client import Refused, Server
from obs.verify.finding import Result
from obs.verify.roundtrip import SENDER, Pause, check_roundtrip

Attributes = dict[str, str]


def arrived(sent: Attributes) -> Attributes:
    """The labels that the collector makes of a resource."""
    names = {"k8s.namespace.name": "namespace", "k8s.pod.name": "pod", "k8s.container.name": "container"}
    return {label: sent[name] for name, label in ({**names, "service.name": "app"}).items()}


@dataclass
class Telemetry:
    """A collector, Loki and Tempo in one. ``labels`` is what becomes of a resource; ``after`` reads find nothing."""

    labels: Callable[[Attributes], Attributes] = arrived
    after: int = 0
    status: int = 200
    lines: list[tuple[Attributes, str]] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    reads: int = 0

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path in ("/v1/logs", "/v1/traces"):
            self._take(path, json.loads(request.content))
            return httpx.Response(self.status, json={"partialSuccess": {}})
        self.reads += 1
        if path == "/loki/api/v1/query_range":
            return httpx.Response(200, json={"data": {"result": self._streams(request.url.params["query"])}})
        trace = path.removeprefix("/api/traces/")
        found = trace in self.traces and self.reads > self.after
        return httpx.Response(200, json={"batches": [{}]}) if found else httpx.Response(404, text="trace not found")

    def _take(self, path: str, document: dict[str, Any]) -> None:
        kind = "resourceLogs" if path == "/v1/logs" else "resourceSpans"
        [entry] = document[kind]
        resource = {a["key"]: a["value"]["stringValue"] for a in entry["resource"]["attributes"]}
        if path == "/v1/logs":
            [record] = entry["scopeLogs"][0]["logRecords"]
            self.lines.append((self.labels(resource), record["body"]["stringValue"]))
        else:
            [span] = entry["scopeSpans"][0]["spans"]
            assert span["status"]["code"] == 2, "a trace without an error may rightly be left out"
            self.traces.append(span["traceId"])

    def _streams(self, query: str) -> list[dict[str, Any]]:
        match = re.fullmatch(r'\{(\w+)="([^"]*)"\} \|= "(\w+)"', query)
        assert match
        if self.reads <= self.after:
            return []
        return [
            {"stream": labels, "values": [["1795250545000000000", line]]}
            for labels, line in self.lines
            if labels.get(match[1]) == match[2] and match[3] in line
        ]


def checked(telemetry: Telemetry, *, loki: bool = True, tempo: bool = True) -> Result:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def server(kind: str) -> Server:
        return Server("http://127.0.0.1:1", kind, httpx.MockTransport(telemetry.handle))

    stores = server("Loki") if loki else None, server("Tempo") if tempo else None
    return check_roundtrip(server("Collector"), *stores, "monitoring", Pause(lambda: now[0], sleep))


def test_what_arrives_is_clean() -> None:
    result = checked(Telemetry())
    assert result.findings == ()
    assert (result.ok, result.total) == (2, 2)


def test_what_takes_its_time_is_waited_for() -> None:
    assert checked(Telemetry(after=20)).findings == ()


@pytest.mark.parametrize(("loki", "tempo", "subject"), [(True, False, "log line"), (False, True, "trace")])
def test_what_does_not_arrive_is_lost(loki: bool, tempo: bool, subject: str) -> None:
    result = checked(Telemetry(after=10_000), loki=loki, tempo=tempo)
    assert [(finding.check, finding.subject) for finding in result.findings] == [("roundtrip/lost", subject)]
    assert (result.ok, result.total) == (0, 1)


@pytest.mark.parametrize("lost", ["namespace", "pod", "container", "app"])
def test_a_line_with_other_labels_is_found_and_told(lost: str) -> None:
    def without(sent: Attributes) -> Attributes:
        return {label: value for label, value in arrived(sent).items() if label != lost}

    [finding] = checked(Telemetry(labels=without), tempo=False).findings
    assert finding.check == "roundtrip/labels"
    assert finding.message.endswith(f": {lost} is missing")


def test_the_line_says_who_it_is_from() -> None:
    telemetry = Telemetry()
    checked(telemetry, tempo=False)
    [(labels, _)] = telemetry.lines
    assert labels == {"namespace": "monitoring", "pod": SENDER, "container": SENDER, "app": SENDER}


def test_a_collector_that_refuses_is_an_error_of_its_own() -> None:
    with pytest.raises(Refused, match="answers 503"):
        checked(Telemetry(status=503))
