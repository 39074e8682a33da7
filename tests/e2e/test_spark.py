"""A real Spark application on a real master and worker: what stack local deploys sees it work and run into trouble."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from real_prometheus import Prometheus, Target, prometheus, scrapes, stack_config
from real_servers import wait_for
from real_tools import needs
from stacks import ROOT, run

from obs.contracts.install import jars, python
from obs.contracts.lab import Lab, NotToBeHad, java
from obs.contracts.sources import spark

pytestmark = needs("prometheus")
JOB = (ROOT / "tests" / "e2e" / "spark_job.py.txt").read_text()


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Spark with the program's metrics.properties and agent's rules; the file ``trouble`` is what its job waits for."""
    try:
        java(17)
        jars("jmx-agent")
        interpreter = python("spark")
    except NotToBeHad as error:
        pytest.skip(str(error))
    with Lab() as lab:
        spark.start(lab, interpreter, JOB, lab.folder / "trouble")
        lab.until(lambda: lab.answers(lab.url("ui", "/metrics/prometheus")), "the driver answers", 300, of="driver")
        yield lab


@pytest.fixture(scope="module")
def watched(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    config = {"timeCompression": 10, "cardinality": "lean", "exporters": {}, "systems": {"spark": {"standalone": {}}}}
    stack, folder = run("local", config=config), tmp_path_factory.mktemp("spark")
    # As Spark labels drivers on Kubernetes.
    labels = {"spark-role": "driver", "spark-app-selector": "spark-4711", "spark-app-name": "orders"}
    driver = Target(address=lab.address("ui"), namespace="spark-jobs", pod="orders-driver", labels=labels)
    jobs = [*scrapes(stack, "spark-drivers", driver)]
    for role in ("master", "worker"):
        of_chart = {"app.kubernetes.io/name": "spark", "app.kubernetes.io/component": role}
        pod = Target(address=lab.address(f"{role}-ui"), namespace="spark", pod=f"spark-{role}-0", labels=of_chart)
        jobs += scrapes(stack, f"spark-{role}", pod)
    with prometheus(folder, stack_config(stack, folder, ["spark"], jobs)) as started:
        wait_for(started.up, 120)
        yield started


def value(watched: Prometheus, query: str) -> float:
    found = watched.query(query)
    return float(found[0]["value"][1]) if found else float("nan")


def test_the_recorded_series_are_those_of_the_real_application(watched: Prometheus) -> None:
    wait_for(lambda: bool(watched.query("dataops:spark:active_jobs_by_namespace")), 60)
    (jobs,) = watched.query("dataops:spark:active_jobs_by_namespace")
    assert (jobs["metric"]["namespace"], jobs["metric"]["cluster"]) == ("spark-jobs", "local")
    wait_for(lambda: value(watched, "dataops:spark_executor:gc_time_ratio") >= 0, 120)
    (memory,) = watched.query("dataops:spark_executor:memory_usage_ratio")
    assert {**memory["metric"], "__name__": ""}.items() >= {"application_name": "orders", "executor_id": "0"}.items()
    assert float(memory["value"][1]) < 0.5


def test_labels_of_the_pod_are_on_what_the_driver_exposes(watched: Prometheus) -> None:
    (found,) = watched.query("metrics_spark_driver_DAGScheduler_job_activeJobs_Value")
    wanted = {"application": "orders", "spark_app_id": "spark-4711", "job": "spark-driver", "pod": "orders-driver"}
    assert wanted.items() <= found["metric"].items()


def test_what_no_rule_or_panel_reads_is_not_stored(lab: Lab, watched: Prometheus) -> None:
    assert "metrics_spark_driver_jvm_heap_used_Value" in lab.scrape(lab.url("ui", "/metrics/prometheus"))
    assert watched.query("metrics_spark_driver_jvm_heap_used_Value") == []


def test_a_failed_stage_and_a_full_cache_are_told(lab: Lab, watched: Prometheus) -> None:
    failed = "sum(metrics_spark_driver_appStatus_stages_failedStages_Count)"
    assert value(watched, failed) == 0
    assert "SparkExecutorMemoryHigh" not in watched.firing()
    Path(lab.folder, "trouble").touch()
    wait_for(lambda: value(watched, failed) >= 1, 90)
    wait_for(lambda: "SparkExecutorMemoryHigh" in watched.firing(), 180)
    (told,) = [a for a in watched.alerts() if a["labels"]["alertname"] == "SparkExecutorMemoryHigh"]
    assert told["annotations"]["summary"].startswith("spark-jobs/orders executor 0 uses 9")


def test_a_worker_that_ends_is_told_and_its_application_waits(lab: Lab, watched: Prometheus) -> None:
    """Last of the module."""
    assert value(watched, "dataops:spark_standalone:alive_workers") == 1
    assert value(watched, "dataops:spark_standalone:lost_workers") == 0
    assert value(watched, "dataops:spark_standalone:cores_used_ratio") == 1
    assert "SparkNoWorker" not in watched.firing()
    lab.stop("worker")
    wait_for(lambda: {"SparkNoWorker", "SparkWorkersLost"} <= watched.firing(), 180)
    assert "SparkMasterSilent" not in watched.firing()
