"""Rules and dashboards that a chart brings are held to the contracts like ours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tiny_charts as tiny
from chart_programs import chart, expanded
from promql_samples import CATALOGUE, recording
from stacks import STACKS, ran
from wired_stack import rendered

from components.charts import CHARTS, archive_path
from components.services import KUBE_PROMETHEUS
from obs import documents, helm
from obs.check.catalogue import Catalogue
from obs.check.chart_content import check_chart_content
from obs.check.expression import Expression
from obs.check.finding import Finding
from obs.check.plan import known_series, record_expressions
from obs.check.rendered import Rendered
from obs.check.run import chart_orders
from obs.run import StackRun

SOURCES = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: sources, labels: {grafana_datasource: "1"}}
data:
  a.yaml: |
    datasources: [{uid: metrics, type: prometheus, isDefault: true}, {uid: logs, type: loki}]
"""
TINY = """\
cat <<'END'
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: tiny}
spec:
  groups:
    - name: tiny
      rules:
        - {record: "tiny:pods:count", expr: "count by (cluster) (kube_pod_infos)"}
END
"""


def rules(*entries: Mapping[str, Any]) -> str:
    spec = {"groups": [{"name": "g", "rules": list(entries)}]}
    return documents.dump(
        {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "r"}, "spec": spec}
    )


def dashboard(**model: Any) -> str:
    metadata = {"name": "d", "labels": {"grafana_dashboard": "1"}}
    data = {"d.json": json.dumps({"uid": "d", **model})}
    return documents.dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def panel(expr: str, title: str = "P", **more: Any) -> dict[str, Any]:
    return {"title": title, "type": "timeseries", "targets": [{"expr": expr}], **more}


def findings(*objects: str, records: Sequence[Expression] = (), known: Catalogue = CATALOGUE) -> list[Finding]:
    return check_chart_content(rendered("---\n".join(objects)), iter(records), known)


def said(*objects: str, **more: Any) -> list[tuple[str, str]]:
    return [(f.check, f.subject) for f in findings(*objects, **more)]


def test_a_rule_of_a_chart_that_asks_for_what_nobody_exposes_is_found() -> None:
    (found,) = findings(rules({"alert": "A", "expr": "kube_pod_deleted > 0"}))
    assert (found.check, found.subject) == ("promql/unknown-metric", "chart chart, alert A")
    assert "renamed in 2.0" in found.message
    assert found.where == "parts.py:1"


def test_recording_rules_of_a_chart_feed_its_alerts_and_panels() -> None:
    record = {"record": "a:b:x", "expr": "sum by (cluster, namespace) (kube_pod_info)"}
    assert said(rules(record, {"alert": "A", "expr": "a:b:x > 1"}), dashboard(panels=[panel("a:b:x")])) == []
    assert said(rules({"alert": "A", "expr": "a:b:x > 1"})) == [("promql/unknown-metric", "chart chart, alert A")]


def test_a_chart_may_read_what_the_program_records() -> None:
    own = recording("own:pods:count", "count by (cluster) (kube_pod_info)")
    assert said(dashboard(panels=[panel("own:pods:count")]), records=[own]) == []


def test_what_a_chart_records_for_others_is_not_called_unused() -> None:
    assert said(rules({"record": "a:b:x", "expr": "sum by (cluster) (kube_pod_info)"})) == []


def test_rules_that_write_one_name_from_other_series_are_no_duplicates() -> None:
    """kube-prometheus-stack counts requests by the first digit of their code, in four rules of one name."""
    parts = [
        {"record": "a:b:x", "expr": f'sum by (cluster, status) (rate(http_requests_total{{status=~"{code}"}}[1h]))'}
        for code in ("2..", "4..", "2..")
    ]
    assert said(rules(*parts[:2])) == []
    assert [check for check, _ in said(rules(*parts))] == ["rules/duplicate-record"]


def test_an_alert_of_a_chart_may_show_only_labels_that_its_result_has() -> None:
    alert = {
        "alert": "A",
        "expr": "sum by (cluster) (kube_pod_info) > 1",
        "annotations": {"summary": "{{ $labels.pod }}"},
    }
    assert said(rules(alert)) == [("promql/lost-label", "chart chart, alert A")]


@pytest.mark.parametrize(
    "model",
    [
        {"panels": [panel("kube_pod_deleted")]},
        {"panels": [{"type": "row", "panels": [panel("kube_pod_deleted")]}]},
        {"rows": [{"panels": [panel("kube_pod_deleted")]}]},
        {"panels": [panel("kube_pod_deleted", datasource={"type": "prometheus", "uid": "elsewhere"})]},
        {"panels": [panel("kube_pod_deleted", datasource="metrics")]},
        {
            "panels": [panel("kube_pod_deleted", datasource="$ds")],
            "templating": {"list": [{"name": "ds", "type": "datasource", "query": "prometheus"}]},
        },
    ],
)
def test_every_query_of_a_dashboard_is_found_wherever_it_stands(model: Mapping[str, Any]) -> None:
    subject = "chart chart, dashboard d, panel P"
    assert said(SOURCES, dashboard(**model)) == [("promql/unknown-metric", subject)]


def test_queries_of_variables_and_annotations_are_checked() -> None:
    model = {
        "templating": {
            "list": [{"name": "pod", "type": "query", "query": {"query": "label_values(kube_pod_deleted, pod)"}}]
        },
        "annotations": {"list": [{"name": "Restarts", "expr": "kube_pod_deleted"}]},
    }
    assert {subject for _, subject in said(SOURCES, dashboard(**model))} == {
        "chart chart, dashboard d, $pod",
        "chart chart, dashboard d, annotation Restarts",
    }


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        ({"type": "loki", "uid": "x"}, []),
        ("logs", []),
        ("${logs}", [{"name": "logs", "type": "datasource", "query": "loki"}]),
    ],
)
def test_queries_of_other_data_sources_are_not_promql(source: object, variables: list[dict[str, str]]) -> None:
    model = {"panels": [panel('{app="x"} |= "error"', datasource=source)], "templating": {"list": variables}}
    assert said(SOURCES, dashboard(**model)) == []


@pytest.mark.usefixtures("tiny_world")
def test_a_chart_is_rendered_and_what_it_brings_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBS_HELM", str(tiny.fake_helm(tmp_path / "bin" / "rules", TINY)))
    tiny.cached(tmp_path, tiny.pin())
    found = check_chart_content(Rendered(expanded(chart(tiny.pin()))), iter(()), CATALOGUE)
    assert [(f.check, f.subject, f.suggestion) for f in found] == [
        ("promql/unknown-metric", "chart tiny, recording rule tiny:pods:count", "kube_pod_info")
    ]


REAL = archive_path(CHARTS[KUBE_PROMETHEUS])
needs_chart = pytest.mark.skipif(
    not REAL.is_file() or tiny.REAL_HELM is None,
    reason="kube-prometheus-stack is not in the chart cache (`obs charts pull`), or there is no helm",
)
GONE = (
    "prometheus_remote_storage_failed_samples_total",
    "prometheus_remote_storage_succeeded_samples_total",
    "kubelet_node_config_error",
    "storage_operation_errors_total",
)


@cache
def run(stack: str) -> StackRun:
    return ran(stack)


def real(values: Mapping[str, Any]) -> Rendered:
    """What the real chart makes of values."""
    printed = helm.template(
        helm.find(), REAL, release="r", namespace="monitoring", values=values, kube_version="1.31.0",
        api_versions=("monitoring.coreos.com/v1",), include_crds=False,
    )  # fmt: skip
    return rendered(documents.settled(printed))


@pytest.mark.charts
@needs_chart
def test_the_defaults_of_the_real_chart_ask_for_what_is_gone() -> None:
    """Why they are off: issue 5 names four of them."""
    prod = run("prod")
    ours = next(order.values for order, _ in chart_orders(prod) if order.pin.name == KUBE_PROMETHEUS)
    values = {
        **ours,
        "defaultRules": {"create": True},
        "grafana": {**ours["grafana"], "defaultDashboardsEnabled": True},
    }
    found = check_chart_content(real(values), record_expressions(prod.plan), known_series(prod.plan))
    unknown = [f.message for f in found if f.check == "promql/unknown-metric"]
    for name in GONE:
        assert any(message.startswith(f"{name} ") for message in unknown), name


@pytest.mark.charts
@needs_chart
@pytest.mark.parametrize("stack", STACKS)
def test_nothing_that_a_chart_brings_into_a_stack_is_unresolved(stack: str) -> None:
    one = run(stack)
    everything = Rendered(one.expanded(offline=True, build_helm=False))
    assert check_chart_content(everything, record_expressions(one.plan), known_series(one.plan)) == []
