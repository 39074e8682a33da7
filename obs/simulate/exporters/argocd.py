"""Argo CD's components: the applications that the controller knows, and the work of each component."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.argocd import COMPONENTS, NAMESPACE, selector_labels
from obs.simulate.platform.workloads import NAMESPACES
from obs.simulate.series import Labels, Rows, Table
from obs.simulate.values import Clock, Events, Fixed, Value

REPOSITORY = "https://git.example.com/dataops/deployments"
APPLICATIONS = (*NAMESPACES, "monitoring", "airflow")
"""Each is called as the namespace that it deploys to."""
PROJECT = "dataops"
SERVER = "https://kubernetes.default.svc"
SYNCS_PER_MINUTE = 0.1
"""Of one application: it has a new version every 10 minutes."""
SYNC_SECONDS = 40.0

# The server's commonest answers; a result that never was has no series in a client_golang vector.
_APPLICATIONS = tuple(
    {
        "namespace": NAMESPACE,
        "name": name,
        "project": PROJECT,
        "autosync_enabled": "true",
        "repo": REPOSITORY,
        "dest_server": SERVER,
        "dest_namespace": name,
        "sync_status": "Synced",
        "health_status": "Healthy",
        "phase": "Succeeded",
        "dry_run": "false",
    }
    for name in APPLICATIONS
)


# Each has failed once, long ago: a counter that a fault would bring loses its first step in the text format.
_RESULTS = (*_APPLICATIONS, *({**application, "phase": "Failed"} for application in _APPLICATIONS))


def _syncs(labels: Labels, each: float = 1.0) -> Value:
    """Applications take turns."""
    if labels.get("phase") == "Failed":
        return Fixed(each)
    turn = APPLICATIONS.index(labels["name"])
    return Events(SYNCS_PER_MINUTE, each=each, phase=turn / len(APPLICATIONS))


_TABLE = Table(
    rows=(
        Rows(_RESULTS, "argocd_app_sync_total"),
        Rows(_APPLICATIONS, "argocd_app_(?!reconcile).+"),
        Rows.of("request_type", "fetch", "ls-remote"),
    ),
    defaults={
        "namespace": NAMESPACE,
        "name": "dataops",
        "repo": REPOSITORY,
        "dest_server": SERVER,
        "server": SERVER,
        "k8s_version": "1.36",
        "operation": "sync",
        "response_code": "200",
        "verb": "get",
        "version": "v3.4.4",
        "revision": "main",
        "resource_kind": "Deployment",
        "resource_namespace": NAMESPACES[0],
        "failed": "false",
        "successful": "true",
        "succeeded": "true",
        "triggered": "true",
        "host": "kubernetes.default.svc",
        "method": "GET",
        "code": "200",
        "status": "200",
        "command": "get",
        "hostname": "argocd-application-controller-0",
        "endpoint": "/repos",
        "appset_namespace": NAMESPACE,
        "appset_name": "dataops",
        "initiator": "argocd-application-controller",
        "grpc_type": "unary",
        "grpc_service": "application.ApplicationService",
        "grpc_method": "List",
        "grpc_code": "OK",
        "resource_update_status": "ApplicationSetUpToDate",
    },
    values=(
        ("argocd_app_sync_total", _syncs),
        ("argocd_app_sync_duration_seconds_total", lambda labels: _syncs(labels, SYNC_SECONDS)),
        ("argocd_app_orphaned_resources_count|.*_pending.*|.*_in_flight|.*_exec_pending", Fixed(0)),
        ("argocd_cluster_api_resource_objects", Fixed(1800)),
        ("argocd_cluster_api_resources", Fixed(92)),
        ("argocd_cluster_cache_age_seconds", Fixed(90)),
        ("argocd_github_api_rate_limit_(limit|remaining)", Fixed(5000)),
        ("argocd_github_api_rate_limit_reset_seconds", Clock(-1800)),
        (".*_fail_total", Fixed(0)),
    ),
    scales=(("argocd_app_reconcile", 0.6), ("argocd_git_request_duration_seconds", 0.8)),
)


def _table(_cluster: Cluster, _target: Target) -> Table:
    return _TABLE


EXPORTERS = tuple(
    Exporter(
        name=f"argocd-{component.name}",
        system="argocd",
        port=component.metrics,
        pods=selector_labels(component.name),
        contract="argocd",
        component=component.name,
        table=_table,
    )
    for component in COMPONENTS
)
