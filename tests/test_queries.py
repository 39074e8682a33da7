from __future__ import annotations

import json
from typing import Any

import promql_parser
from dashboard_samples import COUNTED, LINES, NAMESPACE, POD, TRACES, dashboard, panel, rendered, rendered_panel, signal

from dashboards.grafana import dashboard_expressions, dashboard_json
from model.dashboard import Dashboard, PanelKind, Variable
from model.promql import metric, rate, sum_by

RESTARTS = "kube_pod_container_status_restarts_total"


def _exprs(value: Dashboard) -> list[str]:
    panels = rendered(value)["panels"]
    return [target["expr"] for p in panels if p["type"] != "row" for target in p["targets"]]


def _variables(value: Dashboard) -> dict[str, Any]:
    return {v["name"]: v for v in rendered(value)["templating"]["list"]}


def test_a_signal_is_narrowed_by_the_variables_in_its_scope() -> None:
    [expr] = _exprs(dashboard(variables=(NAMESPACE,)))
    assert expr == f'sum by (cluster, namespace) (rate({RESTARTS}{{cluster=~"$cluster", namespace=~"$namespace"}}[5m]))'


def test_a_signal_whose_scope_lacks_a_label_is_not_narrowed_by_it() -> None:
    [expr] = _exprs(dashboard(variables=(NAMESPACE, POD)))
    assert "$namespace" in expr
    assert "$pod" not in expr


def test_a_signal_is_narrowed_by_what_it_shows_and_keeps_from_end_to_end() -> None:
    kept = signal(expr=sum_by(rate(metric(RESTARTS), "5m"), "namespace", "pod"), legend="{{pod}}")
    lost = signal(expr=sum_by(rate(metric(RESTARTS), "5m"), "pod") / sum_by(metric("up")), legend="{{pod}}")
    narrowed, whole = (_exprs(dashboard(panel(signals=(s,)), variables=(POD,)))[0] for s in (kept, lost))
    assert 'pod=~"$pod"' in narrowed
    assert "$pod" not in whole


def test_logs_are_asked_where_the_viewer_chose_and_get_a_variable_of_their_own() -> None:
    value = dashboard(LINES, COUNTED, TRACES)
    assert [_variables(value)[name]["query"] for name in ("datasource", "logs", "traces")] == [
        "prometheus",
        "loki",
        "tempo",
    ]
    lines, counted, traces = (p for p in rendered(value)["panels"] if p["type"] != "row")
    assert lines["datasource"] == {"type": "loki", "uid": "${logs}"}
    assert [t["queryType"] for t in (*lines["targets"], *counted["targets"])] == ["range", "range"]
    assert traces["targets"][0]["query"] == "{status = error}"


def test_cluster_narrows_every_signal() -> None:
    [expr] = _exprs(dashboard(panel(signals=(signal(scope=()),)), variables=(NAMESPACE,)))
    assert expr == f'sum by (cluster, namespace) (rate({RESTARTS}{{cluster=~"$cluster"}}[5m]))'


def test_every_selector_of_an_expression_is_narrowed() -> None:
    ratio = sum_by(metric("good_total")) / sum_by(metric("all_total"))
    [expr] = _exprs(dashboard(panel(signals=(signal(expr=ratio),))))
    assert expr.count('cluster=~"$cluster"') == 2


def test_a_recorded_signal_is_narrowed_on_the_recorded_series() -> None:
    [expr] = _exprs(dashboard(panel(signals=(signal(record="namespace:restarts:rate5m"),)), variables=(NAMESPACE,)))
    assert expr == 'namespace:restarts:rate5m{cluster=~"$cluster", namespace=~"$namespace"}'


def test_a_variable_may_have_another_name_than_its_label() -> None:
    team = Variable(name="team", label="namespace", metric="kube_pod_info")
    [expr] = _exprs(dashboard(variables=(team,)))
    assert 'namespace=~"$team"' in expr


def test_variables_are_chained_datasource_first() -> None:
    found = _variables(dashboard(variables=(NAMESPACE, POD)))
    assert list(found) == ["datasource", "environment", "cluster", "namespace", "pod"]
    assert found["datasource"]["query"] == "prometheus"
    assert [found[name]["query"]["query"] for name in ("cluster", "namespace", "pod")] == [
        'label_values(up{environment=~"$environment"}, cluster)',
        'label_values(kube_pod_info{cluster=~"$cluster"}, namespace)',
        'label_values(kube_pod_info{cluster=~"$cluster", namespace=~"$namespace"}, pod)',
    ]


def test_a_variable_is_not_narrowed_by_the_labels_of_another_metric() -> None:
    job = Variable(name="job_name", label="job_name", metric="spark_info")
    query = _variables(dashboard(variables=(NAMESPACE, job)))["job_name"]["query"]["query"]
    assert query == 'label_values(spark_info{cluster=~"$cluster"}, job_name)'


def test_all_matches_series_without_the_label_and_is_chosen_first() -> None:
    for name in ("cluster", "namespace"):
        variable = _variables(dashboard(variables=(NAMESPACE,)))[name]
        assert (variable["multi"], variable["includeAll"], variable["allValue"]) == (True, True, ".*")
        assert variable["current"]["value"] == ["$__all"]
        assert (variable["refresh"], variable["sort"]) == (2, 1)
        assert variable["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_instant_kinds_ask_for_one_value_and_lines_for_a_range() -> None:
    for kind in PanelKind:
        if kind in (PanelKind.TEXT, PanelKind.LOGS):
            continue
        [target] = rendered_panel(panel(kind=kind))["targets"]
        over_time = kind in (PanelKind.TIMESERIES, PanelKind.STATE_TIMELINE, PanelKind.HEATMAP)
        assert target["range"] is over_time
        assert target["instant"] is not over_time
        assert target["format"] == ("table" if kind is PanelKind.TABLE else "time_series")
        assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_legends_are_the_signals_own_or_its_title() -> None:
    targets = rendered_panel(panel(signals=(signal(legend="{{namespace}}"), signal(title="Total"))))["targets"]
    assert [(t["refId"], t["legendFormat"]) for t in targets] == [("A", "{{namespace}}"), ("B", "Total")]


def test_legends_that_would_read_alike_get_the_title_in_front() -> None:
    read, write = signal(title="Read", legend="{{pod}}"), signal(title="Write", legend="{{pod}}")
    targets = rendered_panel(panel(signals=(read, write)))["targets"]
    assert [t["legendFormat"] for t in targets] == ["Read {{pod}}", "Write {{pod}}"]


def test_the_expressions_to_check_are_those_of_the_json() -> None:
    window = sum_by(rate(metric("requests_total"), "$__rate_interval"), "namespace")
    value = dashboard(
        panel(),
        panel("Requests", PanelKind.STAT, signals=(signal(expr=window), signal(title="All", expr=metric("all")))),
        panel("Words", PanelKind.TEXT),
        variables=(NAMESPACE, POD),
    )
    found = list(dashboard_expressions(value))
    assert [source.where for source, _, _ in found[:4]] == [value.where, value.where, NAMESPACE.where, POD.where]
    assert [legend for _, _, legend in found[:4]] == ["environment", "cluster", "namespace", "pod"]
    assert [source for source, _, _ in found[4:]] == [value.panels[0], value.panels[1], value.panels[1]]
    text = dashboard_json(value)
    for source, expr, legend in found:
        sent = f"label_values({expr}, {legend})" if isinstance(source, Variable) else expr
        assert json.dumps(sent) in text
        promql_parser.parse(expr.replace("$__rate_interval", "5m"))
    assert len(found) == 7
