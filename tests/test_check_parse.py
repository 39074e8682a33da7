from __future__ import annotations

import promql_parser as pp
import pytest
from promql_samples import expression

from obs.check.parse import fill, is_filled, parse, used_selectors
from obs.check.templates import legend_labels, template_labels, template_queries


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ("rate(x_total[$__rate_interval])", "rate(x_total[5m])"),
        ("rate(x_total[${__rate_interval}])", "rate(x_total[5m])"),
        ("rate(x_total[[[__interval]]])", "rate(x_total[1m])"),
        ("sum_over_time(x[$__range])", "sum_over_time(x[1h])"),
        ("x / $__range_s", "x / 3600"),
        ('x{a="$b"}', 'x{a="grafana_variable_b"}'),
        ('x{a=~"${b:regex}"}', 'x{a=~"grafana_variable_b"}'),
        ('x{a=~"${b.text}-c"}', 'x{a=~"grafana_variable_b-c"}'),
        ('x{a=~"[[b:csv]]"}', 'x{a=~"grafana_variable_b"}'),
        ("max_over_time(x[$window:$step])", "max_over_time(x[5m:5m])"),
        ("x offset $ago", "x offset 5m"),
        ("x > $limit", "x > 1"),
        ("topk by (a) ($k, x)", "topk by (a) (1, x)"),
        ("sum by ($label) (x)", "sum by (grafana_variable_label) (x)"),
        ('label_replace(x, "a", "${1}-$2", "b", "(.*)-(.*)")', 'label_replace(x, "a", "${1}-$2", "b", "(.*)-(.*)")'),
        ('x{a=~"b$"}', 'x{a=~"b$"}'),
    ],
)
def test_grafana_variables_become_what_may_stand_there(written: str, filled: str) -> None:
    assert fill(written) == filled
    pp.parse(filled)


def test_a_rule_knows_no_grafana_variables() -> None:
    assert parse(expression("rate(x_total[$__rate_interval])", "panel")).error is None
    assert parse(expression("rate(x_total[$__rate_interval])", "alert")).error is not None


@pytest.mark.parametrize(
    ("query", "tree", "label"),
    [
        ("label_values(up, job)", "up{}", "job"),
        ('label_values(up{a=~"x,y"}, job)', 'up{a=~"x,y"}', "job"),
        ("label_values(job)", None, "job"),
        ("query_result(sum by (a) (up))", "sum by (a)(up{})", None),
        ("label_names()", None, None),
        ("metrics(node_.*)", None, None),
        ("up", "up{}", None),
    ],
)
def test_grafana_query_functions_are_unwrapped(query: str, tree: str | None, label: str | None) -> None:
    parsed = parse(expression(query, "variable"))
    assert (parsed.error, parsed.label) == (None, label)
    assert (str(parsed.tree) if parsed.tree is not None else None) == tree


def test_all_selectors_of_an_expression_are_found() -> None:
    tree = parse(expression("sum(rate(a[5m])) / on (x) topk(2, b) > max_over_time(c[5m:]) or -d")).tree
    assert tree is not None
    assert [s.name for s in used_selectors(tree)] == ["a", "b", "c", "d"]


def test_what_stands_for_a_variable_is_recognised() -> None:
    assert is_filled(fill("$x"))
    assert not is_filled("x")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("{{ $labels.pod }} of {{$labels.namespace}}", ["pod", "namespace"]),
        ('{{ index $labels "pod" }}', ["pod"]),
        ("{{ .Labels.pod }}", ["pod"]),
        ("{{ if $labels.pod }}x{{ end }}", ["pod"]),
        ("{{ $value | humanize }} $labels.pod", []),
        ("{{ $externalLabels.region }}", []),
        ("{{ range query `up` }}{{ .Labels.job }}{{ end }}{{ $labels.pod }}", ["pod"]),
    ],
)
def test_labels_of_a_prometheus_template(text: str, labels: list[str]) -> None:
    assert list(template_labels(text)) == labels


def test_queries_of_a_prometheus_template() -> None:
    text = '{{ query "up{job=\\"x\\"}" | first | value }} {{ range query `sum(a)` }}{{ end }}'
    assert list(template_queries(text)) == ['up{job="x"}', "sum(a)"]


def test_labels_of_a_legend() -> None:
    assert list(legend_labels("{{pod}} on {{ node }}")) == ["pod", "node"]
    assert list(legend_labels("__auto")) == []
