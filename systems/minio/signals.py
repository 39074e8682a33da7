"""What requests, drives and buckets of MinIO mean."""

from __future__ import annotations

from model.expr import Expr, Matcher
from model.limits import over
from model.promql import call, eq, histogram_quantile, matching, max_by, metric, rate, sum_by
from model.rule import Signal

_READS = matching("api", "getobject|headobject")
"""Whose first byte does not wait for the client's own upload, nor for a walk over many names."""
_FROM_FIRST_ERROR = "MinIO exposes it from the first such error on"
_FROM_FIRST_REQUEST = "MinIO exposes an API from its first request on"
USAGE, QUOTA_USAGE = "dataops:s3:usage_ratio", "dataops:s3_bucket:quota_usage_ratio"
_SCANNED = "MinIO knows it after its scanner's first round"

_REQUESTS = "dataops:s3:requests_per_second"


def per_second(name: str, why: str = _FROM_FIRST_REQUEST) -> Expr:
    """Requests a second of all nodes; each node is told of by every node that is scraped."""
    return sum_by(max_by(rate(metric(name, may_be_absent=why), "5m"), "server", "api"))


def reads_per_second() -> Expr:
    reads = metric("minio_s3_requests_total", _READS, may_be_absent=_FROM_FIRST_REQUEST)
    return sum_by(max_by(rate(reads, "5m"), "server", "api"), "api")


def _slow_reads(bound: str) -> Expr:
    """From cumulative counts by ``le`` under the bare name, typed as gauges: no histogram, no ``rate``.

    A restart makes a difference negative; that is cut off, so nothing is said for 5 minutes.
    """
    buckets = metric("minio_s3_requests_ttfb_seconds_distribution", _READS, may_be_absent=_FROM_FIRST_REQUEST)

    def counted(le: str) -> Expr:
        grown = max_by(call("delta", buckets.where(eq("le", le)).over("5m")), "server", "api")
        return sum_by(call("clamp_min", grown, 0), "api")

    return 1 - counted(bound) / (counted("+Inf") > 0)


def _first_byte(quantile: float, which: Matcher) -> Expr:
    """Seconds. Of the same counts; a cut-off difference keeps the buckets in order."""
    buckets = metric("minio_s3_requests_ttfb_seconds_distribution", which, may_be_absent=_FROM_FIRST_REQUEST)
    grown = max_by(call("delta", buckets.over("5m")), "server", "api", "le")
    return histogram_quantile(quantile, sum_by(call("clamp_min", grown, 0), "api", "le"))


def request_signals(slow: int) -> tuple[Signal, ...]:
    total = per_second("minio_s3_requests_total")
    failed = per_second("minio_s3_requests_5xx_errors_total", _FROM_FIRST_ERROR)
    refused = per_second("minio_s3_requests_4xx_errors_total", _FROM_FIRST_ERROR)
    return (
        Signal(
            name="error_ratio",
            title="Failed requests",
            description="Share of S3 requests of 5 minutes that the server failed (5xx). Clients' errors do not count.",
            good="Below 1 %.",
            unit="percentunit",
            expr=(failed | total * 0) / (total > 0),
            legend="{{cluster}} by the server",
            record="dataops:s3:error_rate",
            maximum=1,
        ),
        Signal(
            name="client_error_ratio",
            title="Refused requests",
            description="Share of S3 requests of 5 minutes that were the client's error (4xx): not found, not allowed.",
            good="As usual; looking whether an object exists is a 404 too.",
            unit="percentunit",
            expr=(refused | metric(_REQUESTS) * 0) / (metric(_REQUESTS) > 0),
            legend="{{cluster}} by the client",
            maximum=1,
        ),
        Signal(
            name="requests",
            title="Requests",
            description="S3 requests a second, over 5 minutes.",
            good="Follows the jobs.",
            unit="reqps",
            expr=total,
            legend="{{cluster}}",
            record=_REQUESTS,
        ),
        Signal(
            name="requests_waiting",
            title="Waiting requests",
            description="S3 requests that wait because a node works on as many as it may.",
            good="0.",
            unit="short",
            expr=sum_by(max_by(metric("minio_s3_requests_waiting_total"), "server")),
            legend="{{cluster}}",
        ),
        Signal(
            name="latency",
            title="GET and PUT latency (P95)",
            description="Time within which 95 % of the requests of 5 minutes had their first byte answered. "
            "That of a PUT waits for the client's own upload.",
            good=f"GET below {slow} ms. MinIO's lowest bucket is 50 ms: what is below reads as a part of it.",
            unit="s",
            expr=_first_byte(0.95, matching("api", "getobject|putobject")),
            legend="{{api}}",
            limits=over(warning=slow / 1000),
        ),
        Signal(
            name="slow_reads",
            title="Slow reads",
            description=f"Share of the reads of 5 minutes whose first byte took more than {slow} ms.",
            good="Below 5 %.",
            unit="percentunit",
            expr=_slow_reads(f"{slow / 1000:.3f}"),
            legend="{{api}}",
            record="dataops:s3:slow_reads_ratio",
            maximum=1,
        ),
    )


def capacity_signals() -> tuple[Signal, ...]:
    bucket = metric("minio_bucket_usage_total_bytes", may_be_absent=_SCANNED)
    quota = metric("minio_bucket_quota_total_bytes", may_be_absent="only buckets with a quota have it")
    return (
        Signal(
            name="quorum_lost",
            title="Write quorum lost",
            description="1 while no node of MinIO sees enough drives to write.",
            good="0.",
            unit="short",
            # A node that is cut off from the others says it of itself: the store is lost when all say so.
            expr=1 - max_by(metric("minio_cluster_health_status")),
            legend="{{cluster}}",
        ),
        Signal(
            name="drives_offline",
            title="Drives and nodes offline",
            description="Drives that MinIO cannot use.",
            good="0.",
            unit="short",
            expr=max_by(metric("minio_cluster_drive_offline_total")),
            legend="drives",
        ),
        Signal(
            name="nodes_offline",
            title="Nodes offline",
            description="Nodes of MinIO that the others do not reach.",
            good="0.",
            unit="short",
            expr=max_by(metric("minio_cluster_nodes_offline_total")),
            legend="nodes",
        ),
        Signal(
            name="usage",
            title="Capacity in use",
            description="Share of the usable capacity, after parity, that is not free.",
            good="Below 80 %.",
            unit="percentunit",
            expr=1
            - max_by(metric("minio_cluster_capacity_usable_free_bytes"))
            / (max_by(metric("minio_cluster_capacity_usable_total_bytes")) > 0),
            legend="{{cluster}}",
            record=USAGE,
            maximum=1,
        ),
        Signal(
            name="bucket_usage",
            title="Bytes by bucket",
            description="Bytes of all versions of a bucket's objects, as the scanner last saw them.",
            good="Follows what is kept.",
            unit="bytes",
            expr=max_by(bucket, "bucket"),
            legend="{{bucket}}",
        ),
        Signal(
            name="bucket_objects",
            title="Objects by bucket",
            description="Objects of a bucket, as the scanner last saw them.",
            good="Follows what is kept; far more objects for the same bytes are small files.",
            unit="none",
            expr=max_by(metric("minio_bucket_usage_object_total", may_be_absent=_SCANNED), "bucket"),
            legend="{{bucket}}",
        ),
        Signal(
            name="bucket_growth",
            title="Growth of buckets in 24 hours",
            description="Bytes that a bucket has more than a day ago.",
            good="No bucket grows much faster than usual: a job that never cleans up, a table never expired.",
            unit="bytes",
            expr=max_by(bucket, "bucket") - max_by(bucket.ago("1d"), "bucket"),
            legend="{{bucket}}",
            record="dataops:s3_bucket:growth_24h_bytes",
        ),
        Signal(
            name="bucket_quota_usage",
            title="Use of bucket quotas",
            description="Share of a bucket's quota in use; MinIO refuses what would exceed it.",
            good="Below 90 %. Nothing is shown for buckets without a quota.",
            unit="percentunit",
            expr=max_by(bucket, "bucket") / (max_by(quota, "bucket") > 0),
            legend="{{bucket}}",
            record=QUOTA_USAGE,
            maximum=1,
            limits=over(warning=0.9),
        ),
        Signal(
            name="drive_latency",
            title="Slowest drive calls",
            description="Mean time of the slowest kind of call to the slowest drive of each node, in the last minute.",
            good="Below 50 ms; one node above the others has a drive that is about to fail.",
            unit="µs",
            expr=max_by(metric("minio_node_drive_latency_us"), "server"),
            legend="{{server}}",
        ),
    )
