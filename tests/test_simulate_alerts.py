"""Stack local's rules over the simulated platform, in a real Prometheus: silence while it is healthy, then one fault.

Every scenario with its exact alerts is run by the end-to-end tests; here is what takes a minute.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_servers import wait_for
from real_tools import needs
from simulated_stack import Stack, simulated_stack

from model.quantity import seconds
from obs.simulate.scenarios import SCENARIOS

pytestmark = needs("prometheus")
_ALWAYS = {"Watchdog"}
_SLACK = 5.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with simulated_stack(Path(tmp_path_factory.mktemp("stack"))) as made:
        yield made


def test_a_healthy_platform_fires_nothing(stack: Stack) -> None:
    wait_for(lambda: stack.firing() == _ALWAYS, 10)
    until = time.monotonic() + 15
    while time.monotonic() < until:
        assert stack.firing() == _ALWAYS
        time.sleep(0.5)


@pytest.mark.parametrize("name", ["spark-operator-down", "oom-kills"])
def test_a_fault_fires_its_alerts_and_no_other_until_it_is_healed(stack: Stack, name: str) -> None:
    scenario = SCENARIOS[name]
    wanted = {*scenario.alerts} | _ALWAYS
    stack.simulation.inject(name, time.time())
    try:
        until = time.monotonic() + seconds(scenario.within) / stack.run.settings.time_compression + _SLACK
        while stack.firing() != wanted and time.monotonic() < until:
            assert stack.firing() <= wanted
            time.sleep(0.3)
        assert stack.firing() == wanted
    finally:
        stack.simulation.heal(time.time())
    wait_for(lambda: stack.firing() == _ALWAYS, 30)
