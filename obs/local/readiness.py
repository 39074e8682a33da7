"""When a local platform is up: every server is ready, Prometheus reaches every target, and queries find its series."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from components.services import Services
from obs.local.state import LocalError, State, peek
from obs.run import StackRun
from settings import Settings

Say = Callable[[str], None]
RULER, SIDECAR = "thanos-ruler", "thanos-sidecar"
"""Servers that the operator makes, as it calls their containers."""
_SECONDS = 120
_POLL = 0.3


@dataclass(frozen=True)
class Expected:
    """``jobs``: name -> file:line of the scrape. ``front`` is the server at which Grafana reads metrics, if any."""

    jobs: Mapping[str, str]
    servers: tuple[str, ...]
    front: str = ""


def expected(run: StackRun, tools: Collection[str]) -> Expected:
    """What a stack needs, of the parts for which there are ``tools``."""
    scrapes = (scrape for system in run.plan.systems for scrape in system.scrapes)
    jobs = {scrape.job: str(scrape.where) for scrape in scrapes if scrape.is_scraped}
    front = Services(run.settings).thanos_query_frontend.name if run.settings.thanos_mode else ""
    return Expected(jobs, tuple(name for name, tool in servers(run.settings).items() if tool in tools), front)


def servers(settings: Settings) -> dict[str, str]:
    """Server, as `obs local status` calls it -> its tool: those that others or people ask."""
    services = Services(settings)
    found = {"prometheus": "prometheus", "alertmanager": "alertmanager"}
    if settings.thanos_mode is not None:
        intake = services.thanos_receive.name if settings.thanos_mode == "receive" else SIDECAR
        names = intake, services.thanos_query.name, services.thanos_query_frontend.name, RULER
        found |= dict.fromkeys(names, "thanos")
    if settings.logs.enabled:
        found[services.loki.name] = "loki"
    if settings.collector.enabled:
        found |= dict.fromkeys((services.collector_gateway.name, services.collector_sampler.name), "otelcol")
    return found


def states(place: Path, seconds: float) -> Iterator[State | None]:
    """The state of the platform in a folder, again and again."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield peek(place)
        time.sleep(_POLL)  # each look costs the servers that one waits for


def wait_until_up(place: Path, needed: Expected, say: Say) -> None:
    """Returns when everything is up. Raises LocalError with what is not."""
    told, missing = 0, ["Prometheus does not run yet"]
    with httpx.Client(timeout=2.0, trust_env=False) as client:
        for state in states(place, _SECONDS):
            if state is not None and state.phase == "failed":
                raise LocalError(f"starting {state.step} failed: {state.problem}")
            if state is None or not state.alive:
                raise LocalError(f"the local platform has ended; its log is {place / 'daemon.log'}")
            missing = lacking(client, state, needed)
            if not missing:
                return
            if len(missing) != told:
                told = len(missing)
                say(f"waiting: {missing[0]}" + (f", and {told - 1} more" if told > 1 else ""))
    lines = "\n".join(f"  {line}" for line in missing)
    raise LocalError(f"not everything is up after {_SECONDS} s:\n{lines}\nlogs are in {place / 'logs'}")


def lacking(client: httpx.Client, state: State, needed: Expected) -> list[str]:
    """What is not up yet, in words."""
    if state.problem:
        return state.problem.splitlines()
    if state.phase != "ready":
        return [f"{state.step} is being started"]
    if absent := [name for name in needed.servers if name not in state.processes]:
        return [f"{name} does not run yet: its pod is not there" for name in absent]
    try:
        targets = [*_targets(client, state.url("prometheus"), needed.jobs)]
    except (httpx.HTTPError, json.JSONDecodeError):
        return ["Prometheus does not answer yet"]
    return [*_not_ready(client, state), *targets, *_unread(client, state, needed.front)]


def _not_ready(client: httpx.Client, state: State) -> Iterator[str]:
    for name, process in state.processes.items():
        if not process.ready:
            continue
        try:
            answer = client.get(process.ready)
        except httpx.HTTPError:
            yield f"{name} does not answer yet"
            continue
        if not answer.is_success:
            yield f"{name} is not ready: {answer.text.strip() or answer.status_code}"


def _targets(client: httpx.Client, prometheus: str, jobs: Mapping[str, str]) -> Iterator[str]:
    targets = client.get(f"{prometheus}/api/v1/targets", params={"state": "active"}).raise_for_status().json()
    managers = client.get(f"{prometheus}/api/v1/alertmanagers").raise_for_status().json()
    active = targets["data"]["activeTargets"]
    found = {target["labels"]["job"] for target in active}
    yield from (f"job {job} has no target ({where})" for job, where in sorted(jobs.items()) if job not in found)
    for target in active:
        if target["health"] != "up":
            subject = f"{target['labels']['job']} {target['labels']['instance']}"
            yield f"{subject}: {target['lastError'] or 'not scraped yet'}"
    if not managers["data"]["activeAlertmanagers"]:
        yield "Prometheus has found no Alertmanager yet"


def _unread(client: httpx.Client, state: State, front: str) -> Iterator[str]:
    """Whether Prometheus' series are there for who reads them where Grafana does."""
    if not front:
        return
    try:
        answer = client.get(f"{state.url(front)}/api/v1/query", params={"query": "count(up)"}).raise_for_status().json()
    except (httpx.HTTPError, json.JSONDecodeError):
        yield f"{front} does not answer queries yet"
        return
    if not answer["data"]["result"]:
        yield f"{front} finds no series yet"
