"""What is promised of web applications (spec 40-slo O13 to O18): that they answer, and in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model.sli import answered, slower_than
from model.slo import Slo
from systems.web_applications.sources import SOURCES, Application, who

IN_TIME = 0.95
"""The share of the requests that ``latency_objective`` is said of: a promise of P95 leaves 5 % as budget."""
# Fewer requests in a burn-rate window say nothing of an availability of 99.5 %.
_REQUESTS = 200


def objectives(applications: Mapping[str, Application]) -> Iterator[Slo]:
    for name, one in applications.items():
        yield _availability(name, one)
        yield _latency(name, one)


def _availability(name: str, application: Application) -> Slo:
    source, matcher = SOURCES[application.kind], who(name, application)
    return Slo(
        name=f"{name.replace('-', '_')}_availability",
        title=f"Availability of {name}",
        description=f"Share of the requests to {name} that it does not answer with 5xx.",
        objective=application.availability_objective,
        window="30d",
        bad=source.errors(matcher),
        total=source.requests(matcher),
        component="web",
        minimum_events=_REQUESTS,
    )


def _latency(name: str, application: Application) -> Slo:
    buckets = SOURCES[application.kind].buckets(who(name, application))
    return Slo(
        name=f"{name.replace('-', '_')}_latency",
        title=f"Latency of {name}",
        description=f"Share of the requests to {name} that take no longer than {application.latency_objective:g} s.",
        objective=IN_TIME,
        window="30d",
        bad=slower_than(buckets, application.latency_objective),
        total=answered(buckets),
        component="web",
        minimum_events=_REQUESTS,
    )
