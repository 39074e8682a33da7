"""``make up`` and ``make down``: the daemon, the deployment, and waiting until everything answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil

from obs.local import deploy
from obs.local.daemon import Order
from obs.local.pulumi_cli import has_pulumi, pulumi_up
from obs.local.state import LocalError, State, identity, load, peek
from obs.run import StackRun, run_stack

Say = Callable[[str], None]
_START_SECONDS, _READY_SECONDS, _STOP_SECONDS = 90, 90, 4
_POLL = 0.25


def up(
    project: Path, place: Path, tools: dict[str, Path], *, by_apply: bool, compression: int | None, say: Say
) -> State:
    """Start the local platform, or bring the one that runs up to date; returns when every target is up.

    The stack is deployed by the Pulumi CLI where there is one, else or ``by_apply`` by server-side apply.

    Raises LocalError. A platform that this call started is stopped again when it fails.
    """
    running = peek(place)
    fresh = running is None or not running.alive
    run = run_stack(deploy.STACK, project)
    try:
        state = _started(place, tools, run, compression, say) if fresh else load(place)
        target = deploy.Target(project, place, state)
        if by_apply or not has_pulumi():
            say("applying the stack")
            say(f"{deploy.apply(target)} objects applied")
        else:
            say("pulumi up")
            pulumi_up(target)
        wait_until_up(place, run, say)
    except BaseException:
        if fresh:
            down(place, keep=True)
        raise
    return load(place)


def _started(place: Path, tools: dict[str, Path], run: StackRun, compression: int | None, say: Say) -> State:
    down(place)
    systems = tuple(system.name for system in run.plan.systems)
    factor = compression if compression is not None else run.settings.time_compression
    Order(place, tools, systems, factor).write()
    with (place / "daemon.log").open("ab") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "obs.local.daemon", str(place)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    told = ""
    for state in _states(place, _START_SECONDS):
        if state is not None and state.pid == daemon.pid:
            if state.phase == "failed":
                raise LocalError(f"starting {state.step} failed: {state.problem}")
            if state.phase == "ready":
                return state
            if state.step != told:
                told = state.step
                say(f"starting {told}")
        if daemon.poll() is not None:
            lines = (place / "daemon.log").read_text(errors="replace").splitlines()[-5:]
            raise LocalError("the local platform ended while it started:\n" + "\n".join(lines))
    raise LocalError(f"the control plane is not ready after {_START_SECONDS} s; its logs are in {place / 'logs'}")


def _states(place: Path, seconds: float) -> Iterator[State | None]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield peek(place)
        time.sleep(_POLL)


def wait_until_up(place: Path, run: StackRun, say: Say) -> None:
    """Returns when Prometheus reaches every target, every job among them, and an Alertmanager."""
    jobs = {scrape.job for system in run.plan.systems for scrape in system.scrapes}
    told, missing = 0, ["Prometheus does not run yet"]
    with httpx.Client(timeout=2.0, trust_env=False) as client:
        for state in _states(place, _READY_SECONDS):
            if state is None or not state.alive:
                raise LocalError(f"the local platform has ended; its log is {place / 'daemon.log'}")
            missing = _missing(client, state, jobs)
            if not missing:
                return
            if len(missing) != told:
                told = len(missing)
                say(f"waiting: {missing[0]}" + (f", and {told - 1} more" if told > 1 else ""))
    lines = "\n".join(f"  {line}" for line in missing)
    raise LocalError(f"not everything is up after {_READY_SECONDS} s:\n{lines}\nlogs are in {place / 'logs'}")


def _missing(client: httpx.Client, state: State, jobs: set[str]) -> list[str]:
    """What is not up yet, in words."""
    if state.problem:
        return state.problem.splitlines()
    if "prometheus" not in state.processes or "alertmanager" not in state.processes:
        return ["the operator has not made its pods yet"]
    try:
        api = f"{state.url('prometheus')}/api/v1"
        targets = client.get(f"{api}/targets", params={"state": "active"}).raise_for_status().json()
        managers = client.get(f"{api}/alertmanagers").raise_for_status().json()
    except (httpx.HTTPError, json.JSONDecodeError):
        return ["Prometheus does not answer yet"]
    active = targets["data"]["activeTargets"]
    lacking = [f"job {job} has no target" for job in sorted(jobs - {t["labels"]["job"] for t in active})]
    unhealthy = [
        f"{t['labels']['job']} {t['labels']['instance']}: {t['lastError'] or 'not scraped yet'}"
        for t in active
        if t["health"] != "up"
    ]
    alone = [] if managers["data"]["activeAlertmanagers"] else ["Prometheus has found no Alertmanager yet"]
    return [*lacking, *unhealthy, *alone]


def down(place: Path, *, keep: bool = False) -> bool:
    """Stop the platform in a folder and everything that it started; false when none ran.

    ``keep`` leaves the folder with its logs, otherwise nothing is left.
    """
    state = peek(place)
    ran = state is not None and state.alive
    if state is not None:
        if ran:
            _end(state.pid, state.identity)
        # Only after a crash on a system whose kernel does not end the children.
        for process in state.processes.values():
            if process.pid is not None and _is(process.pid, process.started):
                _end(process.pid, identity(process.pid))
    if not keep:
        shutil.rmtree(place, ignore_errors=True)
    return ran


def _is(pid: int, started: float) -> bool:
    """Whether a pid is still the process that was started then; creation times are rounded to 10 ms."""
    try:
        return abs(psutil.Process(pid).create_time() - started) < 1
    except psutil.NoSuchProcess:
        return False


def _end(pid: int, known: str) -> None:
    try:
        process = psutil.Process(pid)
        if identity(pid) != known:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(1)
    except psutil.NoSuchProcess:
        return
