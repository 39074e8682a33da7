"""The configuration that the chart makes of our values, in the real Loki: what it takes, refuses, finds and deletes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loki_server import Loki, Manifest, Stream, eventually, loki_file, needs_chart, now, running, settings, verified
from real_tools import needs
from test_loki_values import STACKS, STORAGES

from components.loki_config import INDEX_LABELS

pytestmark = [pytest.mark.charts, needs_chart("loki"), needs("loki")]

SECOND, DAY = 10**9, 86_400 * 10**9
TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
STREAMS = 100


def labels(pod: str = "etl-driver") -> dict[str, str]:
    return {"namespace": "spark-jobs", "pod": pod, "container": "driver", "app": "etl"}


@pytest.fixture(scope="module")
def loki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loki]:
    file = loki_file(settings(logs={"maxStreams": STREAMS}))
    with running(file, tmp_path_factory.mktemp("loki")) as found:
        yield found


def found(loki: Loki, query: str, count: int = 1) -> list[tuple[dict[str, str], str]]:
    """The entries of the last and the next minute."""
    start, end = now() - 60 * SECOND, now() + 60 * SECOND
    assert eventually(lambda: len(loki.query(query, start, end)) >= count), query
    return loki.query(query, start, end)


# --- what it is told


@pytest.mark.parametrize("chosen", STACKS, ids=" ".join)
def test_the_file_is_accepted(chosen: tuple[str, str, str], tmp_path: Path) -> None:
    name, mode, storage = chosen
    file = loki_file(settings(name, objectStorage=STORAGES[storage], logs={"mode": mode}))
    said = verified(file, tmp_path)
    assert said.returncode == 0, said.stderr
    assert "config is valid" in said.stderr


@pytest.mark.parametrize(
    ("section", "wrong", "said"),
    [
        ("compactor", {"retention_enabled": True, "delete_request_store": ""}, "delete-request-store"),
        ("limits_config", {"otlp_conf": {}}, "field otlp_conf not found"),
        ("ingester", {"chunk_encoding": "zip"}, "invalid encoding: zip"),
    ],
)
def test_a_wrong_file_is_refused(section: str, wrong: dict[str, Any], said: str, tmp_path: Path) -> None:
    file: Manifest = copy.deepcopy(loki_file(settings()))
    file[section] |= wrong
    answer = verified(file, tmp_path)
    assert answer.returncode != 0
    assert said in answer.stderr


# --- one set of labels by both roads


@pytest.mark.smoke
def test_both_roads_lead_to_the_same_four_labels(loki: Loki) -> None:
    pushed, sent = labels("by-push"), labels("by-otlp")
    assert loki.push([(pushed, [(now(), "a line of the agent", {"trace_id": TRACE})])]).status_code == 204
    resource = {**sent, "service.name": "etl", "k8s.node.name": "node-1", "telemetry.sdk.language": "java"}
    record = {"timeUnixNano": str(now()), "body": {"stringValue": "a line of an application"}}
    assert loki.push_otlp(resource, [record]).status_code == 204
    found(loki, '{pod=~"by-.*"}', 2)
    series = loki.series(now() - 60 * SECOND, now() + 60 * SECOND, '{pod=~"by-.*"}')
    assert sorted(series, key=lambda one: one["pod"]) == [sent, pushed]
    assert set(sent) == set(INDEX_LABELS)


def test_what_else_an_application_says_of_itself_is_structured_metadata(loki: Loki) -> None:
    resource = {**labels("metadata"), "service.name": "etl", "k8s.node.name": "node-1"}
    record = {"timeUnixNano": str(now()), "body": {"stringValue": "x"}, "attributes": [_attribute("user.tier", "gold")]}
    assert loki.push_otlp(resource, [record]).status_code == 204
    ((entry, _),) = found(loki, '{pod="metadata"} | service_name="etl" | user_tier="gold"')
    assert entry["k8s_node_name"] == "node-1"


def _attribute(key: str, value: str) -> Manifest:
    return {"key": key, "value": {"stringValue": value}}


def test_a_trace_is_found_by_its_id_whatever_road_its_lines_came(loki: Loki) -> None:
    assert loki.push([(labels("trace-push"), [(now(), "one", {"trace_id": TRACE, "span_id": SPAN})])]).is_success
    record = {"timeUnixNano": str(now()), "body": {"stringValue": "two"}, "traceId": TRACE, "spanId": SPAN}
    assert loki.push_otlp(labels("trace-otlp"), [record]).is_success
    entries = found(loki, f'{{namespace="spark-jobs", pod=~"trace-.*"}} | trace_id="{TRACE}"', 2)
    assert {line for _, line in entries} == {"one", "two"}
    assert {entry["span_id"] for entry, _ in entries} == {SPAN}
    start, end = now() - 60 * SECOND, now() + 60 * SECOND
    assert loki.query('{pod=~"trace-.*"} | trace_id="0"', start, end) == []


def test_errors_are_found_by_one_word_whatever_road_and_form(loki: Loki) -> None:
    lines = ['{"level":"error","message":"boom"}', "2026-11-26 ERROR boom", 'ts=1 level=error msg="boom"']
    assert loki.push([(labels("level"), [(now() + i, line, {}) for i, line in enumerate(lines)])]).is_success
    record = {"timeUnixNano": str(now()), "body": {"stringValue": "boom"}, "severityNumber": 17}
    assert loki.push_otlp(labels("level"), [record]).is_success
    assert len(found(loki, '{pod="level"} | detected_level="error"', 4)) == 4


# --- the guards


def test_a_fifth_label_is_refused_and_named(loki: Loki) -> None:
    answer = loki.push([({**labels("fifth"), "user": "4711"}, [(now(), "x", {})])])
    assert answer.status_code == 400
    assert "has 5 label names; limit 4" in answer.text


def test_a_line_older_than_a_week_is_refused_and_a_younger_one_is_not(loki: Loki) -> None:
    assert loki.push([(labels("old"), [(now() - 6 * DAY, "x", {})])]).status_code == 204
    answer = loki.push([(labels("old"), [(now() - 8 * DAY, "x", {})])])
    assert answer.status_code == 400
    assert "has timestamp too old" in answer.text


def test_a_line_that_is_too_long_keeps_its_beginning(loki: Loki) -> None:
    assert loki.push([(labels("long"), [(now(), "beginning " + "x" * 300_000, {})])]).status_code == 204
    ((_, line),) = found(loki, '{pod="long"}')
    assert line.startswith("beginning ")
    assert len(line) == 256 * 1024


def test_nobody_deletes_lines_or_adds_rules(loki: Loki) -> None:
    assert loki.push([(labels("kept"), [(now(), "x", {})])]).status_code == 204
    found(loki, '{pod="kept"}')
    query = {"query": '{pod="kept"}', "start": "1", "end": str(now() // SECOND)}
    assert loki.client.post("/loki/api/v1/delete", params=query).status_code == 403
    rules = "name: x\nrules: [{record: 'x', expr: 'vector(1)'}]"
    assert loki.client.post("/loki/api/v1/rules/any", content=rules).status_code == 404


def test_a_flood_of_streams_is_refused_while_the_others_go_on(loki: Loki) -> None:
    """Last of the module: from here on Loki has all the streams that it may have."""
    known = labels("known")
    assert loki.push([(known, [(now(), "before", {})])]).status_code == 204
    flood: list[Stream] = [(labels(f"flood-{number}"), [(now(), "x", {})]) for number in range(3 * STREAMS)]
    # Loki answers with what became of the last stream: 204 where that one is known, whatever was refused before it.
    answer = loki.push([(known, [(now(), "within", {})]), *flood])
    assert answer.status_code == 429
    assert "maximum active stream limit exceeded" in answer.text
    assert "reduce labels or reduce label values" in answer.text
    # Also from the push that was refused, everything of known streams was taken.
    assert loki.push([(known, [(now(), "after", {})])]).status_code == 204
    assert [line for _, line in found(loki, '{pod="known"}', 3)] == ["before", "within", "after"]
    assert loki.metric("loki_ingester_memory_streams") == STREAMS
    assert loki.metric("loki_discarded_samples_total", reason="stream_limit") > STREAMS


# --- retention


def test_what_is_older_than_the_retention_is_deleted_and_the_rest_stays(tmp_path: Path) -> None:
    """30 days as configured, on lines of 40, 31, 29 days and of today.

    Faster than life are only the compactor's pauses: 2 s for 10 minutes, and 1 s for the 2 hours for which a chunk
    outlives its mark. Loki is started three times because it ships an index when it stops, and looks for marks when it
    starts and then only once a minute.
    """
    ages = (40, 31, 29, 0)
    start = now()
    file = loki_file(settings())
    # They could not have been written today; with the clock put back they would have been.
    file["limits_config"]["reject_old_samples"] = False
    file["compactor"] |= {"compaction_interval": "2s", "retention_delete_delay": "1s"}

    def chunks() -> int:
        return len([path for path in (tmp_path / "chunks" / "fake").rglob("*") if path.is_file()])

    def kept(loki: Loki) -> list[int]:
        around = {age: start - age * DAY for age in ages}
        return [age for age, at in around.items() if loki.query(f'{{pod="{age}d"}}', at - SECOND, at + SECOND)]

    with running(file, tmp_path) as loki:
        for age in ages:
            assert loki.push([(labels(f"{age}d"), [(start - age * DAY, "x", {})])]).status_code == 204
    assert chunks() == len(ages)
    with running(file, tmp_path) as loki:
        marked = "loki_compactor_apply_retention_last_successful_run_timestamp_seconds"
        assert eventually(lambda: loki.metric(marked) > 0)
    with running(file, tmp_path) as loki:
        assert eventually(lambda: chunks() == 2)
        assert kept(loki) == [29, 0]
