"""How each kind of application counts its requests, and how it is scraped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator

from model.config import Duration, Name, Part
from model.expr import Matcher, Selector
from model.promql import eq, matching, metric, not_matching
from systems.access import Credential, TlsSettings

Kind = Literal["spring-boot", "fastapi", "otel"]
APPLICATION = "application"
# What probes and scrapes ask is no request of a user.
_NOT_ITS_USERS = r"/actuator.*|/metrics|/health.*|/ready.*|/live.*"
_SENT = "the application sends it by OTLP from its first request on"


class Application(Part):
    """One application.

    ``selector`` are the labels of its Service (without: ``app`` = its name), ``port`` the name of the Service's port,
    ``path`` without a value that of the kind. For kind otel there is nothing to scrape: ``service`` is the label
    ``job`` under which its metrics arrive, ``<service.namespace>/<service.name>`` or the latter alone.
    ``latency_objective`` is in seconds, for 95 % of the requests.
    """

    kind: Kind
    namespace: Name
    selector: dict[str, str] = Field(default_factory=dict)
    port: Annotated[str, Field(min_length=1)] = "http"
    path: Annotated[str, Field(pattern=r"^/\S*$")] | None = None
    interval: Duration = "30s"
    service: Annotated[str, Field(min_length=1)] | None = None
    availability_objective: float = Field(default=0.995, gt=0, lt=1)
    latency_objective: float = Field(default=0.5, gt=0)
    auth: Credential | None = None
    tls: TlsSettings | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Application:
        if (self.kind == "otel") != (self.service is not None):
            raise ValueError(".service: belongs to kind otel, which needs it")
        return self


@dataclass(frozen=True)
class Source:
    """``requests`` and ``errors`` select counters, ``buckets`` a histogram of seconds, for the given matcher."""

    contract: str
    component: str
    path: str
    requests: Callable[[Matcher], Selector]
    errors: Callable[[Matcher], Selector]
    buckets: Callable[[Matcher], Selector]


def _spring(part: str, *more: Matcher) -> Callable[[Matcher], Selector]:
    # management.metrics.distribution.percentiles-histogram.http.server.requests=true makes it a histogram.
    users = not_matching("uri", _NOT_ITS_USERS)
    return lambda who: metric(f"http_server_requests_seconds_{part}", who, users, *more)


def _fastapi(*more: Matcher) -> Callable[[Matcher], Selector]:
    return lambda who: metric("http_requests_total", who, not_matching("handler", _NOT_ITS_USERS), *more)


def _otel(part: str, *more: Matcher) -> Callable[[Matcher], Selector]:
    users = not_matching("http_route", _NOT_ITS_USERS)
    return lambda who: metric(f"http_server_request_duration_seconds_{part}", who, users, *more, may_be_absent=_SENT)


SOURCES: Mapping[str, Source] = {
    "spring-boot": Source(
        contract="spring-boot",
        component="histogram",
        path="/actuator/prometheus",
        requests=_spring("count"),
        errors=_spring("count", matching("status", "5..")),
        buckets=_spring("bucket"),
    ),
    # Its states are grouped by default: 5xx, which 5.. matches as well as 503.
    "fastapi": Source(
        contract="fastapi",
        component="prometheus-fastapi-instrumentator",
        path="/metrics",
        requests=_fastapi(),
        errors=_fastapi(matching("status", "5..")),
        buckets=lambda who: metric("http_request_duration_highr_seconds_bucket", who),
    ),
    "otel": Source(
        contract="otel-http",
        component="semconv-stable",
        path="/metrics",
        requests=_otel("count"),
        errors=_otel("count", matching("http_response_status_code", "5..")),
        buckets=_otel("bucket"),
    ),
}


def job(name: str, application: Application) -> str:
    return application.service or f"web-{name}"


def who(name: str, application: Application) -> Matcher:
    """What tells the application's series: its label, or for what it sends itself its job."""
    return eq("job", application.service) if application.service else eq(APPLICATION, name)
