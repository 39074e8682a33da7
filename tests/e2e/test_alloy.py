"""What the log agent makes of the lines of a node: the real Alloy with our configuration, the real Loki behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import alloy_agent
import pytest
from alloy_agent import NODE, PROGRAM, Agent, Node, Pod, api_server
from loki_server import Loki, eventually, free_port, loki_file, needs_chart, now, settings
from loki_server import running as running_loki
from real_tools import needs

from components.alloy_config import alloy_config
from contracts import load
from systems.alloy.error_lines import ERROR_LINES

pytestmark = [
    pytest.mark.charts,
    needs_chart("loki"),
    needs("loki"),
    pytest.mark.skipif(PROGRAM is None, reason="the agent itself is not here: install alloy 1.18 on PATH"),
]

MINUTE = 60 * 10**9
TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
DEBUG_LINES = 2000
LOGS: dict[str, Any] = {
    "drop": [{"line": "GET /healthz", "reason": "health_checks", "container": "web"}],
    "multiline": [
        {"container": "trino", "firstLine": r"^\d{4}-\d{2}-\d{2}"},
        {"firstLine": "^never$", "container": "trino"},
    ],
}
JAVA = (
    "2026-11-26 17:00:00 ERROR o.Orders - failed",
    "java.lang.IllegalStateException: no stock",
    "\tat c.e.Orders.order(Orders.java:17)",
    "",
    "Caused by: java.io.IOException: gone",
    "\t... 12 more",
)
PYTHON = (
    "ERROR:root:failed",
    "Traceback (most recent call last):",
    '  File "dag.py", line 1, in <module>',
    "ValueError: boom",
)
QUERY_PLAN = ("2026-11-26 planned", "Fragment 0 [SINGLE]", "Output[a, b]", "2026-11-26 done")

PLAIN = Pod("plain", labels={"app": "old", "app.kubernetes.io/name": "orders"})
NAMED = Pod("named", annotations={"resource.opentelemetry.io/service.name": "checkout"}, labels={"app": "x"})
BARE = Pod("bare", container="worker")
STATIC = Pod("static", annotations={"kubernetes.io/config.mirror": "0123abcd"})
ELSEWHERE = Pod("elsewhere", node="node-2")
FAILING = [Pod(f"failing-{number}", labels={"app": "failing"}) for number in (1, 2)]
QUIET = Pod("quiet", labels={"app": "quiet"})
PODS = {name: Pod(name) for name in ("java", "python", "json", "text", "debug", "masks", "split")}
PODS |= {"trino": Pod("trino", container="trino"), "web": Pod("web", container="web")}


@pytest.fixture(scope="module")
def loki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loki]:
    with running_loki(loki_file(settings()), tmp_path_factory.mktemp("loki")) as found:
        yield found


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """A node with a day's lines of every kind."""
    made = Node(
        tmp_path_factory.mktemp("pods"), [PLAIN, NAMED, BARE, STATIC, ELSEWHERE, *PODS.values(), *FAILING, QUIET]
    )
    for pod in (PLAIN, NAMED, BARE, STATIC, ELSEWHERE):
        made.write(pod, f"a line of {pod.name}")
    made.write(PODS["java"], *JAVA, "2026-11-26 17:00:01 INFO o.Orders - next")
    made.write(PODS["python"], *PYTHON)
    made.write(PODS["trino"], *QUERY_PLAN)
    made.write(PODS["json"], f'{{"level":"warn","message":"slow","traceId":"{TRACE}","span_id":"{SPAN}","n":1}}')
    made.write(
        PODS["text"],
        f"2026-11-26 17:00:00 INFO [orders,{TRACE},{SPAN}] served",
        f"level=error trace_id={TRACE} msg=failed",
        "2026-11-26 17:00:02 WARN nothing to trace",
    )
    made.write(PODS["web"], '"GET /healthz HTTP/1.1" 200', '"GET /orders HTTP/1.1" 200')
    debug = (f'{{"level":"debug","n":{n}}}' if n % 2 else f"2026-11-26 DEBUG {n}" for n in range(DEBUG_LINES))
    made.write(PODS["debug"], *debug, "2026-11-26 INFO not a debug line")
    made.write(
        PODS["masks"],
        "mail to jane.doe@example.com sent",
        '{"user":"j","password":"hunter2","n":1}',
        "Authorization: Bearer abcdefghijklmnop0123",
        "card 4111 1111 1111 1111 refused",
        "postgres://app:s3cret@db/orders",
    )
    for pod in FAILING:
        made.write(
            pod,
            *JAVA,
            '{"level":"Error","message":"failed"}',
            '{"level":50,"message":"pino has numbers"}',
            "ts=2026-11-26 level=fatal msg=gone",
            "2026-11-26 17:00:02 CRITICAL full",
            '{"level":"info","message":"an ERROR is only spoken of"}',
            "2026-11-26 17:00:02 INFO no ERROR",
            "no level at all, only an error",
        )
    made.write(QUIET, "2026-11-26 17:00:02 INFO all is well")
    made.write(PODS["split"], "first half, ", partial=True)
    made.write(PODS["split"], "second half")
    return made


@pytest.fixture(scope="module")
def agent(node: Node, loki: Loki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with api_server(node) as api:
        text = alloy_agent.localised(alloy_config(settings(logs=LOGS), loki.url), node, api)
        with alloy_agent.running(text, tmp_path_factory.mktemp("agent")) as found:
            # The multiline stages wait 3 s for what may follow; then all is sent.
            assert eventually(lambda: len(entries(loki, "split")) == 1, 60)
            assert eventually(lambda: len(entries(loki, "java")) == 2, 60)
            yield found


def entries(loki: Loki, pod: str, pipeline: str = "") -> list[tuple[dict[str, str], str]]:
    return loki.query(f'{{pod="{pod}"}} {pipeline}', now() - 5 * MINUTE, now() + MINUTE)


def lines(loki: Loki, pod: str, pipeline: str = "") -> list[str]:
    return [line for _, line in entries(loki, pod, pipeline)]


@pytest.mark.usefixtures("agent")
class TestLines:
    def test_pods_are_asked_for_by_node(self, node: Node) -> None:
        assert node.selectors == {f"spec.nodeName={NODE}"}

    def test_a_stream_has_the_four_labels_and_no_other(self, loki: Loki) -> None:
        found = {s["pod"]: s for s in loki.series(now() - 5 * MINUTE, now() + MINUTE)}
        apps = {"plain": "orders", "named": "checkout", "bare": "worker", "static": "main"}
        for pod in (PLAIN, NAMED, BARE, STATIC):
            wanted = {"namespace": "apps", "pod": pod.name, "container": pod.container, "app": apps[pod.name]}
            assert found[pod.name] == wanted
        assert "elsewhere" not in found
        assert {len(labels) for labels in found.values()} == {4}

    def test_a_line_comes_once_however_many_ports_its_container_has(self, loki: Loki) -> None:
        assert lines(loki, "plain") == ["a line of plain"]

    def test_what_the_runtime_split_is_whole_again(self, loki: Loki) -> None:
        assert lines(loki, "split") == ["first half, second half"]

    def test_a_stack_trace_is_one_entry(self, loki: Loki) -> None:
        assert lines(loki, "java") == ["\n".join(JAVA), "2026-11-26 17:00:01 INFO o.Orders - next"]
        assert lines(loki, "python") == ["\n".join(PYTHON)]

    def test_the_first_rule_of_the_settings_puts_lines_together(self, loki: Loki) -> None:
        assert lines(loki, "trino") == ["\n".join(QUERY_PLAN[:3]), QUERY_PLAN[3]]

    def test_fields_of_json_become_metadata_and_the_line_stays(self, loki: Loki) -> None:
        ((labels, line),) = entries(loki, "json")
        assert (labels["level"], labels["trace_id"], labels["span_id"]) == ("warn", TRACE, SPAN)
        assert line.endswith('"n":1}')
        assert "message" not in labels
        assert len(entries(loki, "json", '| json | n="1"')) == 1

    def test_level_and_trace_are_read_from_text(self, loki: Loki) -> None:
        bracket, pair, none = (labels for labels, _ in entries(loki, "text"))
        assert (bracket["level"], bracket["trace_id"], bracket["span_id"]) == ("INFO", TRACE, SPAN)
        assert (pair["level"], pair["trace_id"]) == ("error", TRACE)
        assert none["level"] == "WARN"
        assert not {"trace_id", "span_id"} & none.keys()
        assert len(lines(loki, "text", '| detected_level="error"')) == 1

    def test_dropped_lines_are_counted_by_their_reason(self, loki: Loki, agent: Agent) -> None:
        assert lines(loki, "web") == ['"GET /orders HTTP/1.1" 200']
        assert agent.counted("loki_process_dropped_lines_total", reason="health_checks") == 1

    def test_a_tenth_of_debug_lines_is_kept_and_every_other_line(self, loki: Loki, agent: Agent) -> None:
        found = lines(loki, "debug")
        assert found[-1] == "2026-11-26 INFO not a debug line"
        kept = len(found) - 1
        # Five standard deviations of a fair tenth: once in two million runs it is more.
        assert abs(kept - DEBUG_LINES / 10) < 5 * (DEBUG_LINES * 0.1 * 0.9) ** 0.5
        assert agent.counted("loki_process_dropped_lines_total", reason="debug_sampling") == DEBUG_LINES - kept

    def test_errors_are_counted_by_workload_and_nothing_else(self, agent: Agent) -> None:
        """A stack trace once, JSON, logfmt, text. Who writes none has a counter too: its first error is growth."""
        assert eventually(lambda: agent.counted(ERROR_LINES, namespace="apps", app="failing") == 2 * 5)
        series = [line for line in agent.metrics() if line.startswith(f"{ERROR_LINES}{{")]
        labels = {tuple(sorted(re.findall(r'(\w+)="', line))) for line in series}
        assert labels == {tuple(sorted(load("alloy").metrics[ERROR_LINES].labels))}
        assert f"# TYPE {ERROR_LINES} counter" in agent.metrics()
        assert [line.rpartition(" ")[2] for line in series if 'app="quiet"' in line] == ["0"]

    def test_personal_data_and_secrets_are_masked(self, loki: Loki) -> None:
        assert lines(loki, "masks") == [
            "mail to **** sent",
            '{"user":"j","password":"****","n":1}',
            "Authorization: Bearer ****",
            "card **** refused",
            "postgres://app:****@db/orders",
        ]


# --- nothing is lost: each with a node of its own


def _numbered(pod: Pod, *numbers: int) -> list[str]:
    return [f"line {number} of {pod.name}" for number in numbers]


def test_a_new_agent_goes_on_where_the_old_one_was(loki: Loki, tmp_path: Path) -> None:
    pod = Pod("tail")
    node = Node(tmp_path / "pods", [pod])
    with api_server(node) as api:
        text = alloy_agent.localised(alloy_config(settings(logs=LOGS), loki.url), node, api)
        node.write(pod, *_numbered(pod, 1, 2))
        with alloy_agent.running(text, tmp_path):
            assert eventually(lambda: len(lines(loki, "tail")) == 2, 60)
        node.write(pod, *_numbered(pod, 3))
        with alloy_agent.running(text, tmp_path) as agent:
            node.write(pod, *_numbered(pod, 4))
            assert eventually(lambda: len(lines(loki, "tail")) == 4, 60)
            # Two, not four: nothing is read again.
            assert agent.counted("loki_source_file_read_lines_total") == 2
    assert lines(loki, "tail") == _numbered(pod, 1, 2, 3, 4)


def test_lines_wait_for_loki_and_come_in_order(tmp_path: Path) -> None:
    pod, port, file = Pod("outage"), free_port(), loki_file(settings())
    node = Node(tmp_path / "pods", [pod])
    (tmp_path / "loki").mkdir()
    with api_server(node) as api:
        text = alloy_agent.localised(alloy_config(settings(logs=LOGS), f"http://127.0.0.1:{port}"), node, api)
        with alloy_agent.running(text, tmp_path) as agent:
            with running_loki(file, tmp_path / "loki", port) as loki:
                node.write(pod, *_numbered(pod, 1))
                assert eventually(lambda: len(lines(loki, "outage")) == 1, 60)
            node.write(pod, *_numbered(pod, 2, 3))
            assert eventually(lambda: agent.counted("loki_write_batch_retries_total") > 0, 60)
            with running_loki(file, tmp_path / "loki", port) as loki:
                assert eventually(lambda: len(lines(loki, "outage")) == 3, 90)
                assert lines(loki, "outage") == _numbered(pod, 1, 2, 3)
            assert agent.counted("loki_write_dropped_entries_total") == 0


def test_an_agent_that_is_killed_loses_nothing_and_repeats_nothing(loki: Loki, tmp_path: Path) -> None:
    """What it had sent without noting it is sent again, and Loki keeps a line of one time once."""
    pod = Pod("kill")
    node = Node(tmp_path / "pods", [pod])
    with api_server(node) as api:
        text = alloy_agent.localised(alloy_config(settings(logs=LOGS), loki.url), node, api)
        node.write(pod, *_numbered(pod, *range(100)))
        with alloy_agent.running(text, tmp_path) as agent:
            assert eventually(lambda: len(lines(loki, "kill")) >= 50, 60)
            agent.kill()
        node.write(pod, *_numbered(pod, *range(100, 200)))
        with alloy_agent.running(text, tmp_path) as agent:
            assert eventually(lambda: len(lines(loki, "kill")) >= 200, 60)
            # Positions are noted every ten seconds: this agent began again at the first line.
            assert agent.counted("loki_source_file_read_lines_total") == 200
    assert lines(loki, "kill") == _numbered(pod, *range(200))


# --- what it is told


@pytest.mark.parametrize(
    "logs",
    [
        {},
        LOGS,
        {"debugPercentage": 0},
        {"debugPercentage": 100},
        {"drop": [{"line": 'back`quote "and" \\d', "reason": "x"}]},
    ],
)
def test_the_file_is_accepted(logs: dict[str, Any], tmp_path: Path) -> None:
    said = alloy_agent.validated(alloy_config(settings(logs=logs), "http://loki.monitoring.svc:3100"), tmp_path)
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("stage.label_keep", "stage.label_hold"),
        ("drop_counter_reason", "drop_counter_motive"),
        ("loki.process.lines.receiver", "loki.process.line.receiver"),
        ("max_lines = 500", 'max_lines = "many"'),
    ],
)
def test_a_wrong_file_is_refused(right: str, wrong: str, tmp_path: Path) -> None:
    text = alloy_config(settings(logs=LOGS), "http://loki.monitoring.svc:3100")
    assert right in text
    assert alloy_agent.validated(text.replace(right, wrong), tmp_path).returncode != 0
