"""Choices: whatever value of a variable a viewer picks, panels show what they show of it under "All"."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from dashboards.queries import ENVIRONMENT, dashboard_variables, panel_queries, values_selector, with_all
from model.dashboard import Dashboard, Panel, Variable
from model.expr import Matcher
from model.promql import CLUSTER
from obs.verify.client import Refused, Series, Server
from obs.verify.finding import Finding, Result
from obs.verify.panels import AT_ONCE, offered
from plan import Plan

_SINCE = 5.0
"""Seconds ago for which everything is asked, so that answers can be compared."""
_SPECIAL = re.compile(r"([\\^$.|?*+()\[\]{}])")


@dataclass(frozen=True)
class _Choice:
    """``value`` of ``variable``, with what is ``chosen`` before it: variable -> value."""

    dashboard: Dashboard
    variable: Variable
    value: str
    chosen: Mapping[str, str]

    def subject(self, panel: Panel) -> str:
        picked = ", ".join(f"{name}={value}" for name, value in {**self.chosen, self.variable.name: self.value}.items())
        return f"panel {panel.title!r} of {self.dashboard.uid} with {picked}"


def check_choices(prometheus: Server, plan: Plan, cluster: Matcher, first: int) -> Result:
    """Ask with each of the ``first`` values that a variable offers, the variables before it at their first value:
    the thousandth pod is like the first.

    ``facts`` count the choices tried and, in ``left_out``, the values offered beyond the first. Raises Unreachable.
    """
    asker = _Asker(prometheus, cluster, time.time() - _SINCE)
    choices, left_out = list[_Choice](), 0
    for dashboard in plan.dashboards:
        for found in asker.offers(dashboard):
            choices += found[:first]
            left_out += len(found[first:])
    asked = [(choice, panel, number) for choice in choices for panel, number in _narrowed(choice)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        findings = [found for found in pool.map(lambda one: asker.verdict(*one), asked) if found is not None]
    return Result(
        name="choices",
        what="queries with a choice answered alike",
        total=len(asked),
        ok=len(asked) - len(findings),
        findings=tuple(findings),
        facts={"choices": len(choices), "left_out": left_out},
    )


def _narrowed(choice: _Choice) -> Iterator[tuple[Panel, int]]:
    """The queries of the dashboard that the variable narrows: (panel, number of the query)."""
    variables, name = dashboard_variables(choice.dashboard), f"${choice.variable.name}"
    for panel in choice.dashboard.panels:
        for number, query in enumerate(panel_queries(panel, variables)):
            if f'"{name}"' in query.expr:
                yield panel, number


class _Asker:
    def __init__(self, prometheus: Server, cluster: Matcher, at: float) -> None:
        self._prometheus, self._cluster, self._at = prometheus, cluster, at
        self._asked: dict[str, Sequence[Series]] = {}

    def offers(self, dashboard: Dashboard) -> Iterator[list[_Choice]]:
        """What each variable of the dashboard offers; the stack's cluster is chosen, and an environment is none."""
        variables, chosen = dashboard_variables(dashboard), dict[str, str]()
        for index, variable in enumerate(variables):
            if variable.label in (ENVIRONMENT, CLUSTER):
                continue
            selector = self._filled(str(values_selector(variable, variables[:index])), chosen)
            values = offered(self._prometheus, variable, selector, self._at)
            yield [_Choice(dashboard, variable, value, dict(chosen)) for value in values]
            if values:  # with none offered Grafana stays at All
                chosen[variable.name] = values[0]

    def verdict(self, choice: _Choice, panel: Panel, number: int) -> Finding | None:
        """The answer has what "All" shows of the value, and nothing of another."""
        signal, label = panel.signals[number], choice.variable.label
        query = panel_queries(panel, dashboard_variables(choice.dashboard))[number]
        expr, rate = query.expr, query.rate_interval()
        picked = self._filled(expr, {**choice.chosen, choice.variable.name: choice.value}, rate)
        try:
            answer = self._prometheus.query(picked, self._at)
            whole = self._all(self._filled(expr, choice.chosen, rate))
        except Refused as error:
            return _finding("refused", choice, panel, str(error), str(signal.where))
        others = sorted({s.labels[label] for s in answer if s.labels.get(label, choice.value) != choice.value})
        if others:
            message = f"shows {label} {', '.join(others)}, too: {picked}"
            return _finding("other", choice, panel, message, str(signal.where))
        expected = {_key(s) for s in whole if s.labels.get(label) == choice.value}
        if missing := len(expected - {_key(s) for s in answer}):
            message = f"lacks {missing} of {len(expected)} series that All shows of it: {picked}"
            return _finding("lacking", choice, panel, message, str(signal.where))
        return None

    def _filled(self, text: str, chosen: Mapping[str, str], rate_interval: str = "") -> str:
        escaped = {name: _SPECIAL.sub(r"\\\\\1", value) for name, value in chosen.items()}
        return with_all(text, rate_interval, {self._cluster.label: self._cluster.value, **escaped})

    def _all(self, expr: str) -> Sequence[Series]:
        if expr not in self._asked:
            self._asked[expr] = self._prometheus.query(expr, self._at)
        return self._asked[expr]


def _key(series: Series) -> frozenset[tuple[str, str]]:
    return frozenset(series.labels.items())


def _finding(check: str, choice: _Choice, panel: Panel, message: str, where: str) -> Finding:
    return Finding(
        check=f"choices/{check}", severity="error", subject=choice.subject(panel), message=message, where=where
    )
