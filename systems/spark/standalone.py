"""A standalone cluster: masters, their workers, and applications that wait for cores.

docs/how-to/spark.md has the metrics.properties that the pages depend on. An application's own drivers are scraped as
on Kubernetes, where they run as pods.
"""

from __future__ import annotations

from pydantic import Field

from model.config import Name, Part
from model.dashboard import Panel, PanelKind
from model.expr import Selector
from model.promql import max_by, metric, sum_by
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import Domain, Section
from systems.base import Context, above, panels, silence

MASTER, WORKER = "spark-master", "spark-worker"


class Standalone(Part):
    """``labels`` are those of the pods of masters and workers, which ``app.kubernetes.io/component`` tells apart.

    ``port`` is the name of the port of their web page. The defaults are those of Bitnami's chart ``spark``.
    """

    namespace: Name = "spark"
    labels: dict[str, str] = Field(default={"app.kubernetes.io/name": "spark"}, min_length=1)
    port: str = "http"


def scrapes(settings: Standalone) -> tuple[Scrape, ...]:
    def monitor(job: str, role: str, path: str) -> Scrape:
        endpoint = Endpoint(
            port=settings.port, contract="spark", component=f"standalone-{role}-servlet", path=path, interval="15s"
        )
        return Scrape(
            name=job,
            kind=ScrapeKind.POD_MONITOR,
            job=job,
            selector={**settings.labels, "app.kubernetes.io/component": role},
            namespaces=(settings.namespace,),
            endpoints=(endpoint,),
        )

    return (
        monitor(MASTER, "master", "/metrics/master/prometheus"),
        monitor(WORKER, "worker", "/metrics/prometheus"),
    )


def signals() -> tuple[Signal, ...]:
    def of_masters(name: str) -> Selector:
        return metric(f"metrics_master_{name}_Value")

    def of_workers(name: str) -> Selector:
        return metric(f"metrics_worker_{name}_Value", may_be_absent="a cluster may be without workers: SparkNoWorker")

    # A master that stands by knows no worker and no application: the maximum is what the active one says.
    alive, known = (max_by(of_masters(name), "namespace") for name in ("aliveWorkers", "workers"))
    free, used = (sum_by(of_workers(f"cores{name}"), "namespace") for name in ("Free", "Used"))
    memory_free, memory_used = (sum_by(of_workers(f"mem{name}_MB"), "namespace") for name in ("Free", "Used"))
    found = (
        ("alive_workers", "Alive workers", "Workers that the active master hears of.", "As many as are deployed.",
         "short", alive, "dataops:spark_standalone:alive_workers"),
        ("lost_workers", "Lost workers", "Workers not heard of for a minute; the master forgets them after 16.",
         "0.", "short", known - alive, "dataops:spark_standalone:lost_workers"),
        ("waiting_applications", "Waiting applications", "Applications that wait for cores or memory.", "0.", "short",
         max_by(of_masters("waitingApps"), "namespace"), None),
        ("registered_applications", "Applications", "Applications that run or wait.", "As many as were submitted.",
         "short", max_by(of_masters("apps"), "namespace"), None),
        ("cores_used", "Cores in use", "Share of the workers' cores that executors have.", "Below 100 %.",
         "percentunit", used / (used + free > 0), "dataops:spark_standalone:cores_used_ratio"),
        ("worker_memory_used", "Worker memory in use", "Share of the memory that workers may give to executors.",
         "Below 100 %.", "percentunit", memory_used / (memory_used + memory_free > 0), None),
        ("executors_of_workers", "Executors", "Executors that workers run.", "Not 0 while applications run.", "short",
         sum_by(of_workers("executors"), "namespace"), None),
    )  # fmt: skip
    return tuple(
        Signal(
            name=name,
            title=title,
            description=description,
            good=good,
            unit=unit,
            expr=expr,
            legend="{{namespace}}",
            record=record,
            scope=("cluster", "namespace"),
        )
        for name, title, description, good, unit, expr, record in found
    )


def silent(context: Context) -> tuple[Signal, Alert]:
    return silence(
        context,
        job=MASTER,
        title="Spark master",
        name="SparkMasterSilent",
        component="spark",
        severity=Severity.HIGH,
        hides="no alert on lost workers or waiting applications can fire",
    )


def alerts(found: dict[str, Signal]) -> tuple[Alert, ...]:
    where = "Spark cluster in {{ $labels.namespace }}"
    return (
        Alert(
            name="SparkNoWorker",
            signal=found["alive_workers"],
            op="<",
            threshold=1,
            for_="2m",
            severity=Severity.HIGH,
            component="spark",
            summary=f"{where} has no worker",
            description="The master has heard of no worker for 2 minutes: no application can run.",
        ),
        above(
            "SparkWorkersLost",
            found["lost_workers"],
            0,
            for_="2m",
            severity=Severity.WARNING,
            component="spark",
            summary=f"{where} has lost {{{{ $value }}}} workers",
            description="Workers have not been heard of for 2 minutes: their executors are gone, tasks run again.",
        ),
        above(
            "SparkApplicationsWaiting",
            found["waiting_applications"],
            0,
            for_="15m",
            severity=Severity.MEDIUM,
            component="spark",
            summary=f"{{{{ $value }}}} applications wait for the {where}",
            description="Applications have waited for cores or memory for 15 minutes.",
        ),
    )


def section(found: dict[str, Signal], silent_signal: Signal) -> Section:
    shown = list(panels(found, *_PANELS))
    shown.append(Panel(title="Silent sources: Spark standalone", kind=PanelKind.STAT, signals=(silent_signal,)))
    return Section(domain=Domain.WORKLOAD, title="Apache Spark, standalone", panels=tuple(shown))


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.STAT, "alive_workers"),
    (PanelKind.TIMESERIES, "lost_workers"),
    (PanelKind.TIMESERIES, "waiting_applications"),
    (PanelKind.TIMESERIES, "registered_applications"),
    (PanelKind.TIMESERIES, "cores_used", "worker_memory_used"),
    (PanelKind.TIMESERIES, "executors_of_workers"),
)
