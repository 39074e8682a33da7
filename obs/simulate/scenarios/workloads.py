"""What workloads are promised and do not get: pods, Jobs, room to grow, nodes and volumes that take them."""

from __future__ import annotations

from obs.simulate.exporters.kube_state_values import MOST_PODS, QUOTA
from obs.simulate.exporters.kubelet import INODES
from obs.simulate.platform.spark import HISTORY_CLAIM
from obs.simulate.platform.workloads import DATA_PROCESSING, INGEST, REPORTS, SPARK_JOBS
from obs.simulate.scenario import Appear, Change, Scenario, Set

_REPORTS = {"namespace": DATA_PROCESSING, "deployment": REPORTS}
_PHASE = "kube_persistentvolume_status_phase"
_CONDITION = {"node": "worker-2", "condition": "DiskPressure"}
_VOLUME = {"namespace": SPARK_JOBS, "persistentvolumeclaim": HISTORY_CLAIM}


def _scenario(name: str, title: str, description: str, changes: tuple[Change, ...], within: str,
              *alerts: str) -> Scenario:  # fmt: skip
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="kubernetes",
        changes=changes,
        alerts=alerts,
        within=within,
    )


SCENARIOS = (
    _scenario(
        "workload-unavailable",
        "A Deployment has no pod at all",
        "Its service account is gone: the old pods were drained away, new ones are never made.",
        (
            Change("kube_deployment_status_replicas_available", Set(0), _REPORTS),
            Change("kube_deployment_status_replicas_unavailable", Set(1), _REPORTS),
        ),
        "19m",
        "WorkloadPodsMissing",
        "WorkloadUnavailable",
    ),
    _scenario(
        "pods-missing",
        "A StatefulSet has one pod of two",
        "A webhook refuses its second pod.",
        (Change("kube_statefulset_replicas", Set(2), {"namespace": DATA_PROCESSING, "statefulset": INGEST}),),
        "19m",
        "WorkloadPodsMissing",
    ),
    _scenario(
        "job-failed",
        "A Job gives up",
        "Its pods failed as often as they may.",
        (
            Change(
                "kube_job_failed",
                Appear(),
                {"namespace": DATA_PROCESSING, "job_name": "reconcile-29384721", "condition": "true"},
            ),
        ),
        "2m",
        "JobFailed",
    ),
    _scenario(
        "autoscaler-at-maximum",
        "An autoscaler has no room",
        "It wants all the pods that it may have, and the load goes on.",
        tuple(
            Change(
                f"kube_horizontalpodautoscaler_status_{what}_replicas", Set(MOST_PODS), {"namespace": DATA_PROCESSING}
            )
            for what in ("desired", "current")
        ),
        "33m",
        "AutoscalerAtMaximum",
    ),
    _scenario(
        "quota-used-up",
        "A quota is used up",
        "The pods of the namespace request all the cores that it may have.",
        (Change("kube_resourcequota", Set(QUOTA), {"namespace": DATA_PROCESSING, "type": "used"}),),
        "33m",
        "QuotaUsedUp",
    ),
    _scenario(
        "volume-inodes",
        "A volume runs out of inodes",
        "Millions of small event logs: half of the space is left, and 4 % of the inodes.",
        (
            Change("kubelet_volume_stats_inodes_used", Set(0.96 * INODES), _VOLUME),
            Change("kubelet_volume_stats_inodes_free", Set(0.04 * INODES), _VOLUME),
        ),
        "19m",
        "VolumeInodesLow",
    ),
    _scenario(
        "node-pressure",
        "A node is under pressure",
        "The kubelet finds no more images to clear and tells DiskPressure.",
        (
            Change("kube_node_status_condition", Set(1), {**_CONDITION, "status": "true"}),
            Change("kube_node_status_condition", Set(0), {**_CONDITION, "status": "false"}),
        ),
        "8m",
        "NodePressure",
    ),
    _scenario(
        "persistent-volume-failed",
        "A volume cannot be given back",
        "Its claim was deleted, and the storage refuses to delete what is behind it.",
        (
            Change(_PHASE, Set(1), {"persistentvolume": "disk-1", "phase": "Failed"}),
            Change(_PHASE, Set(0), {"persistentvolume": "disk-1", "phase": "Bound"}),
        ),
        "8m",
        "PersistentVolumeFailed",
    ),
)
