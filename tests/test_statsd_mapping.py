"""What Airflow sends becomes the metrics that rules ask for: the mapping, by the exporter that reads it."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from local_platform import eventually
from real_servers import LOOPBACK, free_ports, server
from real_tools import REAL, needs
from stacks import SHARED

from components.exporters.statsd import AIRFLOW_MAPPING, VERSION, mapping
from obs.toolchain_table import TOOLS
from settings.exporters import StatsdMapping, StatsdSettings

# Ids as Airflow may send them: a task of a task group has a dot in its name before 3.3, a DAG has a hyphen.
IDS = {
    "job_name": "schedulerjob",
    "job_id": "4711",
    "dag_id": "daily-load",
    "task_id": "extract.orders",
    "return_code": "-9",
    "operator_name": "PythonOperator",
    "task_type": "PythonOperator",
    "state": "success",
    "queue": "default",
    "pool_name": "default_pool",
    "executor_class_name": "KubernetesExecutor",
    "hostname": "triggerer-0.triggerer.airflow.svc",
    "file_name": "daily_load",
    "dag_file": "daily_load",
    "bundle_name": "dags-folder",
}
LABELS = {
    **{name: IDS[name] for name in ("job_name", "dag_id", "task_id", "return_code", "state", "queue", "hostname")},
    **{name: IDS[name] for name in ("dag_file", "bundle_name")},
    "operator": IDS["operator_name"],
    "pool": IDS["pool_name"],
    "executor": IDS["executor_class_name"],
    "type": "counter",
}
STATSD_TYPE = {"counter": "c", "gauge": "g", "summary": "ms"}
# A label of every run of a task is left out on purpose.
UNBOUNDED = {"job_id"}
Sample = tuple[str, dict[str, str], float]


def facts() -> list[dict[str, Any]]:
    """What the metric facts say of Airflow: StatsD name, metric, type and labels."""
    found = yaml.safe_load((SHARED / "metrics" / "airflow.yaml").read_text())["metrics"]
    return [metric for metric in found if "raw" in metric]


needs_facts = pytest.mark.skipif(
    not (SHARED / "metrics" / "airflow.yaml").is_file(), reason="no metric facts beside the checkout (shared/metrics)"
)


class Exporter:
    """A running exporter with the mapping of a stack."""

    def __init__(self, statsd: int, http: int) -> None:
        self._statsd, self._http = statsd, http

    def send(self, *lines: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for line in lines:
                out.sendto(line.encode(), (LOOPBACK, self._statsd))

    def samples(self) -> list[Sample]:
        text = httpx.get(f"http://{LOOPBACK}:{self._http}/metrics", timeout=5, trust_env=False).text
        return [_sample(line) for line in text.splitlines() if line and not line.startswith("#")]

    def series(self, name: str) -> list[dict[str, str]]:
        return [labels for found, labels, _ in self.samples() if found == name]


def _sample(line: str) -> Sample:
    name, labels, value = re.fullmatch(r"([^{ ]+)(?:\{(.*)\})? (\S+)", line).groups()  # type: ignore[union-attr]
    return name, dict(re.findall(r'(\w+)="([^"]*)"', labels or "")), float(value)


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    own = StatsdMapping(match="billing.*.paid", name="billing_paid", labels={"shop": "$1"})
    drop = StatsdMapping(match=r"billing\.debug\..+", match_type="regex", drop=True)
    folder = tmp_path_factory.mktemp("statsd")
    file = folder / "mapping.yaml"
    file.write_text(mapping(StatsdSettings(mappings=(own, drop))))
    udp, http = free_ports(2)
    command = [
        REAL["statsd_exporter"],
        f"--statsd.mapping-config={file}",
        f"--statsd.listen-udp={LOOPBACK}:{udp}",
        "--statsd.listen-tcp=",
        f"--web.listen-address={LOOPBACK}:{http}",
    ]
    with server(command, f"http://{LOOPBACK}:{http}/-/healthy", folder / "log"):
        yield Exporter(udp, http)


def test_the_deployed_exporter_is_the_one_that_has_read_the_mapping() -> None:
    assert f"v{TOOLS['statsd_exporter'].version}" == VERSION


def test_every_rule_is_a_whole_expression_with_the_captures_that_it_uses() -> None:
    rules = yaml.safe_load(AIRFLOW_MAPPING.read_text())["mappings"]
    assert len(rules) > 20
    for rule in rules:
        assert rule["match"].startswith("^airflow"), rule
        assert rule["match"].endswith("$"), rule
        used = {int(number) for text in (rule["name"], *rule.get("labels", {}).values()) for number in _used(text)}
        assert max(used, default=0) <= re.compile(rule["match"]).groups, rule


def _used(text: str) -> list[str]:
    return re.findall(r"\$\{?(\d+)", str(text))


def test_rules_of_the_stack_come_before_those_for_airflow() -> None:
    own = StatsdMapping(match=r"airflow\.custom\..+", match_type="regex", drop=True)
    rules = yaml.safe_load(mapping(StatsdSettings(mappings=(own,))))["mappings"]
    assert rules[0] == {
        "match": r"^(?:airflow\.custom\..+)$",
        "match_type": "regex",
        "action": "drop",
        "name": "dropped",
    }
    assert len(rules) == 1 + len(yaml.safe_load(AIRFLOW_MAPPING.read_text())["mappings"])


@needs("statsd_exporter")
@pytest.mark.parametrize(("text", "code"), [(mapping(StatsdSettings()), 0), ("mappings: [{match: 'a b', name: x}]", 1)])
def test_the_exporter_accepts_the_mapping_and_would_refuse_a_bad_one(text: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(text)
    command = [str(REAL["statsd_exporter"]), "--check-config", f"--statsd.mapping-config={tmp_path / 'mapping.yaml'}"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == code


@needs("statsd_exporter")
class TestWhatAirflowSends:
    @needs_facts
    def test_every_name_that_rules_may_use_is_made_with_its_labels_and_nothing_else(self, exporter: Exporter) -> None:
        for fact in facts():
            exporter.send(f"{fact['raw'].format(**IDS)}:1|{STATSD_TYPE[fact['type']]}")
        last = facts()[-1]
        assert eventually(lambda: bool(exporter.series(last["name"])), 10)
        wrong = []
        for fact in facts():
            name = fact["name"] + ("_count" if fact["type"] == "summary" else "")
            wanted = {label: LABELS[label] for label in fact["labels"] if label not in UNBOUNDED}
            if exporter.series(name) != [wanted]:
                wrong.append((fact["raw"], exporter.series(name), wanted))
        assert wrong == []

    def test_an_event_that_is_sent_twice_counts_once(self, exporter: Exporter) -> None:
        exporter.send("airflow.operator_failures_BashOperator:1|c", "airflow.operator_failures:1|c")
        exporter.send("airflow.dag.d.t.duration:5|ms", "airflow.task.duration:5|ms", "airflow.marker.one:1|c")
        assert eventually(lambda: bool(exporter.series("airflow_marker_one")), 10)
        failures = exporter.series("airflow_operator_failures")
        assert {"operator": "BashOperator"} in failures
        assert {} not in failures
        assert {} not in exporter.series("airflow_task_duration_count")

    def test_milliseconds_become_seconds(self, exporter: Exporter) -> None:
        exporter.send("airflow.dagrun.duration.success.slow_dag:90000|ms")
        wanted = ("airflow_dagrun_duration_sum", {"dag_id": "slow_dag"}, 90.0)
        assert eventually(lambda: wanted in exporter.samples(), 10)

    def test_the_number_of_a_run_is_no_label(self, exporter: Exporter) -> None:
        exporter.send(*(f"airflow.local_task_job.task_exit.{job}.dag.task.0:1|c" for job in range(50)))
        wanted = ("airflow_local_task_job_task_exit", {"dag_id": "dag", "task_id": "task", "return_code": "0"}, 50.0)
        assert eventually(lambda: wanted in exporter.samples(), 10)

    def test_the_slots_of_a_single_executor_are_there_in_every_version(self, exporter: Exporter) -> None:
        exporter.send("airflow.executor.open_slots:32|g")
        wanted = ("airflow_executor_open_slots", {"executor": "all"}, 32.0)
        assert eventually(lambda: wanted in exporter.samples(), 10)

    def test_a_stack_adds_rules_and_throws_away(self, exporter: Exporter) -> None:
        exporter.send("billing.debug.x:1|c", "billing.north.paid:2|c")
        assert eventually(lambda: ("billing_paid", {"shop": "north"}, 2.0) in exporter.samples(), 10)
        assert not exporter.series("billing_debug_x")
