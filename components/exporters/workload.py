"""An exporter that no chart brings: a Deployment of one restricted pod, its files, its Service and its monitor."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.base import Component
from components.resources import ConfigMap, ServiceMonitor
from components.restricted import RESTRICTED_CONTAINER, restricted_pod
from components.services import Service
from components.sizes import PartSize
from components.specs.monitors import ServiceMonitorSpec
from components.workloads import Deployment
from components.workloads import Service as ServiceObject

FILES = "/etc/exporter"
"""Where the files are mounted."""
Manifest = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What runs. ``service`` has its name, labels and one port.

    ``files`` (name -> text) are mounted at FILES. ``env``, ``volumes`` and ``mounts`` are as in the Kubernetes API.
    ``alive`` is a path that answers without any work. There is /tmp to write to.
    """

    service: Service
    image: str
    user: int
    size: PartSize
    alive: str
    args: tuple[str, ...] = ()
    env: tuple[Manifest, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[Manifest, ...] = ()
    mounts: tuple[Manifest, ...] = ()

    @property
    def port(self) -> str:
        (name,) = self.service.ports
        return name


def deployment_spec(workload: Workload) -> Manifest:
    """One replica: a second would show the same again."""
    probe = {"httpGet": {"path": workload.alive, "port": workload.port}}
    volumes = [{"name": "tmp", "emptyDir": {}}, *workload.volumes]
    mounts = [{"name": "tmp", "mountPath": "/tmp"}, *workload.mounts]
    if workload.files:
        volumes.append({"name": "files", "configMap": {"name": workload.service.name}})
        mounts.append({"name": "files", "mountPath": FILES, "readOnly": True})
    container = {
        "name": "exporter",
        "image": workload.image,
        "args": list(workload.args),
        "env": list(workload.env),
        "ports": [{"name": workload.port, "containerPort": workload.service.ports[workload.port]}],
        "livenessProbe": probe,
        "readinessProbe": probe,
        "resources": workload.size.resources.manifest(),
        "securityContext": RESTRICTED_CONTAINER,
        "volumeMounts": mounts,
    }
    return {
        "replicas": 1,
        "selector": {"matchLabels": dict(workload.service.pods)},
        "template": {
            # A pod reads its files when it starts: other files are another pod.
            "metadata": {
                "labels": dict(workload.service.pods),
                "annotations": {"checksum/files": _checksum(workload.files)},
            },
            "spec": {
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "securityContext": restricted_pod(workload.user),
                "containers": [container],
                "volumes": volumes,
            },
        },
    }


def service_spec(workload: Workload) -> Manifest:
    number = workload.service.ports[workload.port]
    port = {"name": workload.port, "port": number, "targetPort": workload.port}
    return {"selector": dict(workload.service.pods), "ports": [port]}


def _checksum(files: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()


class Exporter(Component):
    """One workload with everything that belongs to it."""

    def __init__(
        self,
        name: str,
        workload: Workload,
        monitor: ServiceMonitorSpec,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        service, child = workload.service, self.child()
        labels = dict(service.pods)
        needed: list[pulumi.Resource] = []
        if workload.files:
            needed.append(ConfigMap(service.name, workload.files, namespace=service.namespace, opts=child))
        ready = self.child(depends_on=needed)
        Deployment(service.name, deployment_spec(workload), namespace=service.namespace, labels=labels, opts=ready)
        ServiceObject(service.name, service_spec(workload), namespace=service.namespace, labels=labels, opts=child)
        ServiceMonitor(service.name, monitor, namespace=service.namespace, opts=child)
        self.register_outputs({})
