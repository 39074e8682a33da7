"""Links from an alert to its logs and traces."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from stacks import run

from components.datasources import LOGS, TRACES
from components.explore import logs_link, traces_link
from components.loki_config import INDEX_LABELS
from components.rules import Links, alert_annotations
from dashboards.queries import dashboard_variables
from obs.check.templates import template_labels
from systems import OWN

GRAFANA = "https://grafana.example.com"
OF = {"namespace": "spark-jobs", "pod": "etl-1-driver", "container": "spark", "app": "etl"}


def pane(link: str | None) -> Any:
    """What Explore shows, with the labels filled in as Prometheus does."""
    assert link is not None
    parts = urlsplit(re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: OF[found[1]], link))
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{GRAFANA}/explore"
    (panes,) = parse_qs(parts.query)["panes"]
    return json.loads(panes)["alert"]


def test_the_lines_of_what_the_alert_names() -> None:
    shown = pane(logs_link(GRAFANA, ("node", *OF)))
    assert shown["queries"][0]["expr"] == '{namespace="spark-jobs", pod="etl-1-driver", container="spark", app="etl"}'
    assert shown["datasource"] == shown["queries"][0]["datasource"]["uid"] == LOGS
    assert set(re.findall(r"(\w+)=", shown["queries"][0]["expr"])) <= set(INDEX_LABELS)


def test_the_traces_of_what_the_alert_names_whether_a_request_failed_or_not() -> None:
    shown = pane(traces_link(GRAFANA, ("namespace", "pod")))
    of = 'resource.k8s.namespace.name = "spark-jobs" && resource.k8s.pod.name = "etl-1-driver"'
    assert shown["queries"][0]["query"] == f"{{{of}}} | select(status)"
    assert shown["datasource"] == TRACES


def test_a_part_of_the_stack_that_sends_no_spans_has_no_link_to_traces() -> None:
    links = Links(runbooks="https://r", grafana=GRAFANA, logs=True, traces=True)
    found = {a.name: alert_annotations(plan("prod"), a, links) for a in plan("prod").alerts}
    assert "logs_url" in found["PrometheusConfigRejected"]
    assert "traces_url" not in found["PrometheusConfigRejected"]
    assert "traces_url" in found["PodNotReady"]
    # Counted by the stack's own agents, and about applications all the same.
    own = {alert.name for system in plan("prod").systems if system.name in OWN for alert in system.alerts}
    assert {name for name in own if "traces_url" in found[name]} == {"ErrorLogsHigh"}


def test_an_alert_that_names_no_pod_has_no_link_to_all_logs() -> None:
    assert logs_link(GRAFANA, ("cluster", "slo")) is None
    assert traces_link(GRAFANA, ("container",)) is None


@cache
def plan(stack: str) -> Any:
    return run(stack).namespace["plan"]


@pytest.mark.parametrize(("logs", "traces"), [(True, False), (False, True), (False, False)])
def test_links_lead_only_where_something_is_deployed(logs: bool, traces: bool) -> None:
    links = Links(runbooks="https://r", grafana=GRAFANA, logs=logs, traces=traces)
    alert = next(a for a in plan("dev").alerts if a.name == "PodNotReady")
    found = alert_annotations(plan("dev"), alert, links)
    assert ("logs_url" in found, "traces_url" in found) == (logs, traces)
    assert {"summary", "description", "runbook_url", "dashboard_url"} <= found.keys()


def test_an_alert_carries_its_value_in_its_unit_unless_it_is_there_or_not() -> None:
    links = Links(runbooks="https://r", grafana=GRAFANA, logs=True, traces=True)
    values = {a.name: alert_annotations(plan("dev"), a, links).get("value") for a in plan("dev").alerts}
    assert values["StorageCapacityLow"] == "{{ $value | humanizePercentage }}"
    assert values["PodStartSlow"] == "{{ $value | humanizeDuration }}"
    assert values["OOMKillFrequent"] == "{{ $value | humanize }}"
    assert values["PodNotReady"] is None


def test_a_link_names_only_labels_that_tell_the_objects_of_the_signal_apart() -> None:
    links = Links(runbooks="https://r", grafana=GRAFANA, logs=True, traces=True)
    for alert in plan("dev").alerts:
        texts = alert_annotations(plan("dev"), alert, links)
        named = {*template_labels(texts.get("logs_url", "")), *template_labels(texts.get("traces_url", ""))}
        assert named <= set(alert.signal.legend_labels), alert.name


ACTION = re.compile(r"\{\{ with \$labels\.(\w+) \}\}(&var-\w+=)\{\{ \. \| urlquery \}\}\{\{ end \}\}")


@pytest.mark.parametrize("stack", ["prod", "apps"])
def test_an_alert_opens_its_panel_with_what_it_is_about(stack: str) -> None:
    links = Links(runbooks="https://r", grafana=GRAFANA, logs=True, traces=True)
    boards = {d.uid: {v.name: v.label for v in dashboard_variables(d)} for d in plan(stack).dashboards}
    chosen: set[str] = set()
    for alert in plan(stack).alerts:
        url = alert_annotations(plan(stack), alert, links)["dashboard_url"]
        uid = urlsplit(url).path.rpartition("/")[2]
        taken = {choice[5:-1]: label for label, choice in ACTION.findall(url)}
        assert taken.items() <= boards[uid].items(), alert.name
        assert set(boards[uid].values()) & set(alert.signal.legend_labels) <= set(taken.values()), alert.name
        assert "{{" not in ACTION.sub("", url)
        chosen |= taken.keys()
    assert {"cluster", "slo", "namespace"} <= chosen
