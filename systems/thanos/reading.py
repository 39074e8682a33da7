"""How metrics are read from the bucket, and how the bucket answers."""

from __future__ import annotations

from model.promql import eq, histogram_quantile, matching, max_by, metric, rate, sum_by
from model.rule import Signal
from systems.own import share

_READERS = matching("job", "thanos-query|thanos-query-frontend")
_STORES = matching("job", "thanos-store-gateway|.+-thanos-discovery|thanos-receive-ingestor")
# What a server answers when it is at fault, not its caller.
_FAULTS = matching("grpc_code", "Unknown|ResourceExhausted|Internal|Unavailable|DataLoss")
_FRONTEND = eq("job", "thanos-query-frontend")
_BEFORE_THE_FIRST = "it has a series from the first request on"


def reading_signals() -> tuple[Signal, ...]:
    requests = metric("http_requests_total", _READERS, may_be_absent=_BEFORE_THE_FIRST)
    answers = metric("grpc_server_handled_total", _STORES)
    operations = metric("thanos_objstore_bucket_operations_total")
    latency = metric("http_request_duration_seconds_bucket", _FRONTEND, may_be_absent=_BEFORE_THE_FIRST)
    fetching = metric("thanos_bucket_store_series_gate_queries_duration_seconds_bucket")
    return (
        Signal(
            name="query_failures",
            title="Failed queries",
            description="Share of the requests to the querier and its frontend that it failed, over 5 minutes.",
            good="0.",
            unit="percentunit",
            expr=share(rate(requests.where(matching("code", "5..")), "5m"), rate(requests, "5m"), "job"),
            legend="{{job}}",
            maximum=1,
        ),
        Signal(
            name="queries",
            title="Queries",
            description="Requests to the querier and its frontend per second.",
            good="As many as people and rules ask.",
            unit="reqps",
            expr=sum_by(rate(requests, "5m"), "job"),
            legend="{{job}}",
        ),
        Signal(
            name="query_p95",
            title="Duration of queries (P95)",
            description="95th percentile of the time in which the query frontend answers.",
            good="A few seconds.",
            unit="s",
            expr=histogram_quantile(0.95, sum_by(rate(latency, "5m"), "le")),
            legend="{{cluster}}",
        ),
        Signal(
            name="store_failures",
            title="Failed requests to stores",
            description="Share of the querier's requests that a store could not answer, over 5 minutes.",
            good="0: answers miss what that store has.",
            unit="percentunit",
            expr=share(rate(answers.where(_FAULTS), "5m"), rate(answers, "5m"), "job"),
            legend="{{job}}",
            maximum=1,
        ),
        Signal(
            name="store_wait",
            title="Wait at the store gateway (P95)",
            description="95th percentile of the time that requests wait until the store gateway takes them up.",
            good="Well below a second.",
            unit="s",
            expr=histogram_quantile(0.95, sum_by(rate(fetching, "5m"), "le")),
            legend="{{cluster}}",
        ),
        Signal(
            name="bucket_failures",
            title="Failed operations on the bucket",
            description="Share of the operations on object storage that failed over 5 minutes, by part and kind.",
            good="0.",
            unit="percentunit",
            expr=share(
                rate(metric("thanos_objstore_bucket_operation_failures_total"), "5m"),
                rate(operations, "5m"),
                "job",
                "operation",
            ),
            legend="{{job}} {{operation}}",
            maximum=1,
        ),
        Signal(
            name="blocks_loaded",
            title="Blocks at the store gateway",
            description="Blocks of the bucket that a store gateway knows.",
            good="About the same at each; it grows with the retention.",
            unit="short",
            expr=max_by(metric("thanos_bucket_store_blocks_loaded"), "pod"),
            legend="{{pod}}",
        ),
    )
