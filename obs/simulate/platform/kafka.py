"""A Kafka cluster of Strimzi: one broker and the Kafka exporter, each with a port tcp-prometheus.

strimzi-kafka-operator: Labels.java (strimzi.io/…), MetricsModel.java (port 9404).
"""

from __future__ import annotations

from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, workload

NAMESPACE = "kafka"
METRICS_PORT = 9404
_CLUSTER = "events"
_IMAGE = "quay.io/strimzi/kafka:1.2.0-kafka-4.2.0"


def objects() -> list[Manifest]:
    ports = {"tcp-replication": 9091, "tcp-clients": 9092, "tcp-prometheus": METRICS_PORT}
    return [
        namespace(NAMESPACE),
        # Strimzi makes pods by itself (StrimziPodSet); a StatefulSet gives them the same names.
        _workload("StatefulSet", "events-broker", "kafka", container("kafka", _IMAGE, ports)),
        _workload(
            "Deployment",
            "events-kafka-exporter",
            "kafka-exporter",
            container("events-kafka-exporter", _IMAGE, {"tcp-prometheus": METRICS_PORT}),
        ),
    ]


def labels(component: str) -> dict[str, str]:
    return {"strimzi.io/kind": "Kafka", "strimzi.io/cluster": _CLUSTER, "strimzi.io/component-type": component}


def _workload(kind: str, name: str, component: str, of: Manifest) -> Manifest:
    own = labels(component)
    return workload(kind, name, NAMESPACE, labels=own, selector=own, spec=pod_spec(of))
