"""Nothing survives: a metric renamed, a label lost, a link broken, a unit swapped, each is found, wherever it is."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from plan_mutants import Asked, asked, renamed, with_losses, without_label
from stacks import ROOT, ran

from model.dashboard import Dashboard, Lookup, Panel
from obs.check.dashboards import check_dashboards
from obs.check.deployed import check_deployed
from obs.check.infer import check_expressions
from obs.check.plan import known_series, record_expressions
from obs.check.units import unit_problem
from plan import Plan

UNITS = ("s", "ms", "bytes", "Bps", "percent", "percentunit", "short", "ops", "dateTimeAsIso")
PLAIN, OFTEN = {"short", "none", "percentunit", "d"}, {"ops", "reqps", "cps", "pps", "short"}
"""Either may show a number (a share as 0.5 or as 50 %, days as a part of a day), and how often something happens."""


@cache
def plan() -> Plan:
    return ran("prod").plan


@cache
def questions() -> tuple[Asked, ...]:
    """Each once: a signal on three pages with the same variables is asked for in one way."""
    return tuple({(one.kind, str(one.expr), one.shown, one.templates): one for one in asked(plan())}.values())


def survivors(mutants: dict[str, object], catalogue: object) -> list[str]:
    found = check_expressions([*record_expressions(plan()), *mutants.values()], catalogue)  # type: ignore[arg-type,list-item]
    return sorted(mutants.keys() - {finding.subject for finding in found})


def test_a_metric_that_is_renamed_is_found_wherever_it_is_read() -> None:
    mutants = {did: mutant for one in questions() for did, mutant in renamed(one)}
    assert len(mutants) > 1000
    assert survivors(dict(mutants), known_series(plan())) == []


def test_a_label_that_a_metric_loses_is_found_wherever_it_is_needed() -> None:
    known = known_series(plan())
    all_of = [found for one in questions() for found in without_label(one, known)]
    assert len(all_of) > 1000
    mutants = {did: mutant for did, mutant, _ in all_of}
    assert survivors(dict(mutants), with_losses(known, {pair for *_, pair in all_of})) == []


def test_a_unit_that_is_swapped_is_found_at_every_signal() -> None:
    recorded = {rule.record: rule.expr for rule in plan().records}
    left = [
        f"{owner}.{signal.name}: {signal.unit} as {unit}"
        for owner, signal in plan().signals()
        for unit in UNITS
        if not ({unit, signal.unit} <= PLAIN or {unit, signal.unit} <= OFTEN)
        if unit != signal.unit and unit_problem(replace(signal, unit=unit), recorded) is None
    ]
    assert "\n".join(left) == ""


def changed(board: Dashboard, title: str, **changes: Any) -> Dashboard:
    rows = tuple(
        replace(row, panels=tuple(replace(p, **changes) if p.title == title else p for p in row.panels))
        for row in board.rows
    )
    return replace(board, rows=rows)


def broken(board: Dashboard) -> list[tuple[str, Dashboard]]:
    """A dashboard with each of its links broken in turn: the way up, clicks, what they choose, links in texts."""
    found = [(f"{board.uid}: parent", replace(board, parent="nowhere"))] if board.parent else []
    found += (
        [(f"{board.uid}: trail", replace(board, trail=(("nowhere", "t"), *board.trail[1:])))] if board.trail else []
    )
    for p in board.panels:
        breaks: list[dict[str, Any]] = [{"link": f"{p.link}-x"}] if p.link else []
        for index, (name, label) in enumerate(p.carries):
            for pair in ((f"{name}_x", label), (name, f"{label}_x")):
                breaks.append({"carries": (*p.carries[:index], pair, *p.carries[index + 1 :])})
        links = set(re.findall(r"\(/d/([\w-]+)", p.text))
        breaks += [{"text": re.sub(rf"\(/d/{uid}(?![\w-])", f"(/d/{uid}-x", p.text)} for uid in links]
        found += [(f"{board.uid} {p.title}: {change}", changed(board, p.title, **change)) for change in breaks]
    return found


def test_a_link_that_is_broken_is_found_wherever_it_stands() -> None:
    boards = plan().dashboards
    mutants = [(index, did, mutant) for index, board in enumerate(boards) for did, mutant in broken(board)]
    assert len(mutants) > 500
    left = []
    for index, did, mutant in mutants:
        others = (replace(b, rows=(), trail=(), parent=None) for b in boards)  # are there, and have nothing to check
        stage = replace(plan(), dashboards=tuple(mutant if i == index else b for i, b in enumerate(others)))
        if not any(f.check == "dashboard/link" for f in check_dashboards(stage)):
            left.append(did)
    assert left == []


def queries(p: Panel) -> list[str]:
    """The question of a panel to logs, with each label and each variable called otherwise, one at a time."""
    assert p.lookup
    text = p.lookup.query
    places = [found.start(1) for found in re.finditer(r"(?<![$\w])(\w+)(?:=~|!=|=)\"", text.partition("|")[0])]
    places += [found.start(1) for found in re.finditer(r"\$([a-z]\w*)", text)]
    places += [found.start(1) for found in re.finditer(r"by \((\w+)", text)]
    return [f"{text[:place]}x_{text[place:]}" for place in places]


def test_a_label_or_a_variable_that_no_question_to_logs_may_name_is_found() -> None:
    left = []
    for board in plan().dashboards:
        for p in board.panels:
            for query in queries(p) if p.lookup else ():
                assert p.lookup
                asks = changed(board, p.title, lookup=Lookup(store=p.lookup.store, query=query))
                found = check_dashboards(replace(plan(), dashboards=(asks,)))
                if not any(f.check == "dashboard/lookup" for f in found):
                    left.append(f"{board.uid} {p.title}: {query}")
    assert left == []


BREAKS: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "another panel": ("dashboard_url", "alert/dashboard", lambda url: re.sub(r"viewPanel=\d+", "viewPanel=7", url)),
    "no panel": ("dashboard_url", "alert/dashboard", lambda url: re.sub(r"viewPanel=\d+", "viewPanel=x", url)),
    "another dashboard": ("dashboard_url", "alert/dashboard", lambda url: url.replace("?", "-x?")),
    "an unknown variable": ("dashboard_url", "alert/dashboard", lambda url: f"{url}&var-nothing=1"),
    "another runbook": ("runbook_url", "alert/runbook", lambda url: url.replace(".md", "X.md")),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_a_link_of_an_alert_that_is_broken_is_found_at_every_alert(kind: str) -> None:
    name, check, change = BREAKS[kind]
    recording = ran("prod").recording
    rules = [copy.copy(r) for r in recording.resources if r.type.endswith(":PrometheusRule")]
    rules = [replace(r, inputs=copy.deepcopy(r.inputs)) for r in rules]
    alerts = [rule for r in rules for group in r.inputs["spec"]["groups"] for rule in group["rules"] if "alert" in rule]
    for rule in alerts:
        rule["annotations"][name] = change(rule["annotations"][name])
    found = check_deployed(replace(recording, resources=tuple(rules)), plan(), ROOT)
    assert {f.subject for f in found if f.check == check} == {f"alert {rule['alert']}" for rule in alerts}


@pytest.mark.parametrize("kept", ["/d/dataops-", "${__url_time_range}", "var-cluster=", '"keepTime": true'])
def test_a_link_in_the_json_that_leads_nowhere_or_forgets_what_was_chosen_is_found(kept: str) -> None:
    recording = ran("prod").recording
    maps = [r for r in recording.resources if any(f.endswith(".json") for f in r.inputs.get("data", {}))]
    had, spoilt = set(), []
    for one in maps:
        data = {
            f: t.replace(kept, kept[:-2] + "x" if kept[0] != '"' else '"keepTime": false')
            for f, t in one.inputs["data"].items()
        }
        had |= {f.removesuffix(".json") for f, text in one.inputs["data"].items() if data[f] != text}
        spoilt.append(replace(one, inputs={**one.inputs, "data": data}))
    found = check_deployed(replace(recording, resources=tuple(spoilt)), plan(), ROOT)
    assert {f.subject.removeprefix("dashboard ") for f in found if f.check == "dashboard/link"} == had
    assert had
