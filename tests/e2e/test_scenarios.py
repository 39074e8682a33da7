"""Each fault on a whole local platform: exactly its alerts fire, exactly the right receivers are told, and all ends.

Waiting is most of it, so faults that can be told apart hold at the same time (obs/simulate/batch.py). Where a batch is
not as its faults say, those that may be to blame are followed again by halves: that says who it is.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import pytest
from followed_faults import problems
from local_platform import Platform, obs
from stacks import ROOT

from obs.local.deploy import STACK, config_of
from obs.run import run_stack
from obs.simulate.batch import Batch, batches, reads, suspects
from obs.simulate.exporters import ALL
from obs.simulate.scenario import Scenario
from obs.simulate.scenarios import SCENARIOS
from plan import Plan

_SPENT = {"ErrorBudgetExhausted", "ErrorBudgetHalfSpent"}
_QUICK = 60
"""Compression for faults that spend a budget: a window of 6 hours must pass before such alerts end. All systems at this
pace are more than two cores: there are those of the faults, beside what everything stands on."""
_BASIS = ("kubernetes", "nodes")
Problems = dict[str, list[str]]
"""Fault -> what is not as it says."""
Expected = tuple[Batch, "Future[Problems]"]


def _pace(scenario: Scenario) -> int | None:
    return None if _SPENT.isdisjoint(scenario.alerts) else _QUICK


def _only(pace: int | None) -> tuple[str, ...]:
    """The systems that run at a pace; none means all."""
    found = {scenario.system for scenario in SCENARIOS.values() if _pace(scenario) == pace}
    return () if pace is None else (*_BASIS, *sorted(found))


@cache
def _plan(pace: int | None) -> Plan:
    return run_stack(STACK, ROOT, config=config_of(ROOT, _only(pace))).plan


def _followed(batch: Batch, platform: Platform, plan: Plan) -> Problems:
    """What is wrong with each fault: those that may be to blame are followed again by halves, down to one by one."""
    found = problems(batch, platform, plan)
    if not found or len(batch) == 1:
        return {fault.name: found for fault in batch}
    doubtful = suspects(batch, found)
    middle = len(doubtful) // 2
    told: Problems = {fault.name: [] for fault in batch}
    for half in filter(None, (doubtful[:middle], doubtful[middle:])):
        told |= _followed(tuple(half), platform, plan)
    if not any(told.values()):
        warnings.warn(f"only together, {' + '.join(fault.name for fault in batch)}: {'; '.join(found)}", stacklevel=1)
    return told


def _follow_all(name: str, pace: int | None, wanted: list[Expected]) -> None:
    """Follow batches one after another on a platform of their own."""
    try:
        flags = [f"--system={system}" for system in _only(pace)] + ([f"--time-compression={pace}"] if pace else [])
        started = obs("local", "up", "--apply", "--name", name, *flags)
        for batch, future in wanted:
            if not future.set_running_or_notify_cancel():
                continue
            try:
                assert started.returncode == 0, started.stderr
                future.set_result(_followed(batch, Platform(ROOT, name), _plan(pace)))
            except Exception as error:  # the tests of this batch tell it; the next one may be better off
                future.set_exception(error)
    finally:
        obs("local", "down", "--name", name)


@pytest.fixture(scope="module")
def batch_of(
    platform_means: None,  # noqa: ARG001 - as in conftest
    request: pytest.FixtureRequest,
) -> Iterator[dict[str, Future[Problems]]]:
    """Fault -> what becomes of its batch, of those that are asked for."""
    items = (
        item for item in request.session.items if isinstance(item, pytest.Function) and "batch_of" in item.fixturenames
    )
    asked = [SCENARIOS[str(item.callspec.params["name"])] for item in items]
    wanted: dict[int | None, list[Expected]] = {}
    for pace in (None, _QUICK):
        faults = [scenario for scenario in asked if _pace(scenario) == pace]
        if faults:
            wanted[pace] = [(batch, Future()) for batch in batches(faults, reads(_plan(pace)), ALL)]
    names = {pace: f"test-{os.getpid()}-{pace or 'all'}" for pace in wanted}
    with ThreadPoolExecutor(1) as threads:  # one platform after another
        try:
            for pace, expected in wanted.items():
                threads.submit(_follow_all, names[pace], pace, expected)
            yield {fault.name: future for found in wanted.values() for batch, future in found for fault in batch}
        finally:
            waiting = [future for found in wanted.values() for _, future in found if not future.done()]
            for future in waiting:
                future.cancel()
            for name in (
                names.values() if waiting else ()
            ):  # interrupted: who follows a fault there has nothing to wait for
                obs("local", "down", "--name", name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_exactly_its_alerts_fire_are_told_to_the_right_people_and_end(
    batch_of: dict[str, Future[Problems]], name: str
) -> None:
    found = batch_of[name].result()[name]
    # Where scrapes starve, sources count as silent after 10 s.
    assert found == [], f"beside a load of {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
