"""The ready pieces of docs/snippets: each can be read by what it is for, and names what the program relies on."""

from __future__ import annotations

import configparser
import re
from typing import Any

import pytest
import yaml
from stacks import ROOT

FOLDER = ROOT / "docs" / "snippets"
AGENTS = sorted((ROOT / "systems" / "agents").glob("*.yaml"))
RULE_KEYS = {"pattern", "name", "type", "labels", "valueFactor"}


def properties(name: str) -> dict[str, str]:
    lines = [line for line in (FOLDER / name).read_text().splitlines() if line and not line.startswith("#")]
    assert all("=" in line for line in lines)
    return dict(line.split("=", 1) for line in lines)


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return found


def test_every_file_is_explained_and_there() -> None:
    named = set(re.findall(r"\]\(([\w.-]+)\) \|", (FOLDER / "README.md").read_text()))
    assert named == {path.name for path in FOLDER.iterdir()} - {"README.md"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda p: p.name)
def test_yaml_is_a_mapping_that_says_why(path: Any) -> None:
    text = path.read_text()
    assert text.startswith("# ")
    assert isinstance(yaml.safe_load(text), dict)


def test_metrics_are_switched_on() -> None:
    assert properties("hive-metastore.properties") == {"metastore.metrics.enabled": "true"}
    assert properties("minio.properties") == {"MINIO_PROMETHEUS_AUTH_TYPE": "jwt"}
    assert all(part["metrics"]["enabled"] for part in document("argocd.yaml").values())
    assert document("ceph.yaml")["spec"]["monitoring"]["metricsDisabled"] is False


def test_the_scraped_spark_is_configured_as_the_snippets_say() -> None:
    from obs.contracts.sources import spark

    scraped = dict(line.split("=", 1) for line in spark.METRICS.strip().splitlines())
    assert properties("spark-standalone.properties").items() <= scraped.items()
    for name in ("spark-jmx.yaml", "spark-servlet.yaml"):
        conf = document(name)["spec"]["sparkConf"]
        sinks = {key.removeprefix("spark.metrics.conf."): v for key, v in conf.items() if ".conf." in key}
        assert sinks.items() <= scraped.items()
        assert conf["spark.metrics.namespace"] == "spark"


def test_airflow_sends_what_the_mapping_reads() -> None:
    parser = configparser.ConfigParser()
    parser.read_string((FOLDER / "airflow.cfg").read_text())
    assert (parser["metrics"]["statsd_on"], parser["metrics"]["statsd_prefix"]) == ("True", "airflow")


def test_driver_and_executors_load_the_same_agent_from_a_mounted_file() -> None:
    spec = document("spark-jmx.yaml")["spec"]
    (volume,) = spec["volumes"]
    for role in ("driver", "executor"):
        option = re.fullmatch(r"-javaagent:(\S+\.jar)=(\d+):(\S+)", spec[role]["javaOptions"])
        assert option is not None
        (mount,) = spec[role]["volumeMounts"]
        assert mount["name"] == volume["name"]
        assert option[3].startswith(f"{mount['mountPath']}/")
        assert not option[1].startswith(f"{mount['mountPath']}/"), "the volume would hide the agent"
        assert [port["containerPort"] for port in spec[role]["ports"]] == [int(option[2])]


@pytest.mark.parametrize("path", AGENTS, ids=lambda p: p.name)
def test_rules_of_an_agent_are_rules(path: Any) -> None:
    """Whether they match real beans is what `make contracts` asks the agent; here is what a typing error breaks."""
    rules = yaml.safe_load(path.read_text())["rules"]
    for rule in rules:
        assert set(rule) <= RULE_KEYS
        groups = re.compile(rule["pattern"]).groups
        used = re.findall(r"\$(\d+)", " ".join([rule["name"], *rule.get("labels", {}).values()]))
        assert all(1 <= int(number) <= groups for number in used), rule["name"]
        assert (rule["type"] == "COUNTER") == rule["name"].endswith("_total"), rule["name"]


@pytest.mark.parametrize(
    ("agent", "bean", "name"),
    [
        (
            "spark",
            "spark-4f2.7.executor.jvmGCTime, type=counters><>Count",
            "spark_executor_jvmGCTime_seconds_total",
        ),
        (
            "spark",
            "app-1.driver.BlockManager.memory.memUsed_MB, type=gauges><>Value",
            "spark_driver_BlockManager_memory_memUsed_bytes",
        ),
        ("spark", "master.aliveWorkers, type=gauges><>Value", "spark_master_aliveWorkers"),
        ("spark", "application.job.1795.cores, type=gauges><>Value", None),
        ("hive-metastore", "api_get_table><>99thPercentile", "hive_metastore_api_latency_milliseconds"),
        ("hive-metastore", "api_get_table, type=timers><>Count", "hive_metastore_api_calls_total"),
        ("hive-metastore", "api_get_table><>Mean", "hive_metastore_api_mean_milliseconds"),
        ("hive-metastore", "api_get_table><>MeanRate", None),
        ("hive-metastore", "memory.heap.used><>Value", None),
    ],
)
def test_the_first_rule_that_matches_names_a_bean(agent: str, bean: str, name: str | None) -> None:
    rules = yaml.safe_load((ROOT / "systems" / "agents" / f"{agent}-jmx.yaml").read_text())["rules"]
    found = None
    for rule in rules:
        if match := re.search(rule["pattern"], f"metrics<name={bean}: 1.0"):
            found = match.expand(re.sub(r"\$(\d)", r"\\\1", rule["name"]))
            break
    assert found == name
