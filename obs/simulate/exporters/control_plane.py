"""API server, etcd, scheduler, controller manager, CoreDNS and kube-proxy, each at ease."""

from __future__ import annotations

from collections.abc import Mapping

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, TableOf, Target
from obs.simulate.platform import control_plane as platform
from obs.simulate.series import Labels, Rows, Table
from obs.simulate.values import Events, Fixed, Value, Wave

REQUESTS_PER_MINUTE = 600.0
QUOTA = 2 * 2**30
_FEW = 3


def _requests(labels: Labels) -> Value:
    """Some failed in the past; none does now."""
    return Fixed(_FEW) if labels.get("code") == "500" else Events(REQUESTS_PER_MINUTE)


def _answers(labels: Labels) -> Value:
    return Fixed(_FEW) if labels["rcode"] == "SERVFAIL" else Events(REQUESTS_PER_MINUTE)


def _api_server(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        rows=(Rows.of("verb", "GET", "PUT"), Rows.of("code", "200", "500", only="apiserver_request_total")),
        defaults={"scope": "resource", "group": "", "version": "v1", "resource": "pods", "component": "apiserver"},
        values=(("apiserver_request_total", _requests),),
        scales=(
            ("apiserver_request_sli_duration_seconds", 0.1),
            # Three years, so that even the soonest hundredth is far away.
            ("apiserver_client_certificate_expiration_seconds", 1e8),
        ),
    )


def _etcd(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        values=(
            ("etcd_server_has_leader|etcd_server_is_leader", Fixed(1)),
            ("etcd_server_quota_backend_bytes", Fixed(QUOTA)),
            ("etcd_mvcc_db_total_size_in(_use_in)?_bytes", Wave(0.2 * QUOTA, 0.01)),
            ("etcd_server_leader_changes_seen_total", Fixed(1)),
        ),
        # Bounds up to 5 s; the real ones go up to 8. Below half a second no slow disk could be told.
        scales=(("etcd_disk_wal_fsync_duration_seconds", 0.05),),
    )


def _queues(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        rows=(
            Rows.of("queue", "active", "backoff", "gated", "unschedulable"),
            Rows.of("name", "deployment", "job", only="workqueue_.+"),
        ),
        values=(("scheduler_pending_pods|workqueue_depth", Fixed(0)),),
    )


def _coredns(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        rows=(Rows.of("rcode", "NOERROR", "NXDOMAIN", "SERVFAIL", only="coredns_dns_responses_total"),),
        defaults={"server": "dns://:53", "zone": ".", "zones": ".", "view": "", "plugin": "kubernetes"},
        values=(
            ("coredns_dns_responses_total", _answers),
            ("coredns_cache_requests_total", Events(REQUESTS_PER_MINUTE)),
            ("coredns_cache_hits_total", Events(0.7 * REQUESTS_PER_MINUTE)),
        ),
        scales=(("coredns_dns_request_duration_seconds", 0.002),),
    )


def _kube_proxy(_cluster: Cluster, _target: Target) -> Table:
    return Table(defaults={"ip_family": "IPv4"}, scales=(("kubeproxy_sync_proxy_rules_duration_seconds", 0.05),))


def _exporter(name: str, port: int, pods: Mapping[str, str], table: TableOf) -> Exporter:
    return Exporter(name=name, system="control_plane", port=port, pods=pods, contract=name, table=table)


EXPORTERS = (
    _exporter("kube-apiserver", platform.API_SERVER_PORT, platform.API_SERVER, _api_server),
    _exporter("etcd", platform.ETCD_PORT, platform.ETCD, _etcd),
    _exporter("kube-scheduler", platform.SCHEDULER_PORT, platform.SCHEDULER, _queues),
    _exporter("kube-controller-manager", platform.CONTROLLER_MANAGER_PORT, platform.CONTROLLER_MANAGER, _queues),
    _exporter("coredns", platform.COREDNS_PORT, platform.COREDNS, _coredns),
    _exporter("kube-proxy", platform.KUBE_PROXY_PORT, platform.KUBE_PROXY, _kube_proxy),
)
