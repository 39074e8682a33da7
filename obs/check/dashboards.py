"""Dashboards as a whole: where links lead, how far everything is, what logs and traces are asked, what is recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from components.alloy_config import METADATA
from components.loki_config import INDEX_LABELS
from dashboards.clicks import MOST, clicks, targets
from dashboards.queries import dashboard_variables, with_all
from model.dashboard import Dashboard, Lookup, Panel, Store
from model.expr import Expr, Length, Matcher, Number, Selector, Text
from model.narrowing import kept_labels
from model.promql import CLUSTER
from model.rule import RecordingRule
from obs.check.finding import Finding
from plan import Plan

_VARIABLE = re.compile(r"\$\{?([a-z_]+)")
_STREAMS = re.compile(r"\{(.*?)\}")
_LABEL = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPED = re.compile(r"\bby\s*\(([^)]*)\)")
_SHOWN = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_TEMPLATE = re.compile(r"`[^`]*`")
_MADE = re.compile(r"\blabel_format\s+(\w+)\s*=")
_FILLED = {"__auto", "__range", "__interval"}
"""Grafana's own variables."""
Shapes = Mapping[str, Sequence[RecordingRule]]


def check_dashboards(plan: Plan) -> Iterator[Finding]:
    yield from _links(plan)
    yield from _reach(plan)
    recorded = by_shape(plan.records)
    for dashboard in plan.dashboards:
        for panel in dashboard.panels:
            for check, message in (*_lookup(dashboard, panel), *_raw(panel, recorded)):
                yield Finding(check, f"dashboard {dashboard.uid}, panel {panel.title}", str(panel.where), message)


def _links(plan: Plan) -> Iterator[Finding]:
    uids = {dashboard.uid: dashboard for dashboard in plan.dashboards}
    for dashboard in plan.dashboards:
        found = [("its parent", dashboard.parent, dashboard.where)]
        found += [("its trail", uid, dashboard.where) for uid, _ in dashboard.trail]
        found += [(f"panel {p.title!r}", uid, p.where) for p in dashboard.panels for uid in targets(p)]
        for what, uid, where in found:
            if uid is not None and uid not in uids:
                message = f"{what} leads to {uid!r}, which is no dashboard of this stack"
                yield Finding("dashboard/link", f"dashboard {dashboard.uid}", str(where), message)
        for panel in dashboard.panels:
            for message in _carried(panel, uids.get(panel.link or "")):
                yield Finding(
                    "dashboard/link", f"dashboard {dashboard.uid}, panel {panel.title}", str(panel.where), message
                )


def _carried(panel: Panel, there: Dashboard | None) -> Iterator[str]:
    """What a click is to choose, and cannot."""
    known = {v.name: v.label for v in dashboard_variables(there)} if there is not None else {}
    for name, label in panel.carries:
        if there is not None and name not in known:
            yield f"a click chooses ${name}, which {there.uid} does not have: {', '.join(known)}"
        for signal in panel.signals:
            if label not in signal.legend_labels:
                yield f"a click carries the label {label}, which signal {signal.name} does not show"


def _reach(plan: Plan) -> Iterator[Finding]:
    for (dashboard, panel), count in clicks(plan.dashboards):
        if count is None or count > MOST:
            far = "no link leads to it" if count is None else f"it takes {count} clicks"
            message = f"{far} from level 0; everything is within {MOST}"
            yield Finding(
                "dashboard/reach", f"dashboard {dashboard.uid}, panel {panel.title}", str(panel.where), message
            )


def _lookup(dashboard: Dashboard, panel: Panel) -> Iterator[tuple[str, str]]:
    """LogQL and TraceQL that select nothing: labels that no stream has, variables that the dashboard does not have."""
    lookup: Lookup | None = panel.lookup
    if lookup is None:
        return
    own = {v.name for v in dashboard_variables(dashboard)} | {field.name for field in dashboard.fields}
    known = own | _FILLED
    for name in sorted(set(_VARIABLE.findall(lookup.query)) - known):
        yield "dashboard/lookup", f"${name} is no variable of the dashboard: {', '.join(sorted(own))}"
    if lookup.store is Store.LOGS:
        yield from (("dashboard/lookup", message) for message in _of_logs(lookup))


def _of_logs(lookup: Lookup) -> Iterator[str]:
    selectors = _STREAMS.findall(_TEMPLATE.sub("", lookup.query))
    used = {label for streams in selectors for label in _LABEL.findall(streams)}
    for label in sorted(used - set(INDEX_LABELS)):
        yield f"no stream has the label {label}: they have {', '.join(INDEX_LABELS)}; all else stands after |"
    # detected_level is Loki's own.
    known = {*INDEX_LABELS, *METADATA, "detected_level", *_MADE.findall(lookup.query)}
    grouped = {name.strip() for group in _GROUPED.findall(lookup.query) for name in group.split(",")}
    for label in sorted((grouped | set(_SHOWN.findall(lookup.legend))) - known):
        yield f"no line has {label}: it has {', '.join(sorted(known))}"
    for streams in selectors:
        # Loki's own rule (pkg/logql/syntax, validateMatchers); a choice of all is `.*`.
        matchers = [Matcher(label, op, with_all(value, "")) for label, op, value in _MATCHER.findall(streams)]
        if all(matcher.accepts("") for matcher in matchers):
            yield f'with all of every variable {{{streams}}} may be empty, which Loki refuses: add namespace=~".+"'


def _raw(panel: Panel, recorded: Shapes) -> Iterator[tuple[str, str]]:
    for signal in panel.signals:
        if signal.record is None:
            for part, record in recomputed(signal.expr, recorded):
                yield "dashboard/raw", f"signal {signal.name} computes {part}, which {record} has"


def by_shape(records: Iterable[RecordingRule]) -> Shapes:
    """Records by what they compute, of whichever series."""
    found: dict[str, list[RecordingRule]] = {}
    for rule in records:
        found.setdefault(_bare(rule.expr), []).append(rule)
    return found


def recomputed(expr: Expr, recorded: Shapes) -> Iterator[tuple[Expr, str]]:
    """(part of ``expr``, record) where a record has the part's value already, for all series or more than the part."""
    for part in _parts(expr):
        rules = (rule for rule in recorded.get(_bare(part), ()) if _narrows(part, rule.expr))
        yield from ((part, rule.record) for rule in rules)


def _bare(expr: Expr) -> str:
    return str(expr.mapped(lambda selector: replace(selector, matchers=())))


def _narrows(part: Expr, whole: Expr) -> bool:
    """Whether ``part`` is ``whole``, or its series of some labels that it keeps: the same matchers, in any order, and
    everywhere the same ones more."""
    pairs = list(zip(part.selectors(), whole.selectors(), strict=True))
    added = {frozenset(ours.matchers) - frozenset(theirs.matchers) for ours, theirs in pairs}
    if len(added) != 1 or any(not frozenset(theirs.matchers) <= frozenset(ours.matchers) for ours, theirs in pairs):
        return False
    kept = kept_labels(whole) | {CLUSTER}
    return all(matcher.label in kept for matcher in added.pop())


def _parts(expr: Expr) -> Iterator[Expr]:
    if not isinstance(expr, Selector | Number | Length | Text):
        yield expr
        for child in expr.children():
            yield from _parts(child)
