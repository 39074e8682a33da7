"""A real Airflow, the real StatsD exporter and Prometheus: what stack local deploys sees DAGs run, fail, and stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from real_prometheus import Prometheus, Target, prometheus, scrapes, stack_config
from real_servers import wait_for
from real_tools import needs
from stacks import ROOT, run

from obs.contracts.install import python
from obs.contracts.lab import Lab, NotToBeHad
from obs.contracts.sources import airflow

pytestmark = needs("prometheus", "statsd_exporter")
DAGS = (ROOT / "tests" / "e2e" / "airflow_dags.py.txt").read_text()
MONITOR = "statsd-exporter"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    try:
        interpreter = python("airflow")
    except NotToBeHad as error:
        pytest.skip(str(error))
    with Lab() as lab:
        airflow.start(lab, interpreter, DAGS)
        yield lab


@pytest.fixture(scope="module")
def watched(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    stack, folder = (
        run(
            "local",
            config={
                # An hour is 6 minutes: a run of a DAG takes real time.
                "timeCompression": 10,
                "cardinality": "lean",
                "exporters": {"statsd": {}},
                "systems": {"airflow": {"minimumRuns": 2}},
            },
        ),
        tmp_path_factory.mktemp("airflow"),
    )
    (monitor,) = (r for r in stack.resources if r.type.endswith(":ServiceMonitor") and r.name == MONITOR)
    pod = Target(
        address=lab.address("statsd"),
        namespace="monitoring",
        pod="statsd-0",
        labels=dict(monitor.inputs["spec"]["selector"]["matchLabels"]),
    )
    with prometheus(folder, stack_config(stack, folder, ["airflow"], scrapes(stack, MONITOR, pod))) as started:
        wait_for(started.up, 60)
        yield started


def value(watched: Prometheus, query: str) -> float:
    found = watched.query(query)
    return float(found[0]["value"][1]) if found else float("nan")


def test_the_exporter_has_the_mapping_that_the_stack_deploys(lab: Lab) -> None:
    stack = run("local", config={"exporters": {"statsd": {}}, "systems": {"airflow": {}}})
    (chart,) = (r for r in stack.resources if r.name == MONITOR and "values" in r.inputs)
    deployed = yaml.safe_load(chart.inputs["values"]["statsd"]["mappingConfig"])
    assert yaml.safe_load((lab.folder / "mapping.yml").read_text()) == deployed


def test_a_failing_dag_is_told(watched: Prometheus) -> None:
    wait_for(lambda: value(watched, "dataops:airflow:dag_failure_ratio_1h") > 0.05, 600)
    wait_for(lambda: "AirflowDagFailuresHigh" in watched.firing(), 240)


def test_the_recorded_series_are_those_of_the_real_runs(watched: Prometheus) -> None:
    wait_for(lambda: value(watched, 'dataops:airflow_dag:run_duration_seconds{dag_id="orders-daily"}') > 0, 300)
    assert value(watched, 'dataops:airflow_dag:run_duration_seconds{dag_id="orders-daily"}') < 300
    assert 0 < value(watched, "dataops:airflow:dag_success_rate_24h") < 1
    assert value(watched, "dataops:airflow:dag_runs_ended_1h") >= 2
    wait_for(lambda: 0 <= value(watched, "dataops:airflow:scheduler_lag_seconds") < 30, 60)
    assert watched.query('airflow_ti_finish_by_task{dag_id="orders-broken", state="failed", cluster="local"}')


def test_a_scheduler_that_is_gone_is_told(lab: Lab, watched: Prometheus) -> None:
    """Last of the module."""
    assert "AirflowSchedulerLag" not in watched.firing()
    lab.stop("scheduler")
    wait_for(lambda: "AirflowSchedulerLag" in watched.firing(), 240)
    assert "AirflowStatsdSilent" not in watched.firing()
