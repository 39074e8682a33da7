"""Ranges of rules, against how often what they read is written: a rate over one sample is no rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import contracts
from model.contract import exposed_names
from model.expr import Call, Expr, Selector
from model.quantity import seconds
from model.rule import RecordingRule
from obs.check.finding import Finding
from plan import Plan

FEWEST = 4
"""Samples that a range must have room for: two make a rate, and one may be missed and the next be late."""
_ROUNDED = 0.99
"""A stack whose time runs faster has its durations in whole milliseconds."""
_NEED_SEVERAL = frozenset(
    {"rate", "increase", "irate", "delta", "idelta", "deriv", "predict_linear", "changes", "resets"}
)
_Written = Mapping[str, list[tuple[str, float]]]
"""Name of a series -> (job, seconds between two samples) of all who write it; rules have no job."""


def check_ranges(plan: Plan) -> Iterator[Finding]:
    """Proofs choose how often samples come by the range, so they would not see one that is too short."""
    written = _written(plan)
    for rule in (rule for group in plan.groups() for rule in group.rules):
        subject = f"recording rule {rule.record}" if isinstance(rule, RecordingRule) else f"alert {rule.name}"
        for selector, length in _several(rule.expr):
            pace = _pace(selector, written)
            if pace is not None and length < _ROUNDED * FEWEST * pace:
                message = (
                    f"{selector} has room for {length / pace:g} samples, one in {pace:g} s; {FEWEST} are the least"
                )
                yield Finding("alert/range", subject, str(rule.where), message, expression=str(rule.expr))


def _several(expr: Expr) -> Iterator[tuple[Selector, float]]:
    """The selectors whose range must hold several samples, and its seconds."""
    if isinstance(expr, Call) and expr.function in _NEED_SEVERAL:
        yield from ((one, seconds(one.range)) for one in expr.args if isinstance(one, Selector) and one.range)
    for child in expr.children():
        yield from _several(child)


def _pace(selector: Selector, written: _Written) -> float | None:
    """Seconds between two samples of the quickest of those that the selector may mean; None where nobody writes it."""
    jobs = [m for m in selector.matchers if m.label == "job"]
    sources = written.get(selector.name, [])
    meant = [pace for job, pace in sources if not job or all(m.accepts(job) for m in jobs)]
    return min(meant or [pace for _, pace in sources], default=None)


def _written(plan: Plan) -> _Written:
    found: dict[str, list[tuple[str, float]]] = {}
    for scrape in (scrape for system in plan.systems for scrape in system.scrapes):
        for endpoint in scrape.endpoints:
            for name in exposed_names(contracts.load(endpoint.contract), endpoint.component):
                found.setdefault(name, []).append((scrape.job, seconds(endpoint.interval)))
    for group in plan.groups():
        for rule in group.rules:
            if isinstance(rule, RecordingRule):
                found.setdefault(rule.record, []).append(("", seconds(group.interval)))
    return found
