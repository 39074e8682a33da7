"""Ceph as Rook runs it: the manager's Service and an exporter on each node.

Names, labels and ports: rook/rook pkg/operator/ceph/cluster/{mgr/spec.go,nodedaemon/exporter.go} and
deploy/examples/monitoring/{service-monitor,exporter-service-monitor}.yaml.
"""

from __future__ import annotations

from obs.simulate.platform.cluster import NODES
from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, service, workload

NAMESPACE = "rook-ceph"
MANAGER_PORT, EXPORTER_PORT = 9283, 9926
MANAGER_LABELS = {"app": "rook-ceph-mgr", "rook_cluster": NAMESPACE}
EXPORTER_LABELS = {"app": "rook-ceph-exporter", "rook_cluster": NAMESPACE}
_IMAGE = "quay.io/ceph/ceph:v19.2.3"


def objects() -> list[Manifest]:
    manager = container("mgr", _IMAGE, {"mgr": 6800, "http-metrics": MANAGER_PORT, "dashboard": 8443})
    exporter = container("ceph-exporter", _IMAGE, {"exporter": EXPORTER_PORT})
    active = {**MANAGER_LABELS, "mgr_role": "active"}
    return [
        namespace(NAMESPACE),
        workload("Deployment", "rook-ceph-mgr-a", NAMESPACE, labels=active, selector=active, spec=pod_spec(manager)),
        service(
            "rook-ceph-mgr",
            NAMESPACE,
            labels=MANAGER_LABELS,
            selector=active,
            ports={"http-metrics": (MANAGER_PORT, MANAGER_PORT)},
        ),
        workload(
            "Deployment",
            "rook-ceph-exporter",
            NAMESPACE,
            labels=EXPORTER_LABELS,
            selector=EXPORTER_LABELS,
            spec=pod_spec(exporter),
            replicas=len(NODES),
        ),
        service(
            "rook-ceph-exporter",
            NAMESPACE,
            labels=EXPORTER_LABELS,
            selector=EXPORTER_LABELS,
            ports={"ceph-exporter-http-metrics": (EXPORTER_PORT, EXPORTER_PORT)},
        ),
    ]
