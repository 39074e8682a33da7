"""Small contracts and systems for the tests of the PromQL checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from model.contract import Absent, Contract, Metric
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import System
from obs.check.catalogue import Catalogue, catalogue
from obs.check.finding import Finding
from obs.check.infer import Expression, check_expressions

TARGET = frozenset({"job", "instance", "namespace", "pod", "container", "endpoint", "cluster"})
"""What a PodMonitor adds to every series."""


def contract(name: str, metrics: Iterable[Metric], absent: Iterable[Absent] = ()) -> Contract:
    return Contract(
        name=name,
        exporter=name,
        version="1",
        source="made up for the tests",
        evidence="read",
        metrics={m.name: m for m in metrics},
        absent={a.name: a for a in absent},
    )


def system(name: str, *endpoints: Endpoint, job: str | None = None) -> System:
    scrape = Scrape(
        name=name, kind=ScrapeKind.POD_MONITOR, selector={"app": name}, endpoints=endpoints, job=job or name
    )
    return System(name=name, title=name, interval="30s", scrapes=(scrape,), signals=())


def gauge(name: str, *labels: str, **more: Any) -> Metric:
    return Metric(name=name, type="gauge", labels=labels, **more)


def counter(name: str, *labels: str, **more: Any) -> Metric:
    return Metric(name=name, type="counter", labels=labels, **more)


KUBE = contract(
    "kube",
    [
        gauge("kube_pod_info", "namespace", "pod", "node", "host_ip"),
        gauge("kube_pod_status_phase", "namespace", "pod", "phase"),
        gauge("kube_pod_container_status_terminated_reason", "namespace", "pod", "container", "reason"),
        counter("kube_pod_container_status_restarts_total", "namespace", "pod", "container"),
        gauge("kube_node_status_allocatable", "node", "resource"),
        gauge("kube_node_status_capacity", "node", "resource"),
        gauge("kube_endpoint_ports", "namespace", optin="--resources=endpoints"),
        gauge("kubelet_volume_stats_used_bytes", "namespace", "persistentvolumeclaim"),
        gauge("kubelet_volume_stats_capacity_bytes", "namespace", "persistentvolumeclaim"),
    ],
    [Absent(name="kube_pod_deleted", instead="kube_pod_deletion_timestamp", why="renamed in 2.0")],
)
NODE = contract(
    "node",
    [
        counter("node_cpu_seconds_total", "cpu", "mode"),
        gauge("node_memory_MemAvailable_bytes"),
        gauge("node_memory_MemTotal_bytes"),
        gauge("node_fs_dropped", dropped_by="the chart"),
    ],
)
SPARK = contract(
    "spark",
    [
        counter("spark_job_succeeded_total", "app_id"),
        counter("spark_job_failed_total", "app_id"),
        gauge("spark_executor_memory_used_bytes", "app_id", "executor_id"),
        Metric(name="spark_stage_duration_seconds", type="histogram", labels=("app_id",)),
        Metric(name="spark_task_seconds", type="summary", labels=("app_id",)),
        Metric(name="spark_odd", type="untyped", labels=("app_id",)),
    ],
    [Absent(name="spark_job_duration_seconds", instead=None, why="does not exist; use the stage's")],
)
DATA = contract(
    "data",
    [
        counter("airflow_scheduler_heartbeat"),
        Metric(name="trino_query_duration_seconds", type="histogram", labels=("source",)),
        gauge("iceberg_table_files_count", "table"),
        counter("http_requests_total", "app", "status"),
        gauge("pipeline_duration_seconds", "stage"),
    ],
)
CONTRACTS = {c.name: c for c in (KUBE, NODE, SPARK, DATA)}
SYSTEMS = (
    system("kube", Endpoint(port="http", contract="kube", honor_labels=True), job="kube-state-metrics"),
    system("node", Endpoint(port="http", contract="node"), job="node-exporter"),
    system("spark", Endpoint(port="ui", contract="spark"), job="spark-driver"),
    system("data", Endpoint(port="http", contract="data")),
)
CATALOGUE: Catalogue = catalogue(SYSTEMS, CONTRACTS.__getitem__)


def expression(text: str, kind: str = "panel", **more: Any) -> Expression:
    return Expression(text=text, kind=kind, subject=f"{kind} x", where="x.py:1", **more)  # type: ignore[arg-type]


def recording(record: str, text: str, where: str = "r.py:1", **more: Any) -> Expression:
    return Expression(text=text, kind="recording", subject=f"rule {record}", where=where, record=record, **more)


def findings(*expressions: Expression, known: Catalogue = CATALOGUE) -> list[Finding]:
    return check_expressions(expressions, known)


def checks(text: str, kind: str = "panel", **more: Any) -> list[str]:
    """The ids of the findings on one expression."""
    return [f.check for f in findings(expression(text, kind, **more))]


def only(text: str, kind: str = "panel", **more: Any) -> Finding:
    """The one finding on an expression."""
    (finding,) = findings(expression(text, kind, **more))
    return finding
