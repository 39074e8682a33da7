"""What Grafana reads has what Prometheus has, through stores that are there and answer."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from fake_stack import CLUSTER, Fake, as_planned, promised, querier, served, store

from model.promql import matching
from obs.verify.client import Server
from obs.verify.finding import Result
from obs.verify.queries import Mode, check_queries

_JOB = "node-exporter"


def checked(thanos: Fake, prometheus: Fake | None = None, mode: Mode = "sidecar") -> Result:
    with ExitStack() as stack:
        front, url = (stack.enter_context(served(fake)) for fake in (thanos, prometheus or as_planned()))
        asked, compared = (stack.enter_context(Server(*at)) for at in ((front, "Querier"), (url, "Prometheus")))
        return check_queries(asked, compared, promised(), matching("cluster", f"{CLUSTER}|"), mode)


def test_a_querier_that_has_everything_is_clean() -> None:
    result = checked(querier())
    assert result.findings == ()
    assert result.ok == result.total == sum(len(job.promised()) for job in promised())


def test_metrics_that_cannot_be_read_are_named_with_their_job() -> None:
    thanos = querier()
    del thanos.series[_JOB]["node_load1"]
    result = checked(thanos)
    [finding] = result.findings
    assert (finding.check, finding.severity, finding.subject) == ("queries/series", "error", f"job {_JOB}")
    assert finding.names == ("node_load1",)
    assert result.ok == result.total - 1


def test_more_than_prometheus_has_is_no_finding() -> None:
    """What an earlier replica stored, and a second one that is there."""
    prometheus = as_planned()
    del prometheus.series[_JOB]["node_load1"]
    assert checked(querier(), prometheus).findings == ()


def test_both_are_asked_for_the_same_moment_and_the_querier_for_the_whole_answer() -> None:
    thanos, prometheus = querier(), as_planned()
    checked(thanos, prometheus)
    asked, compared = thanos.given["/api/v1/query"], prometheus.given["/api/v1/query"]
    assert asked["time"] == compared["time"]
    assert asked["partial_response"] == "false"


def test_a_store_that_does_not_answer_is_told_with_its_reason() -> None:
    thanos = querier()
    thanos.stores["store"] = [store("127.0.0.1:4001", "connection refused")]
    [finding] = checked(thanos).findings
    assert finding.check == "queries/store"
    assert finding.subject == "store 127.0.0.1:4001"
    assert "connection refused" in finding.message


@pytest.mark.parametrize(("mode", "kind"), [("sidecar", "sidecar"), ("receive", "receive")])
def test_a_kind_of_store_that_is_not_there_is_told(mode: Mode, kind: str) -> None:
    thanos = querier()
    thanos.stores.pop("sidecar")
    [finding] = checked(thanos, mode=mode).findings
    assert finding.check == "queries/kind"
    assert finding.message == f"there is no {kind} among them"
