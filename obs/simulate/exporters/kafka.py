"""A Kafka broker with Strimzi's rules, and the Kafka exporter."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.kafka import METRICS_PORT, labels
from obs.simulate.series import Rows, Table
from obs.simulate.values import Events, Fixed, Wave

TOPICS = ("orders", "clicks")
GROUPS = ("warehouse", "alerts")


_TABLE = Table(
    rows=(
        Rows.of("topic", *TOPICS),
        Rows.of("partition", "0", "1"),
        Rows.of("consumergroup", *GROUPS),
        Rows.of("quantile", "0.5", "0.95", "0.99"),
    ),
    values=(
        ("kafka_server_brokertopicmetrics_messagesin_total", Events(3000)),
        ("kafka_server_brokertopicmetrics_(failed|bytesrejected).*", Fixed(0)),
        ("kafka_consumergroup_lag", Wave(20)),
        ("kafka_consumergroup_lag_sum", Wave(40)),
        ("kafka_.*(offline|underreplicated|under_replicated|underminisr|fenced|reassigning).*", Fixed(0)),
        ("kafka_controller_kafkacontroller_active(controller|broker)count|kafka_brokers", Fixed(1)),
    ),
)


def _table(_cluster: Cluster, _target: Target) -> Table:
    return _TABLE


def _exporter(name: str, kind: str, contract: str, component: str | None = None) -> Exporter:
    return Exporter(
        name=name,
        system="kafka",
        port=METRICS_PORT,
        pods=labels(kind),
        contract=contract,
        component=component,
        table=_table,
    )


EXPORTERS = (
    _exporter("kafka-broker", "kafka", "kafka-broker-jmx", "strimzi-rules"),
    _exporter("kafka-exporter", "kafka-exporter", "kafka-exporter"),
)
