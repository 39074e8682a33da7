"""From a fault to the page: the worst case of every critical alert, added up from what a stack deploys."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

import pytest
from stacks import STACKS, run

import contracts
from components.exporters import oracle
from components.kube_prometheus_values import SCRAPE_INTERVAL
from model.expr import Selector
from model.quantity import seconds
from model.route import Route, RoutingTree
from model.rule import Alert, RecordingRule, RuleGroup, Severity
from model.scrape import ScrapeKind
from obs.check.catalogue import catalogue
from plan import Plan
from settings.exporters import OracleSettings

MOST = 120
OF_A_BUDGET = 300
"""A budget of 30 days empties over hours, and what burns it pages before; the Ruler reads what Prometheus records."""
ORACLE_INTERVAL = OracleSettings.model_fields["interval"].default


@cache
def plan(stack: str) -> Plan:
    """The stack at production's pace."""
    found = run(stack, config={"timeCompression": 1} if stack == "local" else None).namespace["plan"]
    assert isinstance(found, Plan)
    return found


def paging(tree: RoutingTree) -> list[Route]:
    return [r for r in tree.routes for m in r.matchers if m.label == "severity" and "critical" in m.value]


PAGING = [stack for stack in STACKS if paging(plan(stack).routing)]


@cache
def scraped(stack: str) -> dict[str, list[tuple[str, float]]]:
    """Series name -> (job, seconds between two scrapes) of each endpoint that gives it."""
    found: dict[str, list[tuple[str, float]]] = {}
    for system in plan(stack).systems:
        for scrape in system.scrapes:
            for endpoint in scrape.endpoints:
                alone = replace(system, scrapes=(replace(scrape, endpoints=(endpoint,)),))
                for name in catalogue((alone,), contracts.load).series:
                    found.setdefault(name, []).append((scrape.job, seconds(endpoint.interval)))
    return found


def seen(stack: str, group: RuleGroup, at: int, where: Plan) -> float:
    """Seconds until the rule ``at`` of the group has been evaluated on what the fault changed."""
    own = seconds(group.interval)
    return own + max(waits(stack, selector, group, at, where) for selector in group.rules[at].expr.selectors())


def identity(group: RuleGroup) -> tuple[str, str]:
    """Name and first rule: of an objective a part is Prometheus' and a part the Ruler's, under one name."""
    first = group.rules[0]
    return (group.name, first.record if isinstance(first, RecordingRule) else first.name)


def writers(selector: Selector, group: RuleGroup, where: Plan) -> list[tuple[RuleGroup, int]]:
    """The rules that record what is read. Every objective has the same records, each with its own labels."""
    asked = {m.label: m.value for m in selector.matchers if m.op == "="}
    return [
        (other, index)
        for other in (group if identity(g) == identity(group) else g for g in where.groups())
        for index, rule in enumerate(other.rules)
        if isinstance(rule, RecordingRule)
        and rule.record == selector.name
        and all(asked.get(label, value) == value for label, value in rule.labels.items())
    ]


def sources(selectors: Iterable[Selector], group: RuleGroup, where: Plan) -> Iterator[Selector]:
    """What is scraped for these, through whatever records it."""
    for selector in selectors:
        found = writers(selector, group, where)
        if not found:
            yield selector
        for other, index in found:
            yield from sources(other.rules[index].expr.selectors(), other, where)


def waits(stack: str, selector: Selector, group: RuleGroup, at: int, where: Plan) -> float:
    found = writers(selector, group, where)
    if not found:
        return scrape_interval(stack, selector)
    return max(
        # Rules of a group run one after another: what an earlier one recorded is read in the same round.
        seen(stack, other, index, where) - (seconds(group.interval) if other is group and index < at else 0)
        for other, index in found
    )


def scrape_interval(stack: str, selector: Selector) -> float:
    """The longest of those that give its series; others may have a series of that name under another job."""
    jobs = [m.value for m in selector.matchers if m.label == "job" and m.op == "="]
    return max(interval for job, interval in scraped(stack)[selector.name] if not jobs or job in jobs)


def worst(stack: str, group: RuleGroup, at: int, where: Plan) -> float:
    alert, round_ = group.rules[at], seconds(group.interval)
    assert isinstance(alert, Alert)
    held = math.ceil(seconds(alert.for_) / round_) * round_
    tree = where.routing
    told = max(
        seconds(wait)
        for route in paging(tree)
        for wait in (route.group_wait or tree.group_wait, route.group_interval or tree.group_interval)
    )
    return seen(stack, group, at, where) + held + told


def critical(where: Plan) -> Iterator[tuple[RuleGroup, int]]:
    for group in where.groups():
        for at, rule in enumerate(group.rules):
            if isinstance(rule, Alert) and rule.severity is Severity.CRITICAL:
                yield group, at


def test_somebody_is_paged_somewhere() -> None:
    assert {"prod", "local"} <= set(PAGING)
    assert len(list(critical(plan("prod")))) >= 4


@pytest.mark.parametrize("stack", PAGING)
def test_a_critical_alert_is_told_within_two_minutes(stack: str) -> None:
    where = plan(stack)
    late = []
    for group, at in critical(where):
        alert = group.rules[at]
        assert isinstance(alert, Alert)
        most = OF_A_BUDGET if alert.signal.name == "error_budget_remaining" else MOST
        if (time := worst(stack, group, at, where)) > most:
            late.append((group.name, alert.name, time))
    assert late == []


@pytest.mark.parametrize("stack", PAGING)
def test_one_evaluation_alone_pages_nobody(stack: str) -> None:
    """``for`` lasts until a further evaluation, which sees a further scrape of every source."""
    where = plan(stack)
    for group, at in critical(where):
        alert = group.rules[at]
        assert isinstance(alert, Alert)
        slowest = max(scrape_interval(stack, one) for one in sources(alert.expr.selectors(), group, where))
        assert seconds(alert.for_) >= max(seconds(group.interval), slowest), alert.name


def test_what_the_stack_deploys_is_scraped_as_often_as_the_systems_say() -> None:
    for system in plan("prod").systems:
        for scrape in system.scrapes:
            if scrape.kind is ScrapeKind.PART:
                expected = ORACLE_INTERVAL if scrape.job == oracle.JOB else SCRAPE_INTERVAL
                assert {e.interval for e in scrape.endpoints} == {expected}, scrape.job


def test_what_waits_longer_would_be_seen() -> None:
    where = plan("prod")
    group, at = next(iter(critical(where)))
    alert = group.rules[at]
    assert isinstance(alert, Alert)
    on_time = worst("prod", group, at, where)
    slow = replace(group, rules=(*group.rules[:at], replace(alert, for_="1m")))
    assert worst("prod", slow, at, where) == on_time + 30
    assert (
        worst("prod", replace(group, interval="45s"), at, where) == on_time + 15 + 15
    )  # evaluation, and `for` in whole rounds


def test_a_chain_of_rules_across_groups_adds_up() -> None:
    """A record of another group is seen one of its own rounds later than its source."""
    where = plan("prod")
    slo = next(g for g in where.groups() if g.name.startswith("slo-"))
    at = next(i for i, r in enumerate(slo.rules) if isinstance(r, Alert) and r.severity is Severity.CRITICAL)
    records = tuple(r for r in slo.rules if isinstance(r, RecordingRule))
    alone = replace(slo, name="alerts", rules=(slo.rules[at],))
    parted = tuple(
        replace(o, groups=(replace(slo, rules=records), alone)) if o.groups == (slo,) else o for o in where.rules
    )
    assert seen("prod", alone, 0, replace(where, rules=parted)) == seen("prod", slo, at, where) + 30
