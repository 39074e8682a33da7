"""OTLP as applications send it: traces whose spans leave in several batches, logs and metrics."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Exemplar, Metric
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

Request = ExportTraceServiceRequest | ExportLogsServiceRequest | ExportMetricsServiceRequest
PATHS: Mapping[type[Any], str] = {
    ExportTraceServiceRequest: "traces",
    ExportLogsServiceRequest: "logs",
    ExportMetricsServiceRequest: "metrics",
}
SERVICES = ("shop-web", "shop-api", "shop-db")


_FIELDS = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value", bytes: "bytes_value"}


def value(of: Any) -> AnyValue:
    if isinstance(of, list):
        return AnyValue(array_value=ArrayValue(values=[value(item) for item in of]))
    if isinstance(of, dict):
        return AnyValue(kvlist_value=KeyValueList(values=pairs(of)))
    return AnyValue(**{_FIELDS[type(of)]: of})


def pairs(of: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=value(item)) for key, item in of.items()]


def attributes(of: Iterable[KeyValue]) -> dict[str, Any]:
    """Back again; lists and maps stay as they came."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in of}


@dataclass(frozen=True)
class Trace:
    """One request through the services, a span each: ``parts`` are the batches in which they leave, the root first."""

    id: bytes
    seconds: float = 0.05
    error: bool = False
    spans: int = 3
    extra: Mapping[str, Any] = field(default_factory=dict)

    def span(self, number: int, start: int) -> Span:
        nanoseconds = int(self.seconds * 1e9)
        failed = self.error and number == self.spans - 1
        return Span(
            trace_id=self.id,
            span_id=self.id[:7] + bytes([number + 1]),
            parent_span_id=self.id[:7] + bytes([number]) if number else b"",
            name=f"GET /step/{number}",
            kind=Span.SPAN_KIND_SERVER,
            start_time_unix_nano=start,
            # Only the root takes long: slowness is seen from the whole trace.
            end_time_unix_nano=start + (nanoseconds if not number else 1_000_000),
            attributes=pairs({"http.request.method": "GET", "n": number, **self.extra}),
            status=Status(code=Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_UNSET),
        )


def traces(count: int, seed: int, **more: Any) -> list[Trace]:
    chance = random.Random(seed)
    return [Trace(chance.randbytes(16), **more) for _ in range(count)]


def trace_requests(of: Iterable[Trace], size: int = 500) -> Iterator[ExportTraceServiceRequest]:
    """Requests of one service each, so that the spans of every trace come apart, soon after each other."""
    start = time.time_ns() - 5_000_000_000
    found = list(of)
    for at in range(0, len(found), size):
        some = found[at : at + size]
        for number in range(max(trace.spans for trace in some)):
            spans = [trace.span(number, start) for trace in some if number < trace.spans]
            yield request_of(spans, {"service.name": SERVICES[number % len(SERVICES)]})


def request_of(
    spans: list[Span], resource: Mapping[str, Any], scope: Mapping[str, Any] | None = None
) -> ExportTraceServiceRequest:
    group = ResourceSpans()
    group.resource.attributes.extend(pairs(resource))
    inner = group.scope_spans.add(spans=spans)
    inner.scope.name = "test"
    inner.scope.attributes.extend(pairs(scope or {}))
    return ExportTraceServiceRequest(resource_spans=[group])


def log_request(records: Iterable[LogRecord], resource: Mapping[str, Any]) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.extend(pairs(resource))
    group.scope_logs.add(log_records=list(records))
    return request


def metric_request(metrics: Iterable[Metric], resource: Mapping[str, Any]) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(pairs(resource))
    group.scope_metrics.add(metrics=list(metrics))
    return request


def counter(name: str, total: float, labels: Mapping[str, Any], exemplar: bytes = b"") -> Metric:
    metric = Metric(name=name, unit="1")
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    point = metric.sum.data_points.add(as_double=total, time_unix_nano=time.time_ns(), attributes=pairs(labels))
    if exemplar:
        point.exemplars.append(_exemplar(exemplar))
    return metric


def histogram(name: str, bounds: list[float], counts: list[int], labels: Mapping[str, Any], exemplar: bytes) -> Metric:
    metric = Metric(name=name, unit="s")
    metric.histogram.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    point = metric.histogram.data_points.add(
        time_unix_nano=time.time_ns(), count=sum(counts), sum=1.0, explicit_bounds=bounds, bucket_counts=counts
    )
    point.attributes.extend(pairs(labels))
    point.exemplars.append(_exemplar(exemplar))
    return metric


def _exemplar(trace: bytes) -> Exemplar:
    noise = pairs({"user": "someone@example.com"})
    moment = time.time_ns()
    return Exemplar(trace_id=trace, span_id=trace[:8], as_double=0.3, time_unix_nano=moment, filtered_attributes=noise)


def send(url: str, requests: Iterable[Request]) -> None:
    """To the HTTP receiver at ``url``, again where it says that it cannot take more, as SDKs do."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        for request in requests:
            for _ in range(20):
                answer = client.post(
                    f"{url}/v1/{PATHS[type(request)]}",
                    content=request.SerializeToString(),
                    headers={"Content-Type": "application/x-protobuf"},
                )
                if answer.status_code not in (429, 502, 503, 504):
                    break
                time.sleep(0.5)
            answer.raise_for_status()
