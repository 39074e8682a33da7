"""A Hive Metastore: apache/hive's image with SERVICE_NAME=metastore and the JMX agent in its JVM.

No chart of it is common. The label is the usual one; Thrift listens on 9083 (metastore.thrift.port), the agent where
its owner says.
"""

from __future__ import annotations

from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, service, workload

NAMESPACE = "hive"
AGENT_PORT = 9404
LABELS = {"app.kubernetes.io/name": "hive-metastore"}


def objects() -> list[Manifest]:
    ports = {"thrift": 9083, "metrics": AGENT_PORT}
    return [
        namespace(NAMESPACE),
        workload(
            "Deployment",
            "hive-metastore",
            NAMESPACE,
            labels=LABELS,
            selector=LABELS,
            spec=pod_spec(container("metastore", "apache/hive:4.0.1", ports)),
        ),
        service("hive-metastore", NAMESPACE, labels=LABELS, selector=LABELS, ports={"thrift": (9083, "thrift")}),
    ]
