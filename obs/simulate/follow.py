"""One fault from its injection to the last word about it: asks the servers, and heals whatever happens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from alerting.heartbeat import WATCHDOG
from model.problems import did_you_mean
from model.quantity import seconds
from obs.errors import ObsError
from obs.simulate.scenario import Scenario, parts
from obs.simulate.timeline import Timeline

_POLL = 0.3
# At production's pace: a group tells of newcomers every 5m, and a budget's window of 6h must pass before the budget
# counts as no longer being spent. On top comes what no compression makes shorter: polls and requests.
_TOLD_WITHIN, _RESOLVES_WITHIN, _OVERHEAD = "5m", "8h", 20.0


class SimulateError(ObsError):
    """A fault that cannot be injected or watched; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Urls:
    simulator: str
    prometheus: str
    alertmanager: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """``problems`` is empty for a fault that was told and resolved as its scenario says."""

    scenario: str
    compression: int
    timeline: Timeline
    problems: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Times are seconds since the fault; the estimate is what it would take at production's pace."""
        first = self.timeline.first_told
        return {
            "scenario": self.scenario,
            "compression": self.compression,
            "problems": list(self.problems),
            "detection": {
                "first": first,
                "critical": self.timeline.detection(),
                "production_estimate": None if first is None else first * self.compression,
            },
            **self.timeline.to_dict(),
        }


def follow(
    fault: Scenario,
    urls: Urls,
    *,
    compression: int,
    hold: float = 0,
    timeout: float | None = None,
    say: Callable[[Timeline], None] = lambda _: None,
) -> Outcome:
    """Inject the fault, watch until it is told (and ``hold`` seconds more), heal it, watch until that is told.

    ``timeout`` limits each of the two waits, in seconds, in place of what the scenario says; ``say`` is called
    after every look at the servers. However this ends, the fault is healed. Raises SimulateError where there is
    nothing to measure: another fault holds, alerts fire already, a server does not answer.
    """
    with _Servers(urls) as servers:
        servers.must_offer(fault.name)
        servers.must_be_quiet()
        problems = []
        timeline = Timeline(fault.alerts, time.time(), servers.notifications(0))
        try:
            servers.inject(fault.name)
            fires = _longest(compression, fault.within, _TOLD_WITHIN) if timeout is None else timeout
            if not servers.watch(timeline, fires, lambda: timeline.detected, say):
                problems += [f"waited {fires:.0f} s for {what}" for what in timeline.waiting()]
            elif hold:
                servers.watch(timeline, hold, lambda: False, say)
        finally:
            servers.heal()
        timeline.heal(time.time())
        ends = _longest(compression, _RESOLVES_WITHIN) if timeout is None else timeout
        if not servers.watch(timeline, ends, lambda: timeline.recovered, say):
            problems += [f"waited {ends:.0f} s for {what}" for what in timeline.waiting()]
        problems += [f"{name} fired too, which {fault.name} does not name" for name in timeline.others]
        problems += servers.unreachable
        return Outcome(scenario=fault.name, compression=compression, timeline=timeline, problems=tuple(problems))


def end(simulator: str) -> str | None:
    """Heal whatever fault holds; its name, or None where none did."""
    with _Servers(Urls(simulator=simulator, prometheus="", alertmanager="")) as servers:
        name = servers.running()
        servers.heal()
        return name


def _longest(compression: int, *production: str) -> float:
    return sum(map(seconds, production)) / compression + _OVERHEAD


class _Servers:
    """The three servers. What stops answering while a fault is watched may come back: only the last look counts."""

    def __init__(self, urls: Urls) -> None:
        self._urls = urls
        self._client = httpx.Client(timeout=5.0, trust_env=False)
        self.unreachable: list[str] = []

    def __enter__(self) -> _Servers:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def running(self) -> str | None:
        name = self._asked("simulator", "/-/scenario")["name"]
        return None if name is None else str(name)

    def must_offer(self, name: str) -> None:
        """Raises SimulateError where another fault holds, or the platform runs without the system of this one."""
        running = self.running()
        if running is not None:
            raise SimulateError(f"{running} holds already, one fault at a time; `obs simulate --heal` ends it")
        offered = [scenario["name"] for scenario in self._asked("simulator", "/-/scenarios")]
        for part in parts(name):
            if part not in offered:
                raise SimulateError(f"the platform that runs has no scenario {part!r}{did_you_mean(part, offered)}")

    def must_be_quiet(self) -> None:
        """Raises SimulateError where alerts fire: what the fault adds to them could not be told apart."""
        alerts = self._asked("prometheus", "/api/v1/alerts")["data"]["alerts"]
        firing = {a["labels"]["alertname"] for a in alerts if a["state"] == "firing"} - {WATCHDOG.name}
        if firing:
            raise SimulateError(f"{', '.join(sorted(firing))}: firing already; wait until the platform is healthy")

    def notifications(self, since: float) -> list[dict[str, Any]]:
        """What the sink got since then (unix seconds)."""
        found: list[dict[str, Any]] = self._asked("simulator", f"/-/notifications?since={since:.3f}")
        return found

    def inject(self, name: str) -> None:
        with _answering("simulator", self._urls.simulator):
            self._client.put(f"{self._urls.simulator}/-/scenario/{name}").raise_for_status()

    def heal(self) -> None:
        with _answering("simulator", self._urls.simulator):
            self._client.delete(f"{self._urls.simulator}/-/scenario").raise_for_status()

    def watch(
        self, timeline: Timeline, limit: float, done: Callable[[], bool], say: Callable[[Timeline], None]
    ) -> bool:
        """Look every 0.3 s until it is done; false when the time is over first."""
        until = time.monotonic() + limit
        while True:
            self._look(timeline)
            say(timeline)
            if done():
                return True
            if time.monotonic() > until:
                return False
            time.sleep(_POLL)

    def _look(self, timeline: Timeline) -> None:
        now = time.time()
        self.unreachable = []
        looks: tuple[Callable[[], None], ...] = (
            lambda: timeline.prometheus(now, self._asked("prometheus", "/api/v1/alerts")["data"]["alerts"]),
            lambda: timeline.alertmanager(now, self._asked("alertmanager", "/api/v2/alerts")),
            lambda: timeline.notified(self.notifications(timeline.fault)),
        )
        for look in looks:
            try:
                look()
            except SimulateError as error:
                self.unreachable.append(str(error))

    def _asked(self, server: str, path: str) -> Any:
        url = getattr(self._urls, server)
        with _answering(server, url):
            return self._client.get(f"{url}{path}").raise_for_status().json()


@contextmanager
def _answering(server: str, url: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPStatusError as error:
        raise SimulateError(f"{server} at {url}: {error.response.status_code} {error.response.text.strip()}") from None
    except (httpx.HTTPError, json.JSONDecodeError) as error:
        raise SimulateError(f"{server} at {url} does not answer: {error}") from None
