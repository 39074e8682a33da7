"""Ordinary workloads in the namespaces that the platform's people use."""

from __future__ import annotations

from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, service, workload

SPARK_JOBS, DATA_PROCESSING = NAMESPACES = ("spark-jobs", "data-processing")
INGEST = "events-ingest"
REPORTS = "reports-api"


def objects() -> list[Manifest]:
    applications = (*_application("StatefulSet", INGEST, 2), *_application("Deployment", REPORTS, 2))
    return [*map(namespace, NAMESPACES), *applications]


def _application(kind: str, name: str, replicas: int) -> list[Manifest]:
    labels = {"app.kubernetes.io/name": name}
    spec = pod_spec(container(name, f"registry.example.com/{name}:1.0.0", {"http": 8000}))
    return [
        workload(kind, name, DATA_PROCESSING, labels=labels, selector=labels, spec=spec, replicas=replicas),
        service(name, DATA_PROCESSING, labels=labels, selector=labels, ports={"http": (80, "http")}),
    ]
