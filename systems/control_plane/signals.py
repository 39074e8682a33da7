"""What the parts of the control plane say. Names that several of them expose are taken from one job."""

from __future__ import annotations

from model.expr import Expr
from model.promql import eq, histogram_quantile, increase, matching, max_by, metric, rate, sum_by
from model.rule import Signal
from systems.control_plane.sources import API_SERVER, CONTROLLER_MANAGER, COREDNS, ETCD, KUBE_PROXY, SCHEDULER, Source

_FIRST = "there from the first such request on"
_ONE_OBJECT = (matching("verb", "GET|POST|PUT|PATCH|DELETE"), eq("scope", "resource"))
"""Requests for a single object; lists and watches take as long as what they ask for is large."""


def _of(source: Source) -> tuple[str, str]:
    return "job", source.job


def _p99(name: str, source: Source, *labels: str) -> Expr:
    buckets = metric(f"{name}_bucket", eq(*_of(source)))
    return histogram_quantile(0.99, sum_by(rate(buckets, "5m"), *labels, "le"))


def api_server_signals() -> tuple[Signal, ...]:
    job = eq(*_of(API_SERVER))
    requests = metric("apiserver_request_total", job)
    failed = metric("apiserver_request_total", job, matching("code", "5.."), may_be_absent=_FIRST)
    total = sum_by(rate(requests, "5m"))
    sli = "apiserver_request_sli_duration_seconds"
    # Prometheus 3 writes whole bounds as 1.0, whatever the exporter writes.
    quick = sum_by(rate(metric(f"{sli}_bucket", job, *_ONE_OBJECT, matching("le", r"1(\.0)?")), "5m"))
    judged = sum_by(rate(metric(f"{sli}_count", job, *_ONE_OBJECT), "5m"))
    certificates = metric("apiserver_client_certificate_expiration_seconds_bucket", job)
    return (
        Signal(
            name="api_error_ratio",
            title="Failed API requests",
            description="Share of the requests of 5 minutes that the API server itself failed (5xx).",
            good="Below 1 %.",
            unit="percentunit",
            expr=(sum_by(rate(failed, "5m")) | total * 0) / (total > 0),
            legend="{{cluster}} failed",
            maximum=1,
        ),
        Signal(
            name="api_slow_ratio",
            title="Slow API requests",
            description="Share of requests for one object that took more than a second, webhooks not counted.",
            good="Below 1 %, the objective of Kubernetes itself.",
            unit="percentunit",
            expr=1 - quick / (judged > 0),
            legend="{{cluster}} slow",
            maximum=1,
        ),
        Signal(
            name="api_requests",
            title="API requests",
            description="Requests a second to all API servers, over 5 minutes.",
            good="As usual.",
            unit="reqps",
            expr=total,
            legend="{{cluster}}",
        ),
        Signal(
            name="client_certificate_life",
            title="Life left of client certificates",
            description="How long the certificates that clients showed in 5 minutes are valid: the soonest hundredth.",
            good="More than 7 days. Nothing is shown while nobody comes with a certificate.",
            unit="s",
            expr=histogram_quantile(0.01, sum_by(rate(certificates, "5m"), "le")),
            legend="{{cluster}}",
        ),
    )


def etcd_signals() -> tuple[Signal, ...]:
    quota = metric("etcd_server_quota_backend_bytes")
    return (
        Signal(
            name="etcd_without_leader",
            title="etcd without a leader",
            description="1 while no member of etcd knows a leader.",
            good="0.",
            unit="short",
            # A member that is cut off says it of itself alone; the others still serve.
            expr=1 - max_by(metric("etcd_server_has_leader")),
            legend="{{cluster}}",
        ),
        Signal(
            name="etcd_fsync_p99",
            title="Writes of etcd to disk (P99)",
            description="99th percentile of the time that a member waits for its disk, in 5 minutes.",
            good="Below 10 ms; above 0.5 s members miss heartbeats.",
            unit="s",
            expr=_p99("etcd_disk_wal_fsync_duration_seconds", ETCD, "instance"),
            legend="{{instance}} fsync",
        ),
        Signal(
            name="etcd_database_usage",
            title="Size of etcd's database",
            description="Share of its quota that the file of a member has, freed pages included.",
            good="Below 80 %: at 100 % the cluster takes no writes.",
            unit="percentunit",
            expr=max_by(metric("etcd_mvcc_db_total_size_in_bytes"), "instance") / (max_by(quota, "instance") > 0),
            legend="{{instance}}",
            maximum=1,
        ),
        Signal(
            name="etcd_leader_changes",
            title="Changes of etcd's leader in an hour",
            description="Changes that the member saw that saw most.",
            good="0; each is a pause of writes.",
            unit="short",
            expr=max_by(increase(metric("etcd_server_leader_changes_seen_total"), "1h")),
            legend="{{cluster}}",
        ),
    )


def scheduler_signals() -> tuple[Signal, ...]:
    return (
        Signal(
            name="pending_pods",
            title="Pods waiting for a node",
            description="Pods in the queues of the scheduler, as the replica says that sees most.",
            good="unschedulable 0; the others fall soon.",
            unit="short",
            expr=max_by(metric("scheduler_pending_pods", eq(*_of(SCHEDULER))), "queue"),
            legend="{{queue}}",
        ),
    )


def controller_manager_signals() -> tuple[Signal, ...]:
    depth = metric("workqueue_depth", eq(*_of(CONTROLLER_MANAGER)))
    return (
        Signal(
            name="controller_queues",
            title="Objects waiting for their controller",
            description="Length of the queues of the controllers that have any.",
            good="Nothing is shown, or it falls soon.",
            unit="short",
            expr=max_by(depth, "name") > 0,
            legend="{{name}}",
        ),
    )


def coredns_signals() -> tuple[Signal, ...]:
    job = eq(*_of(COREDNS))
    answers = metric("coredns_dns_responses_total", job)
    failed = metric("coredns_dns_responses_total", job, eq("rcode", "SERVFAIL"), may_be_absent=_FIRST)
    hits, asked = (sum_by(rate(metric(f"coredns_cache_{what}_total", job), "5m")) for what in ("hits", "requests"))
    total = sum_by(rate(answers, "5m"))
    return (
        Signal(
            name="dns_error_ratio",
            title="Failed DNS answers",
            description="Share of CoreDNS' answers of 5 minutes that are SERVFAIL. Unknown names do not count.",
            good="Below 1 %.",
            unit="percentunit",
            expr=(sum_by(rate(failed, "5m")) | total * 0) / (total > 0),
            legend="{{cluster}} SERVFAIL",
            maximum=1,
        ),
        Signal(
            name="dns_answers",
            title="DNS answers",
            description="Answers a second of all replicas of CoreDNS, over 5 minutes.",
            good="Follows the load.",
            unit="reqps",
            expr=total,
            legend="{{cluster}}",
        ),
        Signal(
            name="dns_latency_p99",
            title="DNS answers (P99)",
            description="99th percentile of the time of an answer by the zone of the Corefile that gave it.",
            good="Below 50 ms for the cluster's own names; others wait for the upstream servers.",
            unit="s",
            expr=_p99("coredns_dns_request_duration_seconds", COREDNS, "zone"),
            legend="{{zone}}",
        ),
        Signal(
            name="dns_cache_hit_ratio",
            title="DNS cache hits",
            description="Share of look-ups in CoreDNS' cache of 5 minutes that found their answer.",
            good="As usual.",
            unit="percentunit",
            expr=hits / (asked > 0),
            legend="{{cluster}} cached",
            maximum=1,
        ),
    )


def kube_proxy_signals() -> tuple[Signal, ...]:
    return (
        Signal(
            name="proxy_sync_p99",
            title="Changes of Services on nodes (P99)",
            description="99th percentile of the time in which kube-proxy writes a node's rules, in 5 minutes.",
            good="Below 1 second; meanwhile connections go to pods that are gone.",
            unit="s",
            expr=_p99("kubeproxy_sync_proxy_rules_duration_seconds", KUBE_PROXY, "instance"),
            legend="{{instance}} sync",
        ),
    )
