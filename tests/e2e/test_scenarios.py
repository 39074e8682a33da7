"""Each fault on a whole local platform: exactly its alerts fire, exactly the right receivers are told, and all ends.

Waiting is most of it, so several platforms run side by side: 10 minutes. The faults share a platform one after another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

import psutil
import pytest
from local_platform import Platform, eventually, obs
from simulated_outcomes import wrong
from stacks import ROOT

from model.quantity import seconds
from obs.run import run_stack
from obs.simulate.follow import Outcome, Urls, follow
from obs.simulate.scenarios import SCENARIOS

_AT_ONCE = 3
_ROOM = 2 * 2**30
"""Free memory for each platform."""
_PACE = {"argocd-failed-syncs": 60}
"""Compression where it is not the stack's: a budget's window of 6 hours must pass before its alerts end."""


def _outcome(name: str, free: SimpleQueue[Platform]) -> Outcome:
    """Follow a scenario on the next platform that is free."""
    platform = free.get()
    try:
        state = platform.state
        urls = Urls(
            simulator=state.simulator, prometheus=state.url("prometheus"), alertmanager=state.url("alertmanager")
        )
        return follow(SCENARIOS[name], urls, compression=state.compression)
    finally:
        free.put(platform)


def _up(name: str, pace: int) -> Platform:
    pace_flag = [f"--time-compression={pace}"] if pace else []
    done = obs("local", "up", "--apply", "--name", name, *pace_flag)
    assert done.returncode == 0, done.stderr
    platform = Platform(ROOT, name)
    # Before discovery was through, some sources were silent: for longer than their `for`, where time is that short.
    assert eventually(lambda: platform.firing() == {"Watchdog"})
    return platform


@pytest.fixture(scope="module")
def outcomes(platform_means: None) -> Iterator[dict[str, Future[Outcome]]]:  # noqa: ARG001 - as in conftest
    """Every scenario's outcome, being computed: the longest first."""
    others = sorted(set(_PACE.values()))
    at_once = max(1, min(_AT_ONCE, psutil.virtual_memory().available // _ROOM - len(others)))
    paces = [0] * at_once + others
    names = {f"test-{os.getpid()}-{number}": pace for number, pace in enumerate(paces)}
    free: dict[int, SimpleQueue[Platform]] = {pace: SimpleQueue() for pace in paces}
    with ThreadPoolExecutor(len(paces)) as threads:
        try:
            for name, pace in names.items():
                free[pace].put(_up(name, pace))
            longest_first = sorted(SCENARIOS.values(), key=lambda s: (s.name not in _PACE, -seconds(s.within)))
            yield {s.name: threads.submit(_outcome, s.name, free[_PACE.get(s.name, 0)]) for s in longest_first}
        finally:
            threads.shutdown(cancel_futures=True)
            for name in names:
                obs("local", "down", "--name", name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_exactly_its_alerts_fire_are_told_to_the_right_people_and_end(
    outcomes: dict[str, Future[Outcome]], name: str
) -> None:
    outcome = outcomes[name].result()
    assert outcome.problems == ()
    alerts = outcome.to_dict()["alerts"]
    assert set(alerts) == set(SCENARIOS[name].alerts)
    severities = {alert.name: alert.severity for alert in run_stack("local", ROOT).plan.alerts}
    assert list(wrong(alerts, severities)) == []
