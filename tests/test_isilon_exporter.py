"""The Isilon exporter against a server that replays documented answers of OneFS, faults included."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from onefs_server import PASSWORD, USER, OneFS
from replay_server import Answer, Replay, certificate, replaying
from scraped import parsed, scan

from isilon_exporter.__main__ import PROGRAM
from isilon_exporter.settings import IsilonSettings
from scanning import http, logs
from scanning.process import Exporter

STATISTICS, CONFIG, QUOTAS = (
    "/platform/1/statistics/current",
    "/platform/3/cluster/config",
    "/platform/8/quota/quotas",
)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return certificate(tmp_path)


@pytest.fixture
def onefs() -> OneFS:
    return OneFS()


@pytest.fixture
def server(onefs: OneFS, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Replay]:
    monkeypatch.setattr(http, "_BACKOFF", 0.01)
    with replaying(onefs, *files) as replay:
        yield replay


@pytest.fixture
def exporter(server: Replay, files: tuple[Path, Path]) -> Exporter[IsilonSettings]:
    return made(server, files[0])


def made(server: Replay, ca_file: Path | None, **settings: Any) -> Exporter[IsilonSettings]:
    given = {"username": USER, "password": PASSWORD, "requests_per_second": 100, "timeout": 5, **settings}
    return Exporter(
        PROGRAM, IsilonSettings(name="archive", address="127.0.0.1", port=0, url=server.url, ca_file=ca_file, **given)
    )


def test_capacity_and_health_of_cluster_and_nodes(exporter: Exporter[IsilonSettings]) -> None:
    shown = scan(exporter)
    assert shown.value("isilon_cluster_info", name="archive", release="9.5.0.0") == 1
    assert shown.value("isilon_cluster_health") == 1
    assert shown.value("isilon_cluster_size_bytes") == 1000e12
    assert shown.value("isilon_cluster_used_bytes") == 600e12
    assert shown.value("isilon_cluster_available_bytes") == 350e12
    assert shown.labels("isilon_node_used_bytes", "node") == {"1", "2"}, "logical numbers, not devids"
    assert shown.value("isilon_node_health", node="2") == 0


def test_disks_and_drives(exporter: Exporter[IsilonSettings]) -> None:
    shown = scan(exporter)
    assert shown.value("isilon_disk_operations_per_second", node="1", direction="in") == 120.5
    assert shown.value("isilon_disk_throughput_bytes_per_second", node="2", direction="out") == 9e6
    assert shown.value("isilon_drives", node="1", state="healthy") == 2
    assert shown.value("isilon_drives", node="1", state="smartfail") == 1
    assert not shown.has("isilon_drives", state="empty"), "an empty bay is no drive"


def test_protocols_in_base_units_and_only_those_in_use(exporter: Exporter[IsilonSettings]) -> None:
    shown = scan(exporter)
    assert shown.labels("isilon_operations_per_second", "protocol") == {"nfs"}
    assert shown.value("isilon_operations_per_second", protocol="nfs") == 250
    assert shown.value("isilon_throughput_bytes_per_second", protocol="nfs", direction="in") == 1e6
    assert shown.value("isilon_throughput_bytes_per_second", protocol="nfs", direction="out") == 3e6
    assert shown.value("isilon_latency_seconds", protocol="nfs") == pytest.approx(0.0015)
    assert shown.value("isilon_exporter_parts", state="failed") == 0, "a protocol that is not there is no failure"


def test_quotas_of_all_pages_and_the_one_without_snapshots(exporter: Exporter[IsilonSettings]) -> None:
    shown = scan(exporter)
    assert shown.labels("isilon_quota_used_bytes", "path") == {"/ifs/data", "/ifs/home"}
    assert shown.value("isilon_quota_used_bytes", path="/ifs/data", type="directory", owner="") == 90
    assert shown.value("isilon_quota_limit_bytes", path="/ifs/data", limit="hard") == 100
    assert shown.value("isilon_quota_exceeded", path="/ifs/data", limit="soft") == 1
    assert shown.value("isilon_quota_exceeded", path="/ifs/data", limit="hard") == 0
    assert not shown.has("isilon_quota_limit_bytes", path="/ifs/home")
    assert shown.value("isilon_events", severity="critical") == 1
    assert shown.value("isilon_events", severity="warning") == 0


def test_quotas_are_capped(server: Replay, files: tuple[Path, Path]) -> None:
    shown = scan(made(server, files[0], max_quotas=1))
    assert shown.labels("isilon_quota_used_bytes", "path") == {"/ifs/data"}
    assert shown.value("isilon_quotas", state="over_cap") == 1


def test_one_session_serves_all_scans(exporter: Exporter[IsilonSettings], onefs: OneFS) -> None:
    scan(exporter)
    scan(exporter)
    assert onefs.logins == 1


def test_a_session_that_has_ended_is_made_anew(exporter: Exporter[IsilonSettings], onefs: OneFS) -> None:
    scan(exporter)
    onefs.sessions.clear()
    shown = scan(exporter)
    assert shown.value("isilon_exporter_scans_total", result="ok") == 2
    assert onefs.logins == 2


def test_a_session_that_ends_midway_is_made_anew_once_for_all_threads(
    exporter: Exporter[IsilonSettings], onefs: OneFS, server: Replay
) -> None:
    scan(exporter)
    ends = threading.Event()

    def answer(request: Any) -> Answer:
        if request.path == STATISTICS and not ends.is_set():
            ends.set()
            onefs.sessions.clear()
        return onefs(request)

    server._answer = answer
    shown = scan(exporter)
    assert shown.value("isilon_exporter_parts", state="failed") == 0
    assert onefs.logins == 2


def test_a_refused_password_is_tried_once_a_scan(
    exporter: Exporter[IsilonSettings], onefs: OneFS, caplog: pytest.LogCaptureFixture
) -> None:
    onefs.password = "another"
    shown = scan(exporter)
    assert onefs.logins == 1
    assert shown.value("isilon_exporter_up") == 0
    assert shown.value("isilon_exporter_errors_total", reason="unauthorized") == 1
    assert PASSWORD not in caplog.text
    error = exporter.scanner.scan()
    assert exporter.scanner._pause(error, 0) == 300, "not sooner than the next scan"


def test_a_part_that_may_not_be_read_hides_no_other(exporter: Exporter[IsilonSettings], onefs: OneFS) -> None:
    onefs.denied.add(QUOTAS)
    shown = scan(exporter)
    assert shown.value("isilon_exporter_errors_total", reason="forbidden") == 1
    assert shown.value("isilon_exporter_parts", state="failed") == 1
    assert shown.has("isilon_cluster_used_bytes")
    assert not shown.has("isilon_quota_used_bytes")


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(exporter: Exporter[IsilonSettings], server: Replay, status: int) -> None:
    server.faults[QUOTAS] = [Answer(status), Answer(status, headers=(("Retry-After", "0"),))]
    shown = scan(exporter)
    assert shown.value("isilon_exporter_parts", state="failed") == 0
    assert shown.value("isilon_exporter_requests_total", status=str(status)) == 2
    assert server.asked[QUOTAS] == 4, "two refusals, two pages"


@pytest.mark.parametrize(("status", "reason"), [(429, "rate_limited"), (503, "unavailable")])
def test_a_server_that_stays_busy_is_left_alone(
    exporter: Exporter[IsilonSettings], server: Replay, status: int, reason: str
) -> None:
    server.faults[QUOTAS] = [Answer(status)] * 10
    shown = scan(exporter)
    assert shown.value("isilon_exporter_errors_total", reason=reason) == 1
    assert server.asked[QUOTAS] == 4


def test_retry_after_is_obeyed_or_the_part_given_up(exporter: Exporter[IsilonSettings], server: Replay) -> None:
    server.faults[QUOTAS] = [Answer(429, headers=(("Retry-After", "3600"),))]
    shown = scan(exporter)
    assert shown.value("isilon_exporter_errors_total", reason="rate_limited") == 1
    assert server.asked[QUOTAS] == 1, "it is not asked again within the hour"


def test_a_slow_answer_is_a_timeout(server: Replay, files: tuple[Path, Path]) -> None:
    server.faults[QUOTAS] = [Answer(delay=1)] * 4
    shown = scan(made(server, files[0], request_timeout=0.1))
    assert shown.value("isilon_exporter_errors_total", reason="timeout") == 1
    assert shown.has("isilon_cluster_used_bytes")


@pytest.mark.parametrize(
    "body", [b"<html>maintenance</html>", b"[]", {"quotas": None}, {"quotas": [{"path": "/ifs"}]}, {"quotas": [7]}]
)
def test_a_malformed_answer_is_said_to_be_one(exporter: Exporter[IsilonSettings], server: Replay, body: Any) -> None:
    server.faults[QUOTAS] = [Answer(body=body)]
    shown = scan(exporter)
    assert shown.value("isilon_exporter_errors_total", reason="malformed") == 1
    assert shown.value("isilon_exporter_parts", state="failed") == 1


def test_statistics_of_a_node_that_is_down_are_left_out(exporter: Exporter[IsilonSettings], onefs: OneFS) -> None:
    onefs.down = {2}
    shown = scan(exporter)
    assert shown.labels("isilon_node_used_bytes", "node") == {"1"}
    assert shown.value("isilon_exporter_parts", state="failed") == 0
    onefs.down = {1, 2}
    assert scan(exporter).value("isilon_exporter_errors_total", reason="timeout") == 2, "nodes, disks"


def test_a_server_that_nobody_vouches_for_is_not_told_the_password(server: Replay, onefs: OneFS) -> None:
    shown = scan(made(server, None, timeout=1))
    assert shown.value("isilon_exporter_up") == 0
    assert shown.value("isilon_exporter_errors_total", reason="unreachable") == 1
    assert onefs.logins == 0


def test_a_server_that_is_not_there_is_unreachable(server: Replay, files: tuple[Path, Path]) -> None:
    gone = made(server, files[0], timeout=1)
    gone.scanner._source._onefs._api._client.base_url = "https://127.0.0.1:1"  # type: ignore[attr-defined]
    assert scan(gone).value("isilon_exporter_errors_total", reason="unreachable") == 1


def test_no_secret_is_logged_whatever_fails(exporter: Exporter[IsilonSettings], server: Replay) -> None:
    text = io.StringIO()
    secrets = exporter.scanner._settings.secrets
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        logs.configure("DEBUG", secrets, text)
        server.faults[CONFIG] = [Answer(401), Answer(401)]
        server.faults[QUOTAS] = [Answer(500, PASSWORD.encode())]
        scan(exporter)
        logging.getLogger("test").error("the password is %s", PASSWORD)
    finally:
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)
    assert PASSWORD not in text.getvalue()
    assert 'pa\\"ss, word' not in text.getvalue(), "as JSON writes it"
    assert "***" in text.getvalue()
    assert "session-" not in text.getvalue()


def test_the_pace_of_requests_is_kept(server: Replay, files: tuple[Path, Path]) -> None:
    exporter = made(server, files[0], requests_per_second=20)
    exporter.scanner.scan()
    duration = parsed(exporter.text()).value("isilon_exporter_scan_duration_seconds")
    asked = sum(count for path, count in server.asked.items() if path != "/session/1/session")
    assert duration >= (asked - 1) / 20
