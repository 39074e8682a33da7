"""``make up`` and ``make down``: the daemon, the deployment, and waiting until everything answers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

import httpx
import psutil

from obs.local import deploy
from obs.local.daemon import Order
from obs.local.kube import Kube
from obs.local.pulumi_cli import has_pulumi, pulumi_up
from obs.local.readiness import Say, expected, states, wait_until_up
from obs.local.state import LocalError, State, identity, load, peek
from obs.run import StackRun, run_stack

_START_SECONDS, _STOP_SECONDS, _KILL_SECONDS = 90, 4, 20
_RELOAD_SECONDS, _SETTLED_SECONDS = 20, 4
"""A Secret is seen within 1 s, the reloader waits 1 s: what takes longer than the second is not coming."""


def up(
    project: Path,
    place: Path,
    tools: dict[str, Path],
    *,
    by_apply: bool,
    compression: int | None,
    only: Collection[str] = (),
    say: Say,
) -> State:
    """Start the local platform, or bring the one that runs up to date; returns when everything is up.

    ``only``: with no other of the stack's systems. The stack is deployed by the Pulumi CLI where there is one, else or
    ``by_apply`` by server-side apply. A platform that runs with other systems, or at another pace than ``compression``
    asks for, is started anew. Raises LocalError; a platform that this call started is then stopped again.
    """
    only = tuple(sorted({*only}))
    run = run_stack(deploy.STACK, project, config=deploy.config_of(project, only))
    systems = simulated(run)
    running = peek(place)
    fresh = running is None or not running.alive
    if running is not None and not fresh and not _serves(running, systems, compression):
        say("other systems or another pace: starting anew")
        fresh = True
    try:
        pace = compression if compression is not None else run.settings.time_compression
        state = _started(Order(place, tools, systems, pace, only)) if fresh else load(place)
        before = time.time()
        versions = {} if fresh else _versions(state)
        _deploy(deploy.Target(project, place, state), by_apply, say)
        if not fresh and _versions(state) != versions:
            _wait_for_reload(state, before, say)
        wait_until_up(place, expected(run, tools), say)
    except BaseException as error:
        if fresh:
            down(place, keep=isinstance(error, Exception))  # the logs, but for one who has changed their mind
        if isinstance(error, httpx.HTTPError):
            raise _unanswered(place, error) from None
        raise
    return load(place)


def simulated(run: StackRun) -> tuple[str, ...]:
    """The systems that the machine has to simulate: one without scrapes only reads what the others expose."""
    return tuple(system.name for system in run.plan.systems if system.scrapes)


def _unanswered(place: Path, error: httpx.HTTPError) -> LocalError:
    """A daemon that has failed takes the API server with it: then its reason is the reason."""
    state = peek(place)
    if state is not None and state.phase == "failed":
        return LocalError(f"starting {state.step} failed: {state.problem}")
    return LocalError(f"the API server does not answer: {error}")


def _serves(state: State, systems: tuple[str, ...], compression: int | None) -> bool:
    return state.systems == systems and compression in (None, state.compression)


def _deploy(target: deploy.Target, by_apply: bool, say: Say) -> None:
    if by_apply or not has_pulumi():
        stack = deploy.rendered(target)  # while the control plane starts
        _wait_until_open(target.place, say)
        say("applying the stack")
        say(f"{deploy.apply(target, stack)} objects applied")
    else:
        _wait_until_open(target.place, say)
        say("pulumi up")
        pulumi_up(target)


def _versions(state: State) -> dict[str, str]:
    """What the operator makes Prometheus' configuration of: path -> version of each object."""
    kube = Kube(Path(state.kubeconfig))
    kinds = ("prometheuses", "prometheusrules", "servicemonitors", "podmonitors", "probes")
    lists = {kind: kube.items(f"/apis/monitoring.coreos.com/v1/{kind}") for kind in kinds}
    return {
        f"{kind}/{o['metadata']['namespace']}/{o['metadata']['name']}": str(o["metadata"]["generation"])
        for kind, found in lists.items()
        for o in found
    }


def _wait_for_reload(state: State, since: float, say: Say) -> None:
    """Until Prometheus has loaded what the operator makes of a change, and no further change comes for a while.

    A change that leaves the configuration as it is leads to no reload: that ends the wait, too.
    """
    say("waiting: Prometheus has not loaded the change yet")
    deployed = time.time()
    with httpx.Client(timeout=2.0, trust_env=False) as client:
        while time.time() < deployed + _RELOAD_SECONDS:
            time.sleep(1)
            try:
                page = client.get(f"{state.url('prometheus')}/metrics").text
            except httpx.HTTPError:
                continue  # the change may be one that replaces the pod
            match = re.search(r"^prometheus_config_last_reload_success_timestamp_seconds (\S+)$", page, re.MULTILINE)
            loaded = float(match[1]) if match else 0.0
            if loaded > since and time.time() > max(loaded, deployed) + _SETTLED_SECONDS:
                return


def _started(order: Order) -> State:
    """The first state of a new daemon, which has its keys and ports by then."""
    place = order.place
    down(place)
    order.write()
    with (place / "daemon.log").open("ab") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "obs.local.daemon", str(place)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    for state in states(place, _START_SECONDS):
        if state is not None and state.pid == daemon.pid:
            return state
        if daemon.poll() is not None:
            break
    raise _ended(place)


def _wait_until_open(place: Path, say: Say) -> None:
    """Until the API server takes objects. Raises LocalError for a control plane that does not start."""
    told = ""
    for state in states(place, _START_SECONDS):
        if state is None or not (state.alive or state.phase == "failed"):
            raise _ended(place)
        if state.phase == "failed":
            raise LocalError(f"starting {state.step} failed: {state.problem}")
        if state.phase != "starting":
            return
        if state.step != told:
            told = state.step
            say(f"starting {told}")
    raise LocalError(f"the control plane is not ready after {_START_SECONDS} s; its logs are in {place / 'logs'}")


def _ended(place: Path) -> LocalError:
    lines = (place / "daemon.log").read_text(errors="replace").splitlines()[-5:]
    return LocalError("the local platform ended while it started:\n" + "\n".join(lines))


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
            process.wait(_KILL_SECONDS)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired:
        raise LocalError(f"process {pid} was killed and is still there after {_KILL_SECONDS} s") from None
