"""The Iceberg exporter on a real catalog with real files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lake import Lake, rows
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import ServerError
from pyiceberg.manifest import ManifestFile
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from replay_server import Answer, Request, certificate, replaying
from scraped import Clock, Scraped, scan

from iceberg_exporter.__main__ import PROGRAM
from iceberg_exporter.settings import IcebergSettings
from iceberg_exporter.table import last_change, removed_files
from scanning.process import Exporter

ORDERS = {"database": "sales", "table": "orders"}


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    made = Lake(tmp_path)
    yield made
    made.catalog.close()


def exporter(lake: Lake, **settings: Any) -> Exporter[IcebergSettings]:
    given = {"address": "127.0.0.1", "port": 0, "catalog": lake.properties, **settings}
    return Exporter(PROGRAM, IcebergSettings(name="lake", **given))


def test_a_table_is_described_by_its_files_and_metadata(lake: Lake) -> None:
    table = lake.table("sales.orders", commits=3)
    shown = scan(exporter(lake))
    files = table.inspect.files()
    size = sum(files["file_size_in_bytes"].to_pylist())
    assert shown.value("iceberg_table_size_bytes", **ORDERS) == size
    assert shown.value("iceberg_table_records", **ORDERS) == 300
    assert shown.value("iceberg_table_files", **ORDERS, size_category="small") == 3
    assert shown.value("iceberg_table_files", **ORDERS, size_category="regular") == 0
    assert shown.value("iceberg_table_small_files_ratio", **ORDERS) == 1
    assert shown.value("iceberg_table_snapshots", **ORDERS) == 3
    snapshots = table.metadata.snapshots
    assert shown.value("iceberg_table_last_update_timestamp_seconds", **ORDERS) == snapshots[-1].timestamp_ms / 1000
    oldest = shown.value("iceberg_table_oldest_snapshot_timestamp_seconds", **ORDERS)
    assert oldest == snapshots[0].timestamp_ms / 1000
    assert shown.value("iceberg_table_metadata_log_entries", **ORDERS) == 3
    assert shown.value("iceberg_table_manifests", **ORDERS, content="data") == 3
    assert 0 <= shown.value("iceberg_table_commit_lag_seconds", **ORDERS) < 60


def test_the_size_of_metadata_is_that_of_its_files(lake: Lake) -> None:
    table = lake.table("sales.orders", commits=2)
    shown = scan(exporter(lake))
    current = table.current_snapshot()
    assert current is not None
    manifests = current.manifests(table.io)

    def on_disk(*paths: str) -> int:
        return sum(Path(path.removeprefix("file://")).stat().st_size for path in paths)

    def part(name: str) -> float:
        return shown.value("iceberg_table_metadata_size_bytes", **ORDERS, part=name)

    assert part("table_metadata") == on_disk(table.metadata_location)
    assert part("manifest_list") == on_disk(current.manifest_list)
    assert part("manifests") == on_disk(*(one.manifest_path for one in manifests))


def test_the_border_of_small_is_a_setting(lake: Lake) -> None:
    table = lake.table("sales.orders", commits=1, per_commit=10)
    table.append(rows(20000))
    small, regular = sorted(table.inspect.files()["file_size_in_bytes"].to_pylist())
    assert small < regular
    shown = scan(exporter(lake, small_file_bytes=regular))
    assert shown.value("iceberg_table_files", **ORDERS, size_category="small") == 1
    assert shown.value("iceberg_table_files", **ORDERS, size_category="regular") == 1
    assert shown.value("iceberg_table_small_files_ratio", **ORDERS) == 0.5


def test_compaction_is_due_for_many_small_files_and_for_many_manifests(lake: Lake) -> None:
    lake.table("sales.orders", commits=4)
    calm = scan(exporter(lake, compaction_min_files=5))
    due = scan(exporter(lake, compaction_min_files=4, compaction_manifests=3))

    def is_due(shown: Scraped, reason: str) -> float:
        return shown.value("iceberg_table_compaction_due", **ORDERS, reason=reason)

    assert (is_due(calm, "small_files"), is_due(calm, "manifests")) == (0, 0)
    assert (is_due(due, "small_files"), is_due(due, "manifests")) == (1, 1)
    assert is_due(due, "delete_files") == 0


def test_files_that_a_delete_removed_are_told_from_those_of_a_rewrite(lake: Lake) -> None:
    table = lake.table("sales.orders", commits=3)
    reader = exporter(lake)
    assert scan(reader).value("iceberg_table_removed_files", **ORDERS, operation="delete") == 0
    table.delete("id < 100")  # a whole file
    table.delete("id < 150")  # half of one: it is written anew
    shown = scan(reader)
    assert shown.value("iceberg_table_removed_files", **ORDERS, operation="delete") == 1
    assert shown.value("iceberg_table_removed_files", **ORDERS, operation="overwrite") == 1
    assert shown.value("iceberg_table_records", **ORDERS) == 150


def test_an_empty_table_has_no_times(lake: Lake) -> None:
    lake.table("sales.orders", commits=0)
    shown = scan(exporter(lake))
    assert shown.value("iceberg_table_size_bytes", **ORDERS) == 0
    assert shown.value("iceberg_table_small_files_ratio", **ORDERS) == 0
    assert not shown.has("iceberg_table_last_update_timestamp_seconds")
    assert not shown.has("iceberg_table_commit_lag_seconds")


def test_tables_of_nested_namespaces_are_found(lake: Lake) -> None:
    lake.catalog.create_namespace("raw")
    lake.table("raw.web.clicks")
    assert scan(exporter(lake)).value("iceberg_table_records", database="raw.web", table="clicks") == 100


def test_a_table_that_cannot_be_read_hides_no_other_and_is_counted(lake: Lake) -> None:
    lake.table("sales.orders")
    broken = lake.table("sales.broken")
    Path(broken.metadata_location.removeprefix("file://")).unlink()
    shown = scan(exporter(lake))
    assert shown.labels("iceberg_table_records", "table") == {"orders"}
    assert shown.value("iceberg_exporter_errors_total", reason="not_found") == 1
    assert shown.value("iceberg_exporter_tables", state="failed") == 1
    assert shown.value("iceberg_exporter_tables", state="read") == 1
    assert shown.value("iceberg_exporter_scans_total", result="partial") == 1
    assert shown.value("iceberg_exporter_up") == 1


def test_a_damaged_metadata_file_is_malformed(lake: Lake) -> None:
    table = lake.table("sales.orders")
    Path(table.metadata_location.removeprefix("file://")).write_text("{")
    assert scan(exporter(lake)).value("iceberg_exporter_errors_total", reason="malformed") == 1


def test_values_of_a_table_that_fails_go_after_their_time(lake: Lake) -> None:
    table = lake.table("sales.orders")
    reader = exporter(lake, interval=100, stale_after=200)
    clock = Clock(reader)
    assert scan(reader).has("iceberg_table_records", **ORDERS)
    Path(table.metadata_location.removeprefix("file://")).unlink()
    clock.passes(199)
    assert scan(reader).has("iceberg_table_records", **ORDERS), "they stay for a while"
    clock.passes(2)
    assert not scan(reader).has("iceberg_table_records", **ORDERS)


def test_a_dropped_table_goes_at_once(lake: Lake) -> None:
    lake.table("sales.orders")
    lake.table("sales.old")
    reader = exporter(lake)
    assert scan(reader).labels("iceberg_table_records", "table") == {"orders", "old"}
    lake.catalog.drop_table("sales.old")
    assert scan(reader).labels("iceberg_table_records", "table") == {"orders"}


def test_a_table_dropped_while_scanning_is_no_failure(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.table("sales.orders")
    lake.table("sales.old")
    reader = exporter(lake)
    listing = reader.scanner._source.listing

    def drops(deadline: Any) -> Any:
        found = listing(deadline)
        lake.catalog.drop_table("sales.old")
        return found

    monkeypatch.setattr(reader.scanner._source, "listing", drops)
    shown = scan(reader)
    assert shown.value("iceberg_exporter_tables", state="failed") == 0
    assert shown.labels("iceberg_table_records", "table") == {"orders"}


def test_tables_are_chosen_by_patterns_and_capped(lake: Lake) -> None:
    for name in ("sales.a", "sales.b", "sales.c", "sales.tmp_x", "hr.people"):
        lake.table(name, commits=0)
    shown = scan(exporter(lake, include=("sales.*",), exclude=("*.tmp_*",), most=2))
    assert shown.labels("iceberg_table_records", "table") == {"a", "b"}
    assert shown.value("iceberg_exporter_tables", state="over_cap") == 1


def test_a_catalog_that_is_down_is_said_and_its_last_values_stay(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.table("sales.orders")
    reader = exporter(lake)
    scan(reader)

    def fails(*_: object) -> None:
        raise ServerError("down")

    monkeypatch.setattr(SqlCatalog, "list_namespaces", fails)
    shown = scan(reader)
    assert shown.value("iceberg_exporter_up") == 0
    assert shown.value("iceberg_exporter_errors_total", reason="unavailable") == 1
    assert shown.value("iceberg_exporter_scans_total", result="failed") == 1
    assert shown.has("iceberg_table_records", **ORDERS)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(401, {"error": {"message": "no", "type": "NotAuthorizedException", "code": 401}}), "unauthorized"),
        (Answer(403, {"error": {"message": "no", "type": "ForbiddenException", "code": 403}}), "forbidden"),
        (Answer(503, {"error": {"message": "busy", "type": "ServiceUnavailable", "code": 503}}), "unavailable"),
        (Answer(200, b"<html>"), "malformed"),
    ],
)
def test_a_rest_catalog_that_refuses_says_why(
    answer: Answer, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rest(request: Request) -> Answer:
        return Answer(body={"defaults": {}, "overrides": {}}) if request.path == "/v1/config" else answer

    files = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files[0]))
    with replaying(rest, *files) as replay:
        catalog = {"type": "rest", "uri": replay.url, "token": "x"}
        shown = scan(Exporter(PROGRAM, IcebergSettings(name="lake", address="127.0.0.1", port=0, catalog=catalog)))
    assert shown.value("iceberg_exporter_up") == 0
    assert shown.value("iceberg_exporter_errors_total", reason=reason) == 1


@pytest.mark.parametrize(
    "catalog",
    [
        {"type": "hive", "uri": "thrift://127.0.0.1:1"},
        {"type": "rest", "uri": "http://127.0.0.1:1"},
        {"type": "sql", "uri": "postgresql+psycopg2://user:hunter2@127.0.0.1:1/lake"},
    ],
)
def test_a_catalog_that_is_not_there_is_unreachable(catalog: dict[str, str]) -> None:
    """The clients of all these are in the image."""
    one = IcebergSettings(name="lake", address="127.0.0.1", port=0, catalog=catalog)
    assert scan(Exporter(PROGRAM, one)).value("iceberg_exporter_errors_total", reason="unreachable") == 1


def test_what_did_not_change_is_not_read_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    table = lake.table("sales.orders", commits=3)
    reader, read = exporter(lake), []
    fetch = ManifestFile.fetch_manifest_entry

    def noted(self: ManifestFile, *args: Any, **more: Any) -> Any:
        read.append(self.manifest_path)
        return fetch(self, *args, **more)

    monkeypatch.setattr(ManifestFile, "fetch_manifest_entry", noted)
    scan(reader)
    assert len(read) == 3
    scan(reader)
    assert len(read) == 3
    table.append(rows(7))
    read.clear()
    assert scan(reader).value("iceberg_table_records", **ORDERS) == 307
    assert len(read) == 1, "the manifest that the commit added"


def test_a_table_too_large_for_its_time_is_read_over_several_scans(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.table("sales.orders", commits=5)
    fetch = ManifestFile.fetch_manifest_entry

    def slow(self: ManifestFile, *args: Any, **more: Any) -> Any:
        time.sleep(0.15)
        return fetch(self, *args, **more)

    monkeypatch.setattr(ManifestFile, "fetch_manifest_entry", slow)
    reader = exporter(lake, timeout=0.4)
    first = scan(reader)
    assert first.value("iceberg_exporter_errors_total", reason="timeout") == 1
    assert not first.has("iceberg_table_records")
    for _ in range(20):
        if scan(reader).has("iceberg_table_records"):
            break
    assert scan(reader).value("iceberg_table_records", **ORDERS) == 500


def snapshot(operation: Operation, at: float, removed: int = 0) -> Snapshot:
    summary = Summary(operation, **{"deleted-data-files": str(removed)} if removed else {})
    return Snapshot(snapshot_id=round(at), timestamp_ms=round(at * 1000), manifest_list="", summary=summary)


def test_compaction_is_no_change_of_data() -> None:
    assert last_change([snapshot(Operation.APPEND, 10), snapshot(Operation.REPLACE, 20)]) == 10
    assert last_change([snapshot(Operation.REPLACE, 20), snapshot(Operation.REPLACE, 30)]) == 20, "no younger than that"
    assert last_change([]) is None


def test_removed_files_are_those_of_the_window_by_operation() -> None:
    snapshots = [
        snapshot(Operation.DELETE, 5, removed=9),
        snapshot(Operation.DELETE, 15, removed=2),
        snapshot(Operation.REPLACE, 16, removed=40),
        snapshot(Operation.APPEND, 17),
    ]
    assert removed_files(snapshots, since=10) == {"delete": 2, "overwrite": 0, "replace": 40}
