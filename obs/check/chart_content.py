"""What charts bring of rules and dashboards, held to the same promise as ours: the checks promql/* and rules/*."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obs.check.catalogue import Catalogue
from obs.check.expression import Expression
from obs.check.finding import Finding
from obs.check.grafana_json import Datasource, Query, dashboards, datasources, queries, uid_of, variable_of, variables
from obs.check.infer import check_expressions
from obs.check.rendered import Item, Rendered, entries, mapping

_PROMETHEUS = "prometheus"
# A chart's recording rules come as one list; which of them is read here is not its business.
_NOT_OF_CHARTS = {"rules/unused"}


def check_chart_content(rendered: Rendered, records: Iterator[Expression], known: Catalogue) -> list[Finding]:
    """Findings on every PrometheusRule and dashboard that a chart renders.

    ``records`` are the program's own recording rules, which a chart's expression may read.
    """
    brought = [*_of_rules(rendered), *_of_dashboards(rendered)]
    if not brought:
        return []
    subjects = {expression.subject for expression in brought}
    found = check_expressions([*records, *brought], known)
    return [f for f in found if f.subject in subjects and f.check not in _NOT_OF_CHARTS]


def _of_rules(rendered: Rendered) -> Iterator[Expression]:
    for item in rendered.of("PrometheusRule"):
        if item.by_chart:
            for group in entries(item.spec.get("groups")):
                yield from (_rule(item, rule) for rule in entries(group.get("rules")))


def _rule(item: Item, rule: Mapping[str, Any]) -> Expression:
    record = rule.get("record")
    what = f"recording rule {record}" if record else f"alert {rule.get('alert')}"
    return Expression(
        text=str(rule.get("expr")),
        kind="recording" if record else "alert",
        subject=f"{_chart(item)}, {what}",
        where=item.where,
        record=str(record) if record else None,
        labels={str(k): str(v) for k, v in mapping(rule.get("labels")).items()},
        templates=() if record else tuple(map(str, mapping(rule.get("annotations")).values())),
    )


def _of_dashboards(rendered: Rendered) -> Iterator[Expression]:
    provisioned = datasources(rendered)
    for file in dashboards(rendered):
        if not file.item.by_chart or file.model is None:
            continue
        for query in queries(file.model):
            if _type(query, file.model, provisioned) == _PROMETHEUS:
                yield Expression(
                    text=query.text,
                    kind="variable" if query.variable else "panel",
                    subject=f"{_chart(file.item)}, dashboard {file.name}, {query.what}",
                    where=file.item.where,
                    legend=query.legend or None,
                )


def _type(query: Query, model: Mapping[str, Any], provisioned: list[Datasource]) -> str:
    """The type of data source that a query goes to."""
    stated = mapping(query.source).get("type")
    if isinstance(stated, str) and stated:
        return stated
    uid = uid_of(query.source)
    if uid is None:
        return next((source.type for source in provisioned if source.default), _PROMETHEUS)
    variable = variable_of(uid)
    if variable is None:
        return next((source.type for source in provisioned if uid in (source.uid, source.name)), _PROMETHEUS)
    return next((str(v.get("query")) for v in variables(model) if v.get("name") == variable), _PROMETHEUS)


def _chart(item: Item) -> str:
    return f"chart {item.object.origin}"
