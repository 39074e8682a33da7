"""The PromQL that a dashboard sends: its panels' queries, and the queries that fill its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import ascii_uppercase
from typing import NamedTuple

from model.dashboard import Dashboard, Panel, Store, Variable
from model.expr import Call, Expr, Matcher, Selector
from model.promql import CLUSTER, matching, metric
from model.quantity import duration, seconds
from model.rule import Signal

# A refId is one letter here; Grafana goes on with AA, but nobody reads a panel of 27 queries.
REF_IDS = ascii_uppercase
ENVIRONMENT = "environment"
DATASOURCE = "datasource"
SOURCES = {Store.LOGS: "logs", Store.TRACES: "traces"}
"""Variables by which a viewer chooses where logs and traces are read."""
RATE_INTERVAL = "$__rate_interval"
_VARIABLE = re.compile(r"\$(\w+)")


def with_all(text: str, rate_interval: str, chosen: Mapping[str, str] | None = None) -> str:
    """A query as Grafana sends it with all of every variable, which is ``.*``, but for those that are ``chosen``."""
    values = {"__rate_interval": rate_interval, **(chosen or {})}
    return _VARIABLE.sub(lambda found: values.get(found[1], ".*"), text)


class Query(NamedTuple):
    """One target of a panel: ``expr`` is PromQL with Grafana variables, ``legend`` Grafana's template.

    ``window`` is the least of ``$__rate_interval`` in seconds; 0 where the query has none.
    """

    ref_id: str
    expr: str
    legend: str
    window: float = 0.0

    @property
    def least_step(self) -> float:
        """Seconds of Grafana's "min step", from which it takes :attr:`window`: four of these."""
        return self.window / 4

    def rate_interval(self, step: float = 0.0) -> str:
        """What Grafana puts in the place of ``$__rate_interval`` where points are ``step`` seconds apart.

        (pkg/promlib/models/query.go, calculateRateInterval; the min step is what it calls the scrape interval there.)
        """
        return duration(max(self.window, max(step, self.least_step) + self.least_step))


class Expression(NamedTuple):
    """One PromQL text of a dashboard, exactly as its JSON has it.

    For a panel ``legend`` is the legend template. For a variable ``expr`` is the selector inside
    ``label_values(selector, label)`` and ``legend`` that label.
    """

    source: Panel | Variable
    expr: str
    legend: str


def dashboard_expressions(dashboard: Dashboard) -> Iterator[Expression]:
    """Every PromQL text of the dashboard: its variables in order, then its panels in order.

    The JSON is built from the same functions, so what is checked is what is sent. Panel texts hold
    ``$variable`` in matcher values, and ``$__rate_interval`` where a panel follows the width of its points.
    """
    variables = dashboard_variables(dashboard)
    for index, variable in enumerate(variables):
        yield Expression(variable, str(values_selector(variable, variables[:index])), variable.label)
    for panel in dashboard.panels:
        for query in panel_queries(panel, variables):
            yield Expression(panel, query.expr, query.legend)


def dashboard_variables(dashboard: Dashboard) -> tuple[Variable, ...]:
    """``environment``, ``cluster``, then the dashboard's own variables.

    The clusters are read from ``up``, which each cluster has: a metric of the dashboard's own would leave
    out the clusters where it has no series just now. An environment is a choice of clusters and narrows nothing
    else: it is a label that Prometheus gives to what leaves it, so records that are read where they are made lack it.
    """
    first = (Variable(name=label, label=label, metric="up", where=dashboard.where) for label in (ENVIRONMENT, CLUSTER))
    return (*first, *dashboard.variables)


def chosen_by(dashboard: Dashboard) -> tuple[str, ...]:
    """The names of all variables of a dashboard, in Grafana's order: data sources, what narrows, what is typed in."""
    asked = {panel.lookup.store for panel in dashboard.panels if panel.lookup is not None}
    sources = (DATASOURCE, *(name for store, name in SOURCES.items() if store in asked))
    return (*sources, *(v.name for v in dashboard_variables(dashboard)), *(f.name for f in dashboard.fields))


def values_selector(variable: Variable, earlier: Sequence[Variable]) -> Selector:
    """The series whose label values fill ``variable``, narrowed by what is chosen before it.

    Of the earlier variables those count whose label this metric is known to have: ``cluster``, which all
    series may have, and the labels of the same metric.
    """
    return metric(variable.metric, *(_chosen(v) for v in earlier if v.label == CLUSTER or v.metric == variable.metric))


def panel_queries(panel: Panel, variables: Sequence[Variable]) -> tuple[Query, ...]:
    """One query per signal, narrowed by the variables whose label the signal keeps.

    ``cluster`` narrows every signal: each aggregation keeps it, and a choice of all clusters also
    matches series without it.
    """
    return tuple(
        _query(ref_id, narrowed(signal, variables), legend, follows=any(one is signal for one in panel.follows))
        for ref_id, signal, legend in zip(REF_IDS, panel.signals, _legends(panel.signals), strict=False)
    )


def _query(ref_id: str, expr: Expr, legend: str, *, follows: bool) -> Query:
    window = rate_window(expr) if follows else None
    if window is None:
        return Query(ref_id, str(expr), legend)
    wide = expr.mapped(lambda selector: replace(selector, range=RATE_INTERVAL) if selector.range else selector)
    return Query(ref_id, str(wide), legend, seconds(window))


def rate_window(expr: Expr) -> str | None:
    """The range of an expression that reads the past for rates alone, all over the same range.

    What is said "in an hour" (``increase``), or of the worst moment of a range, would be something else over another.
    """
    ranges = {selector.range for selector in expr.selectors() if selector.range}
    (window, *others) = ranges or (None,)
    return window if not others and _only_rates(expr) else None


def _only_rates(expr: Expr, counting: tuple[str, ...] = ("rate",)) -> bool:
    if isinstance(expr, Call) and expr.function in counting:
        return True
    if isinstance(expr, Call) and expr.function == "histogram_quantile":
        # A quantile is the same of counts in so long as of counts a second.
        counting = ("rate", "increase", "delta")
    return not (isinstance(expr, Selector) and expr.range) and all(_only_rates(c, counting) for c in expr.children())


def narrowed(signal: Signal, variables: Sequence[Variable]) -> Expr:
    """What a panel asks for a signal on a dashboard with these variables."""
    chosen = (_chosen(v) for v in variables if v.label == CLUSTER or v.label in signal.narrowable)
    return signal.query.narrowed(*chosen)


def _chosen(variable: Variable) -> Matcher:
    return matching(variable.label, f"${variable.name}")


def _legends(signals: Sequence[Signal]) -> list[str]:
    """Each signal's legend or title; where two would read alike ("{{pod}}" twice) the title goes in front."""
    legends = [signal.legend or signal.title for signal in signals]
    if len(set(legends)) == len(legends):
        return legends
    return [f"{signal.title} {signal.legend}".rstrip() for signal in signals]
