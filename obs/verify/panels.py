"""Panels: every query of every dashboard is answered with data, or is rightly empty."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from dashboards.queries import ENVIRONMENT, dashboard_variables, panel_queries, values_selector, with_all
from model.dashboard import Dashboard, Panel, PanelKind, Variable
from model.expr import Matcher
from model.rule import Signal
from obs.verify.client import Refused, Series, Server
from obs.verify.explain import Explainer
from obs.verify.finding import Finding, Result, Severity
from plan import Plan

AT_ONCE = 4
"""Queries on the way at one time: a Prometheus runs 20 (--query.max-concurrency) for everybody."""
_WINDOW = 300.0


@dataclass(frozen=True)
class _Asked:
    """One query of a panel as Grafana sends it, with the value of each variable in place."""

    dashboard: Dashboard
    panel: Panel
    signal: Signal
    expr: str

    @property
    def subject(self) -> str:
        return f"panel {self.panel.title!r} of {self.dashboard.uid} (signal {self.signal.name})"


def check_panels(prometheus: Server, plan: Plan, cluster: Matcher) -> Result:
    """``cluster`` narrows to the stack's cluster. Raises Unreachable."""

    @cache
    def has_data(expr: str) -> bool:
        return bool(prometheus.query(expr))

    explainer = Explainer(has_data, plan.records, (cluster,))
    asked = list(_asked(plan, cluster))

    def verdict(one: _Asked) -> Finding | None:
        try:
            answer = _answer(prometheus, one)
            if not answer and explainer.why(one.signal.query) is None:
                answer = _answer(prometheus, one)  # data has come since, or it is outside of what the panel chooses
            return _judged(one, answer, explainer)
        except Refused as error:
            return _finding(one, "query", "error", str(error))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [finding for finding in pool.map(verdict, asked) if finding is not None]
    variables = list(_empty_variables(prometheus, plan, cluster))
    empty = sum(finding.severity == "info" for finding in found)
    return Result(
        name="panels",
        what="queries answered",
        total=len(asked),
        ok=len(asked) - len(found) + empty,
        findings=(*found, *variables),
        facts={"empty_and_explained": empty},
    )


def _asked(plan: Plan, cluster: Matcher) -> Iterator[_Asked]:
    for dashboard in plan.dashboards:
        variables = dashboard_variables(dashboard)
        for panel in dashboard.panels:
            for signal, query in zip(panel.signals, panel_queries(panel, variables), strict=True):
                yield _Asked(dashboard, panel, signal, _filled(query.expr, cluster, query.rate_interval()))


def _filled(text: str, cluster: Matcher, rate_interval: str = "") -> str:
    """All of every variable, but of the clusters only the stack's."""
    return with_all(text, rate_interval, {cluster.label: cluster.value})


def _answer(prometheus: Server, one: _Asked) -> Sequence[Series]:
    """Time series are asked for as such, the last five minutes; every other kind shows the moment."""
    if one.panel.kind in (PanelKind.TIMESERIES, PanelKind.STATE_TIMELINE):
        now = time.time()
        return prometheus.query_range(one.expr, now - _WINDOW, now, step=15)
    return prometheus.query(one.expr)


def _judged(one: _Asked, answer: Sequence[Series], explainer: Explainer) -> Finding | None:
    if answer:
        values = [value for series in answer for value in series.values]
        if values and all(map(math.isnan, values)):
            return _finding(one, "nan", "info", f"every value is NaN: a share of nothing. {one.expr}")
        return None
    why = explainer.why(one.signal.query)
    if why is None:
        return _finding(one, "empty", "error", f"is empty although its signal has data: {one.expr}")
    if why.expected:
        return _finding(one, "explained", "info", f"is rightly empty: {why.reason}")
    return _finding(one, "empty", "error", f"is empty: {why.reason}")


def _finding(one: _Asked, check: str, severity: Severity, message: str) -> Finding:
    return Finding(
        check=f"panels/{check}",
        severity=severity,
        subject=one.subject,
        message=message,
        where=str(one.signal.where),
    )


def offered(prometheus: Server, variable: Variable, selector: str, at: float, **more: str) -> list[str]:
    """The values that a variable has had in the hour before ``at``."""
    asked = {"match[]": selector, "start": f"{at - 3600:.0f}", **more}
    values: list[str] = prometheus.data(f"/api/v1/label/{variable.label}/values", **asked)
    return values


def _empty_variables(prometheus: Server, plan: Plan, cluster: Matcher) -> Iterator[Finding]:
    for dashboard in plan.dashboards:
        variables = dashboard_variables(dashboard)
        for index, variable in enumerate(variables):
            if variable.label == ENVIRONMENT:
                continue  # a label of what leaves Prometheus, which one that is asked itself does not show
            selector = _filled(str(values_selector(variable, variables[:index])), cluster)
            if not offered(prometheus, variable, selector, time.time(), limit="10"):
                yield Finding(
                    check="panels/variable",
                    severity="error",
                    subject=f"variable {variable.name} of {dashboard.uid}",
                    message=f"has nothing to choose from: no series {selector} has the label {variable.label}",
                    where=str(variable.where),
                )
