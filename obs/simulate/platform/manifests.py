"""The few shapes of manifests that the simulated platform needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Manifest = dict[str, Any]
Labels = Mapping[str, str]
REQUESTS = {"cpu": "100m", "memory": "256Mi"}


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def container(name: str, image: str, ports: Mapping[str, int], args: tuple[str, ...] = ()) -> Manifest:
    """``ports``: name -> number."""
    return {
        "name": name,
        "image": image,
        **({"args": list(args)} if args else {}),
        "ports": [{"name": n, "containerPort": p, "protocol": "TCP"} for n, p in ports.items()],
        "resources": {"requests": dict(REQUESTS), "limits": {"cpu": "2", "memory": "2Gi"}},
    }


def pod_spec(*containers: Manifest, claim: str = "", restart: str = "Always") -> Manifest:
    """``claim``: a PersistentVolumeClaim that is mounted as volume ``data``."""
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
    return {
        "automountServiceAccountToken": False,
        "restartPolicy": restart,
        "containers": list(containers),
        **({"volumes": volumes} if volumes else {}),
    }


def workload(
    kind: str,
    name: str,
    namespace: str,
    *,
    labels: Labels,
    selector: Labels,
    spec: Manifest,
    replicas: int = 1,
    pod_labels: Labels | None = None,
) -> Manifest:
    """A Deployment or a StatefulSet; a StatefulSet's Service has its own name."""
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "spec": {
            "replicas": replicas,
            **({"serviceName": name} if kind == "StatefulSet" else {}),
            "selector": {"matchLabels": dict(selector)},
            "template": {"metadata": {"labels": dict(pod_labels or labels)}, "spec": spec},
        },
    }


def service(
    name: str, namespace: str, *, labels: Labels, selector: Labels, ports: Mapping[str, tuple[int, int | str]]
) -> Manifest:
    """``ports``: name -> (port, target port)."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "spec": {
            "type": "ClusterIP",
            "selector": dict(selector),
            "ports": [
                {"name": n, "protocol": "TCP", "port": port, "targetPort": target}
                for n, (port, target) in ports.items()
            ],
        },
    }


def pod(name: str, namespace: str, *, labels: Labels, spec: Manifest, annotations: Labels | None = None) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(labels),
            **({"annotations": dict(annotations)} if annotations else {}),
        },
        "spec": spec,
    }


def claim(name: str, namespace: str, storage_class: str, size: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "storageClassName": storage_class,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size}},
        },
    }
