"""Faults on a running local platform, and what is not as they say."""

from __future__ import annotations

from local_platform import Platform, eventually
from simulated_outcomes import wrong

from obs.simulate.batch import Batch, together
from obs.simulate.follow import Urls, follow
from plan import Plan

_QUIET_SECONDS = 180


def problems(batch: Batch, platform: Platform, plan: Plan) -> list[str]:
    """What is not as the faults say while they hold together and after; empty when exactly their alerts fire, exactly
    those who should are told, and all ends."""
    state = platform.state
    urls = Urls(simulator=state.simulator, prometheus=state.url("prometheus"), alertmanager=state.url("alertmanager"))
    # Before discovery was through, some sources were silent: for longer than their `for`, where time is that short.
    assert eventually(lambda: platform.firing() == {"Watchdog"}, _QUIET_SECONDS), platform.firing()
    outcome = follow(together(batch), urls, compression=state.compression)
    alerts = outcome.to_dict()["alerts"]
    severities = {alert.name: alert.severity for alert in plan.alerts}
    return [
        *outcome.problems,
        *(line for fault in batch for line in wrong({name: alerts[name] for name in fault.alerts}, severities)),
    ]
