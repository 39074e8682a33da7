"""Panels of a running stack: what their queries answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fake_stack import Fake, as_planned, plan, served

from model.promql import matching
from obs.verify.client import Server
from obs.verify.finding import Result
from obs.verify.panels import check_panels


def checked(fake: Fake) -> Result:
    with served(fake) as url, Server(url, "Prometheus") as prometheus:
        return check_panels(prometheus, plan(), matching("cluster", "local|"))


def lacking(*parts: str) -> Callable[[str], bool]:
    return lambda query: not any(part in query for part in parts)


def test_every_query_answered_is_clean() -> None:
    result = checked(as_planned())
    assert result.findings == ()
    assert result.ok == result.total == sum(len(p.signals) for d in plan().dashboards for p in d.panels)


def test_variables_are_all_and_the_stacks_cluster() -> None:
    fake = as_planned()
    checked(fake)
    assert not [query for query in fake.asked if "$" in query]
    assert any('namespace=~".*"' in query and 'cluster=~"local|"' in query for query in fake.asked)


def test_a_panel_without_data_is_an_error_that_names_the_missing_series() -> None:
    fake = as_planned()
    fake.has_data = lacking("node_filesystem_")
    result = checked(fake)
    finding = next(f for f in result.findings if "'Fullest file system by node' of dataops-capacity " in f.subject)
    assert (finding.check, finding.severity) == ("panels/empty", "error")
    assert finding.message.startswith("is empty: there is no series node_filesystem_avail_bytes")
    assert (finding.where or "").startswith("systems/nodes/__init__.py:")
    assert result.ok == result.total - len(result.findings)


def test_data_that_comes_while_one_looks_is_data() -> None:
    fake = as_planned()
    seen: list[str] = []

    def late(query: str) -> bool:
        first = "node_filesystem_" in query and query not in seen
        seen.append(query)
        # The panel's own query is empty at first; what it is made of is there when the reason is looked for.
        return not (first and query.startswith("max by"))

    fake.has_data = late
    assert checked(fake).findings == ()


def test_data_that_the_panel_does_not_choose_is_an_error() -> None:
    fake = as_planned()
    fake.has_data = lambda query: not ('namespace=~".*"' in query and "kube_pod_status_phase" in query)
    findings = checked(fake).findings
    assert findings
    assert all("is empty although its signal has data" in finding.message for finding in findings)


def test_a_panel_that_rightly_shows_nothing_is_explained() -> None:
    fake = as_planned()
    fake.has_data = lacking('sync_status="OutOfSync"', "CrashLoopBackOff", '"Ready"', " > 0)")
    result = checked(fake)
    reasons = {f.subject.partition("signal ")[2].rstrip(")"): f.message for f in result.findings}
    assert {f.severity for f in result.findings} == {"info", "error"}
    assert "no application may be in that state" in reasons["out_of_sync_applications"]
    assert "only while it holds" in reasons["crash_loops"]
    # Its series themselves are not there, so that nothing excuses it.
    assert "there is no series kube_node_status_condition" in reasons["nodes_not_ready"]
    assert result.ok == result.total - sum(f.severity == "error" for f in result.findings)


def test_nothing_beyond_a_limit_is_explained() -> None:
    fake = as_planned()
    fake.has_data = lambda query: not query.rstrip(")").endswith("> 0")
    result = checked(fake)
    assert {f.subject.partition("signal ")[2].rstrip(")") for f in result.findings} >= {
        "unhealthy_pods",
        "nodes_not_ready",
    }
    assert all("nothing passes > 0" in f.message for f in result.findings)
    assert result.ok == result.total


def test_a_query_that_is_refused_is_an_error() -> None:
    fake = as_planned()
    fake.broken = {"/api/v1/query_range": 422}
    result = checked(fake)
    assert {f.check for f in result.findings} == {"panels/query"}
    assert "answers 422: it hurts" in result.findings[0].message


def test_values_that_are_all_not_a_number_are_told() -> None:
    fake = as_planned()
    fake.value = "NaN"
    result = checked(fake)
    assert {(f.check, f.severity) for f in result.findings} == {("panels/nan", "info")}


def test_a_variable_with_nothing_to_choose_from_is_an_error() -> None:
    fake = as_planned()
    fake.values = lambda label, _: [] if label == "namespace" else ["local"]
    findings = checked(fake).findings
    assert {f.subject.partition(" of ")[0] for f in findings} == {"variable namespace"}
    assert findings[0].severity == "error"
    assert 'kube_pod_info{cluster=~"local|"}' in findings[0].message


@pytest.mark.parametrize(("kind", "path"), [("Panel", "query"), ("Timeseries", "query_range")])
def test_each_kind_is_asked_as_grafana_does(kind: str, path: str) -> None:
    fake = as_planned()
    fake.broken = {f"/api/v1/{path}": 500}
    refused = {f.subject for f in checked(fake).findings}
    timeseries = "panel 'CPU use by node' of dataops-capacity (signal node_cpu_usage)"
    assert (timeseries in refused) == (kind == "Timeseries")
