"""Whatever value of a variable is chosen, panels show what they show of it under "All"."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs

import httpx
from fake_stack import plan

from model.promql import matching
from obs.verify.choices import check_choices
from obs.verify.client import Server
from obs.verify.finding import Result

PODS = [("etl", "load-0"), ("etl", "load-1"), ("web.shop", "cart-0"), ("batch", "night-0")]
World = Callable[[str], list[dict[str, str]] | None]
"""Query -> the labels of the series that answer it, or None where it is refused."""


def matching_pods(query: str) -> list[dict[str, str]]:
    """The pods that the first selector of a query takes, as Prometheus matches: a pattern fits the whole value."""
    series = [{"namespace": namespace, "pod": pod, "cluster": "local"} for namespace, pod in PODS]
    for label in ("namespace", "pod"):
        if found := re.search(rf'\b{label}=~"([^"]*)"', query):
            pattern = json.loads(f'"{found[1]}"')
            series = [one for one in series if re.fullmatch(pattern, one[label])]
    return series


def checked(world: World = matching_pods, first: int = 5) -> tuple[Result, list[str]]:
    """The result for the dashboard of a pod, whose pods are chosen by namespace; and everything that was asked."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if found := re.fullmatch("/api/v1/label/(.+)/values", request.url.path):
            asked.append(request.url.params["match[]"])
            return _said(sorted({one[found[1]] for one in matching_pods(asked[-1])}))
        (query,) = parse_qs(request.content.decode())["query"]
        asked.append(query)
        if (series := world(query)) is None:
            return httpx.Response(400, json={"status": "error", "errorType": "bad_data", "error": "no such thing"})
        return _said({"resultType": "vector", "result": [{"metric": one, "value": [1, "1"]} for one in series]})

    of_pod = replace(plan(), dashboards=tuple(d for d in plan().dashboards if d.uid == "dataops-pod"))
    assert of_pod.dashboards
    with Server("http://prometheus", "Prometheus", transport=httpx.MockTransport(answer)) as prometheus:
        return check_choices(prometheus, of_pod, matching("cluster", "local|"), first), asked


def _said(data: object) -> httpx.Response:
    return httpx.Response(200, json={"status": "success", "data": data})


def ids(result: Result) -> set[str]:
    return {finding.check for finding in result.findings}


def test_every_choice_that_shows_its_part_of_all_is_clean() -> None:
    result, asked = checked()
    assert result.findings == ()
    assert result.ok == result.total > 10
    # Three namespaces, and the one pod of the first.
    assert result.facts == {"choices": 4, "left_out": 0}
    assert not [text for text in asked if "$" in text]


def test_the_second_variable_offers_what_there_is_of_the_first() -> None:
    _, asked = checked()
    assert any(text.startswith("kube_pod_info{") and 'namespace=~"batch"' in text for text in asked)
    assert any('namespace=~"batch"' in text and 'pod=~"night-0"' in text for text in asked)


def test_a_value_is_itself_and_no_pattern() -> None:
    _, asked = checked()
    assert any(r'namespace=~"web\\.shop"' in text for text in asked)


def test_only_the_first_values_are_tried_and_the_others_are_counted() -> None:
    result, _ = checked(first=1)
    assert result.facts == {"choices": 2, "left_out": 2}


def test_a_panel_that_loses_what_was_chosen_is_found() -> None:
    result, _ = checked(lambda query: [] if 'namespace=~"etl"' in query else matching_pods(query))
    assert ids(result) == {"choices/lacking"}
    finding = result.findings[0]
    assert finding.severity == "error"
    assert finding.subject.endswith("of dataops-pod with namespace=etl")
    assert finding.message.startswith("lacks 2 of 2 series that All shows of it: ")
    assert result.ok < result.total


def test_a_panel_that_goes_on_showing_others_is_found() -> None:
    result, _ = checked(lambda query: matching_pods("") if 'namespace=~"etl"' in query else matching_pods(query))
    assert ids(result) == {"choices/other"}
    assert result.findings[0].message.startswith("shows namespace batch, web.shop, too: ")


def test_a_query_that_is_refused_with_a_value_is_found() -> None:
    result, _ = checked(lambda query: None if "web" in query else matching_pods(query))
    assert ids(result) == {"choices/refused"}
    assert "no such thing" in result.findings[0].message
