"""What brokers, topics and consumer groups mean: the signals of Kafka."""

from __future__ import annotations

from model.promql import increase, max_by, metric, ne, rate, sum_by
from model.rule import Signal

BROKER_JOB, EXPORTER_JOB = "kafka-broker", "kafka-exporter"
_ONE = "cluster_name"
_NO_TOPIC = "a cluster may be without traffic"
# Each counter is there for every topic, and once more for all together, without the label.
_BY_TOPIC = ne("topic", "")


def broker_signals() -> tuple[Signal, ...]:
    def traffic(name: str, title: str, attribute: str, unit: str, *by: str) -> Signal:
        counter = metric(f"kafka_server_brokertopicmetrics_{attribute}_total", _BY_TOPIC, may_be_absent=_NO_TOPIC)
        return Signal(
            name=name,
            title=title,
            description=f"{title} per second{', by topic' if by else ''}.",
            good="As usual for the hour.",
            unit=unit,
            expr=sum_by(rate(counter, "5m"), _ONE, *by),
            legend=f"{{{{{(_ONE, *by)[-1]}}}}} {title.lower()}",
        )

    return (
        traffic("messages_in", "Messages in", "messagesin", "ops", "topic"),
        # What the brokers' network and disks carry: which topic it is, its messages say.
        traffic("bytes_in", "Bytes in", "bytesin", "Bps"),
        traffic("bytes_out", "Bytes out", "bytesout", "Bps"),
        Signal(
            name="bytes_in_24h",
            title="Bytes in 24 hours",
            description="Bytes that producers wrote in 24 hours.",
            good="As much as yesterday.",
            unit="bytes",
            expr=sum_by(
                increase(
                    metric("kafka_server_brokertopicmetrics_bytesin_total", _BY_TOPIC, may_be_absent=_NO_TOPIC), "24h"
                ),
                _ONE,
            ),
            legend="{{cluster_name}} written to Kafka",
        ),
        Signal(
            name="under_replicated",
            title="Under-replicated partitions",
            description="Partitions whose replicas are not all in step, by the broker that leads them.",
            good="0.",
            unit="short",
            expr=max_by(metric("kafka_server_replicamanager_underreplicatedpartitions"), _ONE, "namespace", "pod"),
            legend="{{pod}}",
            scope=("cluster", "namespace"),
        ),
        Signal(
            name="offline_partitions",
            title="Partitions without a leader",
            description="Partitions that nobody can read or write.",
            good="0.",
            unit="short",
            expr=max_by(metric("kafka_controller_kafkacontroller_offlinepartitionscount"), _ONE),
            legend="{{cluster_name}}",
        ),
    )


def group_signals() -> tuple[Signal, ...]:
    lag = metric("kafka_consumergroup_lag", may_be_absent="there may be no consumer group")
    return (
        Signal(
            name="group_lag",
            title="Consumer lag",
            description="Messages by which a consumer group is behind, over all partitions of its topics.",
            good="Small, and falling after a burst.",
            unit="short",
            # A second exporter says the same; a partition without a commit of the group counts -1.
            expr=sum_by(max_by(lag >= 0, _ONE, "consumergroup", "topic", "partition"), _ONE, "consumergroup"),
            legend="{{consumergroup}}",
            record="dataops:kafka:consumergroup_lag",
        ),
        Signal(
            name="brokers",
            title="Brokers",
            description="Brokers that the exporter sees.",
            good="All of them.",
            unit="short",
            expr=max_by(metric("kafka_brokers"), _ONE),
            legend="{{cluster_name}}",
        ),
    )
