"""What requests and resources of web applications mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce

from model.expr import Expr, Matcher, Selector
from model.limits import Threshold, over
from model.promql import absent, call, constant, eq, histogram_quantile, max_by, metric, rate, sum_by
from model.rule import Signal
from systems.web_applications.sources import APPLICATION, SOURCES, Application, Source, job, who

Applications = Mapping[str, Application]
_ERROR_RATIO = "dataops:application:error_ratio_rate5m"
_P95 = "dataops:application:latency_p95_5m"
REQUESTS = "dataops:application:requests_rate5m"
_NO_POOL = "only applications with a database have a pool, and only once it has started"
_INSTANCE = (APPLICATION, "pod")


def _one_of(parts: list[Expr]) -> Expr:
    return reduce(lambda left, right: left | right, parts)


def _each(applications: Applications, value: Callable[[Source, Matcher, tuple[str, ...]], Expr]) -> Expr:
    """``value`` of every application, with its name as label ``application``.

    ``value`` also gets the labels that tell the application: what it sends itself has none but its job.
    """
    found = []
    for name, one in applications.items():
        own = () if one.service else (APPLICATION,)
        found.append(_named(value(SOURCES[one.kind], who(name, one), own), name, one))
    return _one_of(found)


def _named(expr: Expr, name: str, application: Application) -> Expr:
    return call("label_replace", expr, APPLICATION, name, "", "") if application.service else expr


def _rate(selector: Selector, own: tuple[str, ...], *labels: str) -> Expr:
    return sum_by(rate(selector, "5m"), *own, *labels)


def _quantile(quantile: float, applications: Applications) -> Expr:
    return _each(
        applications, lambda source, it, own: histogram_quantile(quantile, _rate(source.buckets(it), own, "le"))
    )


def availability(name: str) -> Signal:
    """Spec 30-rules R27, R28: only errors of the server are unavailability, and no traffic is no value."""
    own = name.replace("-", "_")
    return Signal(
        name=f"{own}_availability",
        title=f"Availability of {name}",
        description=f"Share of the requests to {name} that it does not answer with 5xx, over 5 minutes.",
        good="100 %.",
        unit="percentunit",
        expr=1 - metric(_ERROR_RATIO, eq(APPLICATION, name)),
        legend=name,
        record=f"{own}:availability:ratio_rate5m",
        maximum=1,
    )


def signals_of(applications: Applications) -> tuple[Signal, ...]:
    spring = {name: one for name, one in applications.items() if one.kind == "spring-boot"}
    found = (*_traffic(applications), *map(availability, applications), *_latency(applications), _silent(applications))
    return (*found, *_jvm()) if spring else found


def _traffic(applications: Applications) -> tuple[Signal, ...]:
    errors = _each(applications, lambda source, it, own: _rate(source.errors(it), own))
    requests = metric(REQUESTS)
    return (
        Signal(
            name="requests",
            title="Requests",
            description="Requests per second by application, over 5 minutes; probes and scrapes do not count.",
            good="As at this time on other days.",
            unit="reqps",
            expr=_each(applications, lambda source, it, own: _rate(source.requests(it), own)),
            legend="{{application}}",
            record=REQUESTS,
        ),
        Signal(
            name="error_ratio",
            title="Requests that fail",
            description="Share of an application's requests that it answers with 5xx, over 5 minutes.",
            good="Below what the objective allows: 0.5 % or less.",
            unit="percentunit",
            # A counter of errors may not exist before the first one. What clients do wrong is no failure.
            expr=(errors | requests * 0) / (requests > 0),
            legend="{{application}}",
            record=_ERROR_RATIO,
            maximum=1,
            limits=_between(1 - one.availability_objective for one in applications.values()),
        ),
    )


def _between(allowed: Iterable[float]) -> tuple[Threshold, ...]:
    """From the strictest application's limit on one of them may miss its own, from the mildest's on all do."""
    values = [round(value, 6) for value in allowed]
    return over(warning=min(values), medium=max(values)) if min(values) < max(values) else over(medium=max(values))


def _latency(applications: Applications) -> tuple[Signal, ...]:
    shares: list[Expr] = [
        metric(_P95, eq(APPLICATION, name)) / one.latency_objective for name, one in applications.items()
    ]
    return (
        Signal(
            name="latency_p50",
            title="Latency (P50)",
            description="Time within which half of an application's requests are answered, over 5 minutes.",
            good="As usual, and well below P95.",
            unit="s",
            expr=_quantile(0.5, applications),
            legend="{{application}} P50",
        ),
        Signal(
            name="latency_p95",
            title="Latency (P95)",
            description="Time within which 95 % of an application's requests are answered, over 5 minutes.",
            good="Below the application's objective.",
            unit="s",
            expr=_quantile(0.95, applications),
            legend="{{application}} P95",
            record=_P95,
            limits=_between(one.latency_objective for one in applications.values()),
        ),
        Signal(
            name="latency_p99",
            title="Latency (P99)",
            description="Time within which 99 % of an application's requests are answered, over 5 minutes.",
            good="A small multiple of P95.",
            unit="s",
            expr=_quantile(0.99, applications),
            legend="{{application}} P99",
        ),
        Signal(
            name="latency_of_objective",
            title="Latency against its objective",
            description="P95 latency of an application as a share of its objective (setting latencyObjective).",
            good="Below 100 %.",
            unit="percentunit",
            expr=_one_of(shares),
            legend="{{application}}",
            record="dataops:application:latency_objective_ratio",
        ),
    )


def _silent(applications: Applications) -> Signal:
    def gone(name: str, one: Application) -> Expr:
        there = SOURCES[one.kind].requests(who(name, one)) if one.service else metric("up", eq("job", job(name, one)))
        return call("label_replace", absent(there if one.service else there > 0), APPLICATION, name, "", "")

    return Signal(
        name="web_applications_silent",
        title="Silent sources: web applications",
        description="1 for each application that Prometheus does not reach, or that sends nothing.",
        good="0: every application is seen.",
        unit="short",
        expr=_one_of([gone(name, one) for name, one in applications.items()]) | constant(0),
        legend="{{application}}",
        scope=(),
    )


def _jvm() -> tuple[Signal, ...]:
    heap = eq("area", "heap")
    # Pools without a limit of their own say -1.
    most = sum_by(metric("jvm_memory_max_bytes", heap) > 0, *_INSTANCE)

    def pool(name: str) -> Expr:
        return max_by(metric(name, may_be_absent=_NO_POOL), *_INSTANCE, "pool")

    return (
        Signal(
            name="heap_usage",
            title="Heap in use",
            description="Share of an instance's largest possible heap that is in use.",
            good="Falls back below 70 % after each collection.",
            unit="percentunit",
            expr=sum_by(metric("jvm_memory_used_bytes", heap), *_INSTANCE) / most,
            legend="{{application}} {{pod}}",
            maximum=1,
        ),
        Signal(
            name="gc_pauses",
            title="Time in garbage collection",
            description="Share of time that an instance stood still for garbage collection, over 5 minutes.",
            good="Below 5 %.",
            unit="percentunit",
            expr=sum_by(rate(metric("jvm_gc_pause_seconds_sum"), "5m"), *_INSTANCE),
            legend="{{application}} {{pod}}",
            maximum=1,
        ),
        Signal(
            name="pool_usage",
            title="Database connections in use",
            description="Share of an instance's pool of database connections that is in use.",
            good="Below 80 %.",
            unit="percentunit",
            expr=pool("hikaricp_connections_active") / (pool("hikaricp_connections_max") > 0),
            legend="{{application}} {{pod}} {{pool}}",
            maximum=1,
        ),
        Signal(
            name="pool_waiting",
            title="Threads that wait for a connection",
            description="Threads of an instance that wait for a connection to the database.",
            good="0, apart from moments.",
            unit="short",
            expr=pool("hikaricp_connections_pending"),
            legend="{{application}} {{pod}} {{pool}}",
        ),
    )
