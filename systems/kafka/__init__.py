"""Kafka as Strimzi runs it: brokers through the JMX agent with Strimzi's rules, consumer groups through the exporter.

In the Kafka resource ``metricsConfig`` names Strimzi's example rules (examples/metrics/kafka-metrics.yaml), and
``kafkaExporter`` is there.
"""

from __future__ import annotations

from pydantic import Field

from model.config import Duration, Name
from model.dashboard import Panel, PanelKind
from model.rule import Severity
from model.scrape import Endpoint, Relabeling, Scrape, ScrapeKind
from model.system import Domain, Section, System
from systems.base import Context, SystemSettings, panels, silence
from systems.kafka.alerts import alerts
from systems.kafka.signals import BROKER_JOB, EXPORTER_JOB, broker_signals, group_signals


class Settings(SystemSettings):
    """``namespaces``: where Kafka resources are; ``port``: name of the metrics port of Strimzi's pods.

    ``maximum_lag``: messages by which a consumer group may be behind.
    """

    namespaces: tuple[Name, ...] = Field(default=("kafka",), min_length=1)
    port: Name = "tcp-prometheus"
    interval: Duration = "30s"
    maximum_lag: int = Field(default=100_000, ge=1)


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*broker_signals(), *group_signals())}
    silences = [
        silence(
            context,
            job=job,
            title=title,
            name=name,
            component="kafka",
            severity=severity,
            hides=hides,
        )
        for job, title, name, severity, hides in _SILENCES
    ]
    shown = list(panels(signals, *_PANELS))
    shown.append(
        Panel(title="Silent sources: Kafka", kind=PanelKind.STAT, signals=tuple(signal for signal, _ in silences))
    )
    return System(
        name="kafka",
        title="Apache Kafka",
        interval="30s",
        scrapes=(
            _scrape("kafka", BROKER_JOB, "kafka-broker-jmx", settings, component="strimzi-rules"),
            _scrape("kafka-exporter", EXPORTER_JOB, "kafka-exporter", settings),
        ),
        signals=(*signals.values(), *(signal for signal, _ in silences)),
        alerts=(*alerts(signals, settings.maximum_lag), *(alert for _, alert in silences)),
        sections=(Section(domain=Domain.DATA, title="Apache Kafka", panels=tuple(shown)),),
    )


_SILENCES = (
    (BROKER_JOB, "Kafka brokers", "KafkaBrokersSilent", Severity.HIGH, "nothing is known of brokers and partitions"),
    (
        EXPORTER_JOB,
        "Kafka exporter",
        "KafkaExporterSilent",
        Severity.MEDIUM,
        "nobody sees how far consumers are behind",
    ),
)


def _scrape(kind: str, job: str, contract: str, settings: Settings, component: str | None = None) -> Scrape:
    # Labels and port name: strimzi-kafka-operator, labels strimzi.io/component-type and strimzi.io/cluster of its pods.
    cluster = Relabeling(source_labels=("__meta_kubernetes_pod_label_strimzi_io_cluster",), target_label="cluster_name")
    endpoint = Endpoint(
        port=settings.port,
        contract=contract,
        component=component,
        interval=settings.interval,
        relabelings=(cluster,),
    )
    return Scrape(
        name=job,
        kind=ScrapeKind.POD_MONITOR,
        job=job,
        selector={"strimzi.io/component-type": kind},
        namespaces=settings.namespaces,
        endpoints=(endpoint,),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.TIMESERIES, "messages_in"),
    (PanelKind.TIMESERIES, "group_lag"),
    (PanelKind.TIMESERIES, "bytes_in", "bytes_out"),
    (PanelKind.TIMESERIES, "under_replicated"),
    (PanelKind.STAT, "offline_partitions"),
    (PanelKind.STAT, "brokers"),
)
