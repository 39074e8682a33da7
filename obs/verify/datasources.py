"""Data sources: each server answers, and alerts really arrive from Prometheus at Alertmanager."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from alerting.heartbeat import WATCHDOG
from obs.verify.client import Refused, Server, Unreachable
from obs.verify.finding import Finding, Result


@dataclass(frozen=True, kw_only=True)
class Urls:
    """Where the servers of a running stack are; None for those that are not asked.

    ``otlp`` is where the collector takes OTLP over HTTP: something is sent there, and looked for in Loki and Tempo.
    """

    prometheus: str
    alertmanager: str | None = None
    querier: str | None = None
    loki: str | None = None
    tempo: str | None = None
    otlp: str | None = None


def check_datasources(
    prometheus: Server, urls: Urls, cluster: str, told: str | None, querier: Server | None = None
) -> Result:
    """``cluster`` is the stack's name of its cluster, ``told`` the one that Prometheus' own configuration has."""
    found: list[list[Finding]] = [list(_problems(lambda: _prometheus(prometheus, cluster, told)))]
    if querier is not None:
        found.append(list(_problems(lambda: _ready(querier, "/-/ready"))))
    if urls.alertmanager:
        with Server(urls.alertmanager, "Alertmanager") as server:
            found.append(list(_problems(lambda: _alertmanager(server, prometheus, cluster))))
    for kind, url in (("Loki", urls.loki), ("Tempo", urls.tempo)):
        if url:
            with Server(url, kind) as server:
                found.append(list(_problems(lambda server=server: _ready(server, "/ready"))))  # type: ignore[misc]
    return Result(
        name="datasources",
        what="servers reachable",
        total=len(found),
        ok=sum(not findings for findings in found),
        findings=tuple(finding for findings in found for finding in findings),
    )


def _problems(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except Refused as error:
        yield _finding("not-ready", str(error))
    except Unreachable as error:
        yield _finding("unreachable", str(error))


def _finding(check: str, message: str) -> Finding:
    return Finding(check=f"datasources/{check}", severity="error", subject="data source", message=message)


def _ready(server: Server, path: str) -> Iterator[Finding]:
    server.text(path)
    yield from ()


def _prometheus(server: Server, cluster: str, told: str | None) -> Iterator[Finding]:
    yield from _ready(server, "/-/ready")
    if told is not None and told != cluster:
        message = (
            f"{server.kind} {server.shown} has the external label cluster={told}, the stack's cluster is {cluster}"
        )
        yield _finding("cluster", message)


def _alertmanager(server: Server, prometheus: Server, cluster: str) -> Iterator[Finding]:
    yield from _ready(server, "/-/ready")
    state = str(server.json("/api/v2/status")["cluster"]["status"])
    if state not in ("ready", "disabled"):  # disabled: one replica without peers
        yield _finding("settling", f"{server.kind} {server.shown}: its cluster is {state}, not ready")
    active = _active(prometheus)
    if active == []:
        yield _finding("alerting", f"{prometheus.kind} {prometheus.shown} sends its alerts to no Alertmanager")
    elif _place(server.shown) not in map(_place, active or ()) and not _has_heartbeat(server, cluster):
        # Behind a port-forward the same Alertmanager has another address: then the heartbeat tells.
        sends = f"sends to {', '.join(active)}" if active else "does not say where it sends alerts"
        message = (
            f"{server.kind} {server.shown} is none that Prometheus sends to ({sends}), and has no alert {WATCHDOG.name}"
        )
        yield _finding("alerting", f"{message} of cluster {cluster}")


def _active(prometheus: Server) -> list[str] | None:
    """Addresses that Prometheus sends to; None from a Thanos querier, which has no such list."""
    try:
        return [str(one["url"]) for one in prometheus.data("/api/v1/alertmanagers")["activeAlertmanagers"]]
    except Refused:
        return None


def _has_heartbeat(server: Server, cluster: str) -> bool:
    alerts = server.json("/api/v2/alerts", filter=f'alertname="{WATCHDOG.name}"')
    return any(alert["labels"].get("cluster") == cluster for alert in alerts)


def _place(url: str) -> tuple[str | None, int | None]:
    parts = urlsplit(url)
    return parts.hostname, parts.port
