"""Servers are started again when they end, and none outlives the process that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from obs.local.ports import Ports
from obs.local.process import Command, Servers
from obs.local.state import LocalError, State, folder, identity, load, peek, save

SLEEP = Command(name="sleeper", argv=("sleep", "600"))


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    found = Servers(tmp_path / "logs")
    yield found
    found.stop(*found.names(), grace=0.5)


def pid_of(servers: Servers, name: str) -> int:
    pid = servers.states()[name].pid
    assert pid is not None
    return pid


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def gone(pid: int) -> bool:
    return identity(pid) == ""


def test_a_killed_server_is_started_again(servers: Servers) -> None:
    servers.start(SLEEP)
    first = pid_of(servers, "sleeper")
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: servers.tick() and servers.states()["sleeper"].pid not in (None, first))
    assert servers.states()["sleeper"].restarts == 1


def test_a_server_that_cannot_start_says_why_and_is_tried_again(servers: Servers) -> None:
    servers.start(Command(name="none", argv=("/no/such/program",)))
    assert servers.states()["none"].problem == "cannot be started: No such file or directory"
    assert eventually(lambda: servers.tick() and servers.states()["none"].restarts >= 2)


def test_a_server_that_ends_at_once_is_started_ever_less_often(tmp_path: Path) -> None:
    now = [0.0]
    servers = Servers(tmp_path / "logs", clock=lambda: now[0])
    servers.start(Command(name="short", argv=("false",)))
    starts = []
    for _ in range(400):
        time.sleep(0.002)
        now[0] += 0.1
        before = servers.states()["short"].restarts
        servers.tick()
        if servers.states()["short"].restarts > before:
            starts.append(now[0])
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert len(gaps) >= 4
    assert gaps[3] > gaps[0] * 3


def test_a_changed_command_replaces_the_server_and_the_same_one_does_not(servers: Servers) -> None:
    servers.start(SLEEP)
    first = pid_of(servers, "sleeper")
    servers.start(SLEEP)
    assert pid_of(servers, "sleeper") == first
    servers.start(Command(name="sleeper", argv=("sleep", "601")))
    assert pid_of(servers, "sleeper") != first
    assert gone(first)


def test_a_server_that_ignores_the_request_to_end_is_killed(servers: Servers) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    servers.start(Command(name="deaf", argv=(sys.executable, "-c", deaf)))
    assert eventually(lambda: servers.last_lines("deaf") == "deaf")
    pid = pid_of(servers, "deaf")
    servers.stop("deaf", grace=0.2)
    assert gone(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
def test_the_servers_of_a_killed_process_end_with_it(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from obs.local.process import Command, Servers\n"
        "s = Servers(Path(sys.argv[1])); s.start(Command(name='x', argv=('sleep', '600')))\n"
        "print(s.states()['x'].pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert psutil.pid_exists(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: gone(child))


def test_a_failing_one_time_command_is_an_error_with_its_last_words(servers: Servers) -> None:
    with pytest.raises(OSError, match="once failed: no such config"):
        servers.run(Command(name="once", argv=("sh", "-c", "echo no such config; exit 3")), timeout=5)


def test_ports_are_given_once_and_kept(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    given = {name: ports.get(name) for name in ("a", "b", "c")}
    assert len(set(given.values())) == 3
    assert Ports(tmp_path / "ports.json").get("b") == given["b"]


def test_a_state_whose_daemon_is_gone_is_no_platform(tmp_path: Path) -> None:
    daemon = subprocess.Popen(["sleep", "600"])
    save(tmp_path, State(pid=daemon.pid, identity=identity(daemon.pid), phase="ready", step=""))
    assert load(tmp_path).phase == "ready"
    daemon.kill()
    daemon.wait()
    with pytest.raises(LocalError, match="make up"):
        load(tmp_path)
    assert peek(tmp_path) is not None


def test_another_process_with_the_same_pid_is_not_the_daemon(tmp_path: Path) -> None:
    save(tmp_path, State(pid=os.getpid(), identity="1.00", phase="ready", step=""))
    with pytest.raises(LocalError):
        load(tmp_path)


def test_each_checkout_and_name_has_a_folder_of_its_own(tmp_path: Path) -> None:
    places = {folder(tmp_path / project, name) for project in ("a", "b") for name in ("local", "other")}
    assert len(places) == 4
