"""The cluster itself: nodes, storage."""

from __future__ import annotations

from typing import Any

NODES = {"worker-1": "10.0.0.11", "worker-2": "10.0.0.12", "worker-3": "10.0.0.13"}
"""Name -> InternalIP."""
CORES, MEMORY_GIB = 4, 32
KUBELET_VERSION = "v1.36.4"
KUBELET_PORT = 10250
STORAGE_CLASS = "standard"
_VOLUMES = 20


def objects() -> list[dict[str, Any]]:
    return [_storage_class(), *(_node(name, ip) for name, ip in NODES.items()), *map(_volume, range(1, _VOLUMES + 1))]


def _node(name: str, ip: str) -> dict[str, Any]:
    resources = {"cpu": str(CORES), "memory": f"{MEMORY_GIB}Gi", "pods": "110", "ephemeral-storage": "200Gi"}
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**labels, "node-role.kubernetes.io/worker": ""}},
        "spec": {},
        "status": {
            "addresses": [{"type": "InternalIP", "address": ip}, {"type": "Hostname", "address": name}],
            "capacity": resources,
            "allocatable": resources,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": f"{name}-boot",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kernelVersion": "6.1.0",
                "kubeProxyVersion": "",
                "kubeletVersion": KUBELET_VERSION,
                "machineID": f"{name}-machine",
                "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 12 (bookworm)",
                "systemUUID": f"{name}-system",
            },
        },
    }


def _storage_class() -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": STORAGE_CLASS},
        "provisioner": "kubernetes.io/no-provisioner",
        "reclaimPolicy": "Retain",
        "volumeBindingMode": "Immediate",
    }


def _volume(number: int) -> dict[str, Any]:
    """A volume that is there already: no provisioner runs here, the controller manager only binds."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"disk-{number}"},
        "spec": {
            "storageClassName": STORAGE_CLASS,
            "capacity": {"storage": "100Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": f"/mnt/disks/{number}"},
        },
    }
