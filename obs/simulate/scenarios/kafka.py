"""What goes wrong with Kafka."""

from __future__ import annotations

from obs.simulate.exporters.kafka import GROUPS
from obs.simulate.scenario import Change, Down, Scenario, Set

SCENARIOS = (
    Scenario(
        name="kafka-partition-offline",
        title="Partitions of Kafka have no leader",
        description="Both brokers of two partitions are gone: nobody can write them.",
        system="kafka",
        changes=(Change("kafka_controller_kafkacontroller_offlinepartitionscount", Set(2)),),
        alerts=("KafkaPartitionsOffline",),
        within="6m",
    ),
    Scenario(
        name="kafka-replica-behind",
        title="Replicas of Kafka are behind",
        description="A broker's disk is slow: its replicas do not keep up.",
        system="kafka",
        changes=(Change("kafka_server_replicamanager_underreplicatedpartitions", Set(7)),),
        alerts=("KafkaUnderReplicated",),
        within="15m",
    ),
    Scenario(
        name="kafka-consumer-stuck",
        title="A consumer group does not consume",
        description="One message cannot be read, and the group waits before it.",
        system="kafka",
        changes=(Change("kafka_consumergroup_lag", Set(200_000), {"consumergroup": GROUPS[0]}),),
        alerts=("KafkaConsumerLagHigh",),
        within="20m",
    ),
    Scenario(
        name="kafka-down",
        title="Kafka's brokers do not answer",
        description="Nothing is known of brokers.",
        system="kafka",
        changes=(Down("kafka-broker"),),
        alerts=("KafkaBrokersSilent",),
        within="6m",
    ),
    Scenario(
        name="kafka-exporter-down",
        title="The Kafka exporter does not answer",
        description="Nobody sees how far consumers are behind.",
        system="kafka",
        changes=(Down("kafka-exporter"),),
        alerts=("KafkaExporterSilent",),
        within="6m",
    ),
)
