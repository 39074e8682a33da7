"""MinIO as its chart installs it, distributed, with public metrics.

Names, labels and ports: minio/minio helm/minio/templates/{statefulset,service}.yaml, values.yaml (minioAPIPort 9000).
"""

from __future__ import annotations

from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, service, workload

NAMESPACE = "minio"
NODES, PORT = 4, 9000
LABELS = {"app": "minio", "release": "minio"}
_IMAGE = "quay.io/minio/minio:RELEASE.2025-10-15T17-29-55Z"


def objects() -> list[Manifest]:
    spec = pod_spec(container("minio", _IMAGE, {"http": PORT, "http-console": 9001}, ("server",)))
    common = {**LABELS, "chart": "minio-5.4.0", "heritage": "Helm"}
    return [
        namespace(NAMESPACE),
        workload(
            "StatefulSet",
            "minio",
            NAMESPACE,
            labels=common,
            selector=LABELS,
            spec=spec,
            replicas=NODES,
            pod_labels=LABELS,
        ),
        service(
            "minio",
            NAMESPACE,
            labels={**common, "monitoring": "true"},
            selector=LABELS,
            ports={"http": (PORT, PORT)},
        ),
        service("minio-svc", NAMESPACE, labels=common, selector=LABELS, ports={"http": (PORT, PORT)}),
    ]
