"""What istiod and the proxies say, per istio/istio 1.30."""

from __future__ import annotations

from model.expr import Expr, Matcher
from model.promql import eq, histogram_quantile, increase, matching, metric, min_by, rate, sum_by
from model.rule import Signal

REQUESTS = "dataops:mesh:requests_rate5m"
_ERRORS = "dataops:mesh:error_ratio_rate5m"
_NEVER = "istiod has it from the first time on"
_NO_TRAFFIC = "a proxy has it from its first request on"
_WORKLOAD = ("destination_workload_namespace", "destination_workload")
# Every request between two proxies is counted by both: only the receiver's word counts.
_RECEIVED = eq("reporter", "destination")


def istiod_signals() -> tuple[Signal, ...]:
    pushes = metric("pilot_xds_pushes", matching("type", ".+_senderr"), may_be_absent=_NEVER)
    buckets = rate(metric("pilot_proxy_convergence_time_bucket"), "5m")
    return (
        Signal(
            name="connections",
            title="Proxies that are connected",
            description="Proxies that have a connection to istiod.",
            good="As many as there are pods in the mesh, and gateways.",
            unit="short",
            expr=sum_by(metric("pilot_xds")),
            legend="proxies",
        ),
        Signal(
            name="rejects",
            title="Configuration that proxies reject",
            description="Configurations that proxies refused in 5 minutes, by type.",
            good="0.",
            unit="short",
            expr=sum_by(increase(metric("pilot_total_xds_rejects", may_be_absent=_NEVER), "5m"), "type"),
            legend="{{type}}",
        ),
        Signal(
            name="push_errors",
            title="Failed pushes",
            description="Pushes of configuration a second that could not be sent, by type, over 5 minutes.",
            good="0; a few while pods go.",
            unit="ops",
            expr=sum_by(rate(pushes, "5m"), "type"),
            legend="{{type}}",
        ),
        Signal(
            name="convergence",
            title="Time until proxies follow (P99)",
            description="Time from a change until 99 % of the proxies have it, over 5 minutes.",
            good="Below a second in a small mesh, always below 10.",
            unit="s",
            expr=histogram_quantile(0.99, sum_by(buckets, "le")),
            legend="P99",
        ),
        Signal(
            name="root_expires_in",
            title="Time until the mesh's root certificate expires",
            description="Time that the root certificate of istiod is still valid.",
            good="More than 30 days.",
            unit="s",
            expr=min_by(metric("citadel_server_root_cert_expiry_seconds")),
            legend="root",
        ),
    )


def _requests(*matchers: Matcher) -> Expr:
    return sum_by(
        rate(metric("istio_requests_total", _RECEIVED, *matchers, may_be_absent=_NO_TRAFFIC), "5m"), *_WORKLOAD
    )


def request_signals() -> tuple[Signal, ...]:
    requests = metric(REQUESTS)
    buckets = metric("istio_request_duration_milliseconds_bucket", _RECEIVED, may_be_absent=_NO_TRAFFIC)
    workload = "{{destination_workload_namespace}}/{{destination_workload}}"
    return (
        Signal(
            name="requests",
            title="Requests in the mesh",
            description="Requests a second by the workload that receives them, over 5 minutes.",
            good="As at this time on other days.",
            unit="reqps",
            expr=_requests(),
            legend=workload,
            record=REQUESTS,
        ),
        Signal(
            name="error_ratio",
            title="Requests in the mesh that fail",
            description="Share of the requests to a workload that end with 5xx, over 5 minutes.",
            good="Below 1 %.",
            unit="percentunit",
            # The series of a code is there from its first answer on.
            expr=(_requests(matching("response_code", "5..")) | requests * 0) / (requests > 0),
            legend=workload,
            record=_ERRORS,
            maximum=1,
        ),
        Signal(
            name="latency",
            title="Latency in the mesh (P95)",
            description="Time within which 95 % of the requests to a workload are answered, over 5 minutes.",
            good="As at this time on other days.",
            unit="s",
            expr=histogram_quantile(0.95, sum_by(rate(buckets, "5m"), *_WORKLOAD, "le")) / 1000,
            legend=workload,
            record="dataops:mesh:latency_p95_5m",
        ),
    )


def gateway_signals(gateways: str) -> tuple[Signal, ...]:
    """Spec 60-dashboards 4.2, Network Resources: ingress traffic. A gateway is the sender of its requests."""
    through = (eq("reporter", "source"), matching("source_workload", gateways))
    requests = metric("istio_requests_total", *through, may_be_absent=_NO_TRAFFIC)
    sent = metric("istio_response_bytes_sum", *through, may_be_absent=_NO_TRAFFIC)
    return (
        Signal(
            name="gateway_requests",
            title="Ingress traffic",
            description="Requests a second through the ingress gateways, by answer, over 5 minutes.",
            good="Mostly 2xx; code 0 is a connection that was cut before an answer.",
            unit="reqps",
            expr=sum_by(rate(requests, "5m"), "source_workload", "response_code"),
            legend="{{source_workload}} {{response_code}}",
        ),
        Signal(
            name="gateway_bytes",
            title="Bytes through the ingress",
            description="Bytes a second of answers through the ingress gateways, over 5 minutes.",
            good="As at this time on other days.",
            unit="Bps",
            expr=sum_by(rate(sent, "5m"), "source_workload"),
            legend="{{source_workload}}",
        ),
    )
