"""The log agent: its configuration as text, its chart as rendered. What it does to lines: tests/e2e/test_alloy.py."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from loki_server import Manifest, needs_chart, rendered, settings
from stacks import ROOT, run

from components.alloy_config import alloy_config
from components.alloy_values import ACCOUNT, CONFIG_FILE, CONFIG_MAP, ROLE_RULES, alloy_values
from components.kube_prometheus_values import agents_namespace
from components.loki_config import INDEX_LABELS
from components.river import Block, Expression, text
from components.services import Services
from components.sizes import sizing
from contracts import load
from systems.alloy.error_lines import ERROR_LEVELS, ERROR_LINES, WORKLOAD

URL = "http://loki.monitoring.svc:3100"


def config(**logs: Any) -> str:
    return alloy_config(settings(logs=logs), URL)


# --- the syntax


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("30s", '"30s"'),
        (r"^\d+ \"x\"", r"`^\d+ \"x\"`"),
        ('say "x"', '`say "x"`'),
        ("back`quote \\d", r'"back`quote \\d"'),
        ("two\nlines \\d", r'"two\nlines \\d"'),
        ("\x1e", r'"\u001e"'),
        ("é", '"é"'),
        (Expression("a.b.c"), "a.b.c"),
        ([Expression("a"), "b"], '[a, "b"]'),
        (True, "true"),
        (0.1, "0.1"),
        (0, "0"),
        ({"a": "b"}, '{\n    "a" = "b",\n  }'),
    ],
)
def test_values_are_written_as_alloy_reads_them(value: Any, written: str) -> None:
    assert text([Block("block", {"name": value})]) == f"block {{\n  name = {written}\n}}\n"


def test_blocks_have_labels_comments_and_blocks() -> None:
    inner = Block("inner", comment="why")
    assert text([Block("outer", {"a": 1}, [inner], label="x")]) == ('outer "x" {\n  a = 1\n  // why\n  inner { }\n}\n')


# --- what it says


def test_only_the_pods_of_the_own_node_are_asked_for() -> None:
    assert 'field = "spec.nodeName=" + sys.env("K8S_NODE_NAME")' in config()


def test_lines_go_to_where_loki_listens_and_are_never_given_up() -> None:
    said = config()
    assert f'url = "{URL}/loki/api/v1/push"' in said
    assert "max_backoff_retries = 0" in said


def test_the_last_stage_leaves_the_four_labels_and_no_other() -> None:
    stages = re.findall(r"^  (stage\.\w+)", config(), re.MULTILINE)
    assert stages[0] == "stage.cri"
    assert stages[-1] == "stage.label_keep"
    assert f"values = {json.dumps(INDEX_LABELS)}" in config()


def test_a_line_is_dropped_for_the_reason_that_the_settings_give() -> None:
    said = config(drop=[{"line": r"GET /healthz \"", "reason": "health_checks", "namespace": "airflow.*"}])
    assert r"""{namespace=~"airflow.*"} |~ "GET /healthz \\\"" """.strip() in said
    assert 'action = "drop"\n    drop_counter_reason = "health_checks"' in said


def test_a_rule_for_every_container_has_the_matcher_that_logql_wants() -> None:
    assert '{namespace=~".+"} |~ "x"' in config(drop=[{"line": "x", "reason": "noise"}])


def test_the_first_rule_that_fits_a_container_puts_its_lines_together() -> None:
    """Labels are set from the last rule to the first, so that the first is what stays."""
    said = config(multiline=[{"container": "trino", "firstLine": "^A"}, {"namespace": "trino.*", "firstLine": "^B"}])
    assert said.index('{namespace=~"trino.*"}') < said.index('{container=~"trino"}')
    assert re.findall(r'selector = `\{multiline="(\d?)"\}`', said) == ["0", "1", ""]
    assert re.findall(r'firstline = "(\^\w)"', said) == ["^A", "^B"]


@pytest.mark.parametrize(
    ("percentage", "there", "absent"),
    [
        (10, "rate = 0.1", 'action = "drop"'),
        (0, 'action = "drop"\n    drop_counter_reason = "debug_sampling"', "stage.sampling"),
        (100, "stage.label_keep", "debug_sampling"),
    ],
)
def test_of_debug_lines_the_share_is_kept_that_the_settings_say(percentage: int, there: str, absent: str) -> None:
    said = config(debugPercentage=percentage)
    assert there in said
    assert absent not in said


def test_the_masks_are_those_of_the_collector() -> None:
    masked = settings(collector={"personalData": {"emails": False, "patterns": {"badge": r"B-\d{6}"}}})
    without, said = alloy_config(masked, URL), config()
    assert r"expression = `(B-\d{6})`" in without
    assert "%40" in said
    assert "%40" not in without


def test_levels_and_traces_become_structured_metadata_and_no_labels() -> None:
    said = config()
    (metadata,) = re.findall(r"stage\.structured_metadata \{\s+values = \{([^}]*)\}", said)
    assert re.findall(r'"(\w+)" = ""', metadata) == ["level", "trace_id", "span_id"]


def test_errors_are_counted_under_the_labels_of_a_workload_alone() -> None:
    """A counter has every label of a line, and each pod would be a series: the labels are away while it counts."""
    stages = re.findall(r"^  (stage\.\w+)", config(), re.MULTILINE)
    at = stages.index("stage.metrics")
    assert stages[at - 2 : at + 2] == ["stage.template", "stage.label_keep", "stage.metrics", "stage.labels"]
    _, _, after = config().partition("stage.label_keep")
    assert after.startswith(f" {{\n    values = {json.dumps(WORKLOAD)}")
    back = re.search(r"stage\.metrics \{.*?\n  \}\n  stage\.labels \{\n    values = \{([^}]*)\}", config(), re.DOTALL)
    assert back
    assert {*re.findall(r'"(\w+)" = ""', back[1]), *WORKLOAD} == set(INDEX_LABELS)


def test_the_counter_is_the_one_that_the_rules_read_and_the_contract_has() -> None:
    (name,) = re.findall(r'metric\.counter \{\s+name = "(\w+)"', config())
    metric = load("alloy").metrics[f"loki_process_custom_{name}"]
    assert (metric.name, metric.type) == (ERROR_LINES, "counter")
    assert {*WORKLOAD, "component_id", "component_path"} == {*metric.labels}


def test_the_runbook_looks_for_the_lines_that_are_counted() -> None:
    page = (ROOT / "runbooks" / "ErrorLogsHigh.md").read_text()
    levels = re.findall(r'level=~"\(\?i\)\(([^)]*)\)"', page)
    assert levels == ["|".join(ERROR_LEVELS)] * 2


# --- what is registered


def test_agents_get_their_namespace_also_where_no_node_exporter_runs() -> None:
    recording = run("dev", config={"systems": {"argocd": {}}})
    made = {(r.type.rpartition(":")[2], r.name) for r in recording.resources}
    assert ("Namespace", "monitoring-agents") in made
    assert ("ConfigMap", CONFIG_MAP) in made


def test_a_stack_without_logs_has_nothing_of_them() -> None:
    recording = run("dev", config={"logs": {"enabled": False}, "systems": {"argocd": {}}})
    names = {r.name for r in recording.resources}
    assert not {"logs", "loki", "alloy", CONFIG_MAP, "monitoring-agents"} & names


def test_the_same_settings_give_the_same_text() -> None:
    assert config() == config()


# --- as rendered


@cache
def objects(stack: str = "dev") -> dict[str, Manifest]:
    given = settings(stack)
    made = rendered("alloy", alloy_values(given, sizing(given)), agents_namespace(given))
    return {o["kind"]: o for o in made}


@pytest.mark.charts
@needs_chart("alloy")
class TestRendered:
    def test_two_renders_are_identical(self) -> None:
        given = settings("dev")
        again = rendered("alloy", alloy_values(given, sizing(given)), agents_namespace(given))
        assert list(objects().values()) == again

    def test_no_role_no_definition_and_no_configuration_of_the_charts(self) -> None:
        assert objects().keys() == {"ServiceAccount", "Service", "DaemonSet", "ServiceMonitor"}

    def test_the_account_has_the_role_of_ours(self) -> None:
        assert objects()["ServiceAccount"]["metadata"]["name"] == ACCOUNT
        assert [rule["resources"] for rule in ROLE_RULES] == [("pods",)]

    def test_every_node_has_an_agent_that_reads_its_files_and_remembers_how_far(self) -> None:
        pod = objects()["DaemonSet"]["spec"]["template"]["spec"]
        assert pod["tolerations"] == [{"operator": "Exists"}]
        assert not {"affinity", "nodeSelector"} & pod.keys()
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert volumes["config"]["configMap"]["name"] == CONFIG_MAP
        assert volumes["varlog"]["hostPath"]["path"] == "/var/log"
        assert volumes["positions"]["hostPath"] == {"path": "/var/lib/alloy/monitoring", "type": "DirectoryOrCreate"}
        agent, reloader = pod["containers"]
        mounts = {mount["name"]: mount for mount in agent["volumeMounts"]}
        assert mounts["varlog"]["readOnly"] is True
        assert f"--storage.path={mounts['positions']['mountPath']}" in agent["args"]
        assert f"{mounts['config']['mountPath']}/{CONFIG_FILE}" in agent["args"]
        assert "--disable-reporting" in agent["args"]
        assert "K8S_NODE_NAME" in {entry["name"] for entry in agent["env"]}
        assert reloader["name"] == "config-reloader"

    def test_root_has_no_powers_beside_the_files_that_it_owns(self) -> None:
        for container in objects()["DaemonSet"]["spec"]["template"]["spec"]["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}
            assert container["resources"]["limits"]["memory"]

    def test_agents_are_scraped_in_their_namespace(self) -> None:
        monitor, service = objects()["ServiceMonitor"], objects()["Service"]
        assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"] == "monitoring-agents"
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert monitor["spec"]["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}


def test_the_agent_sends_to_the_gateway_where_loki_is_many() -> None:
    distributed = settings("prod", logs={"mode": "distributed"})
    assert 'url = "http://loki-gateway.monitoring.svc:80/loki' in alloy_config(
        distributed, Services(distributed).loki.url()
    )
