"""What our exporters share: the loop, its cache, its health, and how it stops."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic_settings import SettingsConfigDict
from scraped import Clock, get, parsed, scan

from scanning import Deadline, Failure, Family, Gone, Listing, Program, Reason, Sample, ScanSettings, family_table
from scanning.metrics import Exposition
from scanning.process import Exporter
from scanning.workers import Workers

FAMILIES = family_table(
    Family("thing_size_bytes", "gauge", "Size", ("thing",)), Family("thing_seen_total", "counter", "Seen")
)


class Settings(ScanSettings):
    model_config = SettingsConfigDict(env_prefix="THING_")


class Things:
    """``reads``: key -> what a read does."""

    families = FAMILIES

    def __init__(self, **reads: Callable[[], float]) -> None:
        self.reads = reads
        self.fails: Exception | None = None

    def listing(self, deadline: Deadline) -> Listing:  # noqa: ARG002
        if self.fails:
            raise self.fails
        return Listing(list(self.reads))

    def read(self, key: str, deadline: Deadline) -> Sequence[Sample]:  # noqa: ARG002
        return [Sample("thing_size_bytes", self.reads[key](), (key,))]


def exporter(things: Things, **settings: object) -> Exporter[Settings]:
    program = Program("thing", "source", "things", "1.2", Settings, lambda *_: things)
    return Exporter(program, Settings.model_validate({"name": "a", "address": "127.0.0.1", "port": 0, **settings}))


@contextmanager
def running(one: Exporter[Settings]) -> Iterator[Exporter[Settings]]:
    one.start()
    try:
        yield one
    finally:
        one.stop()


def raises(error: BaseException) -> Callable[[], float]:
    def read() -> float:
        raise error

    return read


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_each_part_fails_for_itself_with_its_reason() -> None:
    things = Things(
        good=lambda: 5,
        denied=raises(Failure(Reason.FORBIDDEN, "no")),
        broken=raises(ZeroDivisionError("oh")),
        gone=raises(Gone("gone")),
    )
    shown = scan(exporter(things))
    assert shown.labels("thing_size_bytes", "thing") == {"good"}
    assert shown.value("thing_exporter_errors_total", reason="forbidden") == 1
    assert shown.value("thing_exporter_errors_total", reason="internal") == 1
    assert shown.value("thing_exporter_things", state="failed") == 2
    assert shown.value("thing_exporter_scans_total", result="partial") == 1


def test_a_scan_in_which_everything_fails_is_failed_though_the_source_is_up() -> None:
    shown = scan(exporter(Things(one=raises(Failure(Reason.NOT_FOUND, "")))))
    assert shown.value("thing_exporter_scans_total", result="failed") == 1
    assert shown.value("thing_exporter_up") == 1


def test_every_reason_begins_at_nought() -> None:
    shown = parsed(exporter(Things()).text())
    assert shown.labels("thing_exporter_errors_total", "reason") == {one.value for one in Reason}
    assert shown.value("thing_exporter_build_info", version="1.2", source="a") == 1


def test_a_scrape_does_not_wait_for_a_scan() -> None:
    slow = threading.Event()
    with running(exporter(Things(one=lambda: float(slow.wait(5))))) as one:
        begun = time.monotonic()
        status, _ = get(one, "/metrics")
        assert status == 200
        assert time.monotonic() - begun < 1
        slow.set()


def test_values_are_not_shown_when_nobody_publishes_any_more() -> None:
    one = exporter(Things(one=lambda: 1.0), interval=100, stale_after=200)
    clock = Clock(one)
    assert scan(one).has("thing_size_bytes")
    clock.passes(199)
    assert parsed(one.text()).has("thing_size_bytes")
    clock.passes(2)
    assert not parsed(one.text()).has("thing_size_bytes")


def test_values_stay_while_a_scan_takes_longer_than_they_may_be_old() -> None:
    def slow() -> float:
        clock.passes(300)
        return 1

    one = exporter(Things(a=slow, b=slow, c=slow), interval=100, stale_after=200, concurrency=1)
    clock = Clock(one)
    assert scan(one).labels("thing_size_bytes", "thing") == {"a", "b", "c"}


def test_values_of_a_source_that_is_down_go_after_their_time() -> None:
    things = Things(a=lambda: 1.0)
    one = exporter(things, interval=100, stale_after=200)
    clock = Clock(one)
    scan(one)
    things.fails = Failure(Reason.UNREACHABLE, "down")
    clock.passes(199)
    assert scan(one).has("thing_size_bytes"), "they stay for a while"
    clock.passes(2)
    assert not scan(one).has("thing_size_bytes")


def test_a_read_that_hangs_holds_up_nothing_and_is_not_begun_twice() -> None:
    let_go, begun = threading.Event(), []

    def hangs() -> float:
        begun.append(1)
        let_go.wait(20)
        return 1

    one = exporter(Things(hangs=hangs, good=lambda: 2.0), timeout=0.1, concurrency=1)
    shown = scan(one)
    assert shown.labels("thing_size_bytes", "thing") == {"good"}
    assert shown.value("thing_exporter_errors_total", reason="timeout") == 1
    assert scan(one).value("thing_exporter_errors_total", reason="timeout") == 2
    assert len(begun) == 1
    let_go.set()
    wait_for(lambda: scan(one).has("thing_size_bytes", thing="hangs"))


def test_health_is_lost_when_too_many_reads_hang() -> None:
    let_go = threading.Event()
    things = Things(**{f"t{number}": lambda: float(let_go.wait(20)) for number in range(3)})
    with running(exporter(things, timeout=0.1, concurrency=1)) as one:
        assert get(one, "/healthz") == (200, b"ok")
        wait_for(lambda: get(one, "/healthz") == (503, b"3 reads hang"))
        let_go.set()
        wait_for(lambda: get(one, "/healthz")[0] == 200)


def test_a_source_that_is_down_is_no_reason_for_a_restart() -> None:
    things = Things()
    things.fails = Failure(Reason.UNREACHABLE, "down")
    with running(exporter(things)) as one:
        wait_for(lambda: parsed(get(one, "/metrics")[1]).value("thing_exporter_scans_total", result="failed") == 1)
        assert get(one, "/healthz")[0] == 200


def test_a_source_that_was_down_is_asked_again_sooner_than_usual() -> None:
    scanner = exporter(Things(), interval=300).scanner
    down = Failure(Reason.UNREACHABLE, "")
    assert [scanner._pause(down, 1) for _ in range(6)] == [30, 60, 120, 240, 299, 299]
    assert scanner._pause(None, 1) == 299
    assert scanner._pause(down, 1) == 30, "it begins anew"
    assert scanner._pause(Failure(Reason.UNAUTHORIZED, ""), 1) == 299


def test_only_two_paths_are_there() -> None:
    with running(exporter(Things())) as one:
        assert get(one, "/")[0] == 404
        assert get(one, "/metrics?name=x")[0] == 200


def test_workers_keep_to_their_number() -> None:
    now, most, lock = [0], [0], threading.Lock()

    def work(_: str) -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1
        return 1

    outcomes = list(Workers[int](3, 5).run((str(n) for n in range(12)), work, threading.Event()))
    assert len(outcomes) == 12
    assert most == [3]


def test_exposition_escapes_labels_and_knows_counters() -> None:
    exposition = Exposition(FAMILIES, "source", 'a"b')
    text = exposition.text([Sample("thing_size_bytes", 1, ("x\n\\",)), Sample("thing_seen_total", 2)]).decode()
    families = {one.name: one for one in text_string_to_metric_families(text)}
    assert families["thing_seen"].type == "counter"
    assert families["thing_size_bytes"].samples[0].labels == {"source": 'a"b', "thing": "x\n\\"}


@pytest.mark.parametrize(
    ("sample", "error"), [(Sample("other", 1), KeyError), (Sample("thing_size_bytes", 1), ValueError)]
)
def test_exposition_refuses_what_no_family_says(sample: Sample, error: type[Exception]) -> None:
    with pytest.raises(error):
        Exposition(FAMILIES, "source", "a").text([sample])


def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        family_table(Family("a", "gauge", ""), Family("a", "counter", ""))


PROCESS = [sys.executable, "-m", "bitbucket_exporter"]


@contextmanager
def process(environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    given = {"PATH": os.environ["PATH"], "BITBUCKET_CONFIG": str(folder / "config.yaml"), **environment}
    with subprocess.Popen(PROCESS, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def test_the_process_begins_logs_json_and_ends_on_sigterm(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: main\nurl: https://127.0.0.1:1\naddress: 127.0.0.1\nport: 0\n")
    (tmp_path / "token").write_text("very-secret\n")
    with process({"BITBUCKET_SECRETS": str(tmp_path), "BITBUCKET_LOG_LEVEL": "DEBUG"}, tmp_path) as started:
        assert started.stdout
        lines = [json.loads(started.stdout.readline())]
        while lines[-1]["message"] != "scanned":
            lines.append(json.loads(started.stdout.readline()))
        begun = time.monotonic()
        started.send_signal(signal.SIGTERM)
        rest, _ = started.communicate(timeout=10)
    assert started.returncode == 0
    assert time.monotonic() - begun < 5
    assert json.loads(rest.splitlines()[-1])["message"] == "stopped"
    by_message = {line["message"]: line for line in lines}
    assert by_message["started"]["source"] == "main"
    assert by_message["the source cannot be asked"]["reason"] == "unreachable"
    assert "very-secret" not in str(lines) + rest


def test_a_signal_that_another_thread_gets_ends_the_process_too(tmp_path: Path) -> None:
    """Libraries have threads of their own, and Python handles signals in the first one alone."""
    (tmp_path / "config.yaml").write_text("name: main\nurl: https://127.0.0.1:1\naddress: 127.0.0.1\nport: 0\n")
    with process({"BITBUCKET_TOKEN": "x"}, tmp_path) as started:
        assert started.stdout
        while json.loads(started.stdout.readline())["message"] != "scanned":
            pass
        others = [
            int(task.name) for task in Path(f"/proc/{started.pid}/task").iterdir() if task.name != str(started.pid)
        ]
        assert ctypes.CDLL(None).tgkill(started.pid, others[0], signal.SIGTERM) == 0
        started.communicate(timeout=10)
    assert started.returncode == 0


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: main\nurl: https://127.0.0.1:1\ntoken: x\naddress: 127.0.0.1\n")
    with running(exporter(Things())) as other:
        taken = {"BITBUCKET_SECRETS": str(tmp_path / "none"), "BITBUCKET_PORT": str(other.server.port)}
        with process(taken, tmp_path) as started:
            output, _ = started.communicate(timeout=20)
    assert started.returncode == 2
    line = json.loads(output)
    assert (line["message"], line["port"]) == ("cannot begin", other.server.port)


def test_bad_settings_are_said_one_by_one_and_end_the_process(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: main\nurl: http://user:hunter2@x\nintervall: 5\nmost: none\n")
    with process({"BITBUCKET_SECRETS": str(tmp_path)}, tmp_path) as started:
        output, _ = started.communicate(timeout=20)
    assert started.returncode == 2
    problems = sorted(json.loads(line)["problem"].partition(":")[0] for line in output.splitlines())
    assert problems == ["intervall", "most", "token", "url"]
    assert "hunter2" not in output
