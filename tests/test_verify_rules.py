"""Rules of a running stack beside the plan's."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from fake_stack import CLUSTER, Fake, as_planned, group, plan, served

from model.rule import Evaluator
from obs.verify.client import Server
from obs.verify.finding import Result
from obs.verify.rules import _Planned, check_rules, normalised
from placement import placed
from plan import Plan


def checked(fake: Fake, of: Plan | None = None, ruler: Fake | None = None) -> Result:
    with ExitStack() as stack:
        prometheus = stack.enter_context(Server(stack.enter_context(served(fake)), "Prometheus"))
        querier = stack.enter_context(Server(stack.enter_context(served(ruler)), "Querier")) if ruler else None
        return check_rules(prometheus, of or plan(), CLUSTER, querier)


def rule(fake: Fake, name: str) -> dict[str, Any]:
    return next(r for g in fake.groups for r in g["rules"] if r["name"] == name)


def test_rules_as_planned_are_clean_and_their_time_is_told() -> None:
    result = checked(as_planned())
    assert result.findings == ()
    assert result.ok == result.total == len(plan().records) + len(plan().alerts)
    assert result.facts["slowest"]["seconds"] == 0.000266057
    assert result.facts["total_seconds"] == pytest.approx(0.000969876 * len(list(plan().groups())))


@pytest.mark.parametrize(
    ("written", "answered"),
    [  # as Prometheus 3.15 gives them back
        (
            'max by (cluster, pod) (kube_pod_status_phase{phase=~"Pending|Unknown", namespace=~"a.*"}) > 0',
            'max by (cluster, pod) (kube_pod_status_phase{namespace=~"a.*",phase=~"Pending|Unknown"}) > 0',
        ),
        ("avg_over_time(slo:events_bad:rate5m[7d])", "avg_over_time(slo:events_bad:rate5m[1w])"),
        ('up{job="a}b,c"} * 2592000', 'up{job="a}b,c"} * 2.592e+06'),
        ("a and (b or c)", "a and (b or c)"),
    ],
)
def test_an_expression_may_be_spelt_otherwise(written: str, answered: str) -> None:
    assert normalised(written) == normalised(answered)


@pytest.mark.parametrize(
    ("written", "answered"),
    [('up{job="a"}', 'up{job="b"}'), ("a and (b or c)", "a and b or c"), ("x[5m]", "x[6m]"), ("a > 1", "a >= 1")],
)
def test_another_expression_is_another(written: str, answered: str) -> None:
    assert normalised(written) != normalised(answered)


def test_an_expression_that_the_parser_does_not_know_is_compared_as_it_is() -> None:
    assert normalised("sum(x) by (") == "sum(x) by ("


def test_a_rule_that_is_not_loaded_is_an_error_where_it_is_defined() -> None:
    fake = as_planned()
    for one in fake.groups:
        one["rules"] = [r for r in one["rules"] if r["name"] != "OOMKill"]
    result = checked(fake)
    [finding] = result.findings
    assert (finding.check, finding.subject) == ("rules/missing", "alert OOMKill")
    assert (finding.where or "").startswith("systems/kubernetes/alerts.py:")
    assert result.ok == result.total - 1


def test_a_group_that_is_not_loaded_is_said_so() -> None:
    fake = as_planned()
    fake.groups = [one for one in fake.groups if one["name"] != "heartbeat"]
    [finding] = checked(fake).findings
    assert "nor anything else of group heartbeat" in finding.message


@pytest.mark.parametrize(
    ("change", "check", "said"),
    [
        ({"query": "vector(0) > 0"}, "rules/expression", "another expression is loaded"),
        ({"duration": 7200}, "rules/for", "waits 7200s"),
        ({"health": "err", "lastError": "many-to-many"}, "rules/health", "is err: many-to-many"),
        ({"lastEvaluation": "0001-01-01T00:00:00Z", "health": "unknown"}, "rules/unevaluated", "never evaluated"),
        ({"labels": {"severity": "info"}}, "rules/missing", "is not in group heartbeat"),
    ],
)
def test_a_rule_that_is_not_as_planned_is_found(change: dict[str, Any], check: str, said: str) -> None:
    fake = as_planned()
    rule(fake, "Watchdog").update(change)
    findings = [f for f in checked(fake).findings if f.severity == "error"]
    assert [f.check for f in findings] == [check]
    assert said in findings[0].message


def test_a_group_at_another_interval_is_found() -> None:
    fake = as_planned()
    next(g for g in fake.groups if g["name"] == "heartbeat")["interval"] = 600
    [finding] = checked(fake).findings
    assert finding.check == "rules/interval"


def test_a_group_that_takes_longer_than_its_interval_is_found() -> None:
    fake = as_planned()
    next(g for g in fake.groups if g["name"] == "heartbeat")["evaluationTime"] = 99.0
    [finding] = checked(fake).findings
    assert finding.check == "rules/slow"


def test_rules_of_somebody_else_are_only_mentioned() -> None:
    fake = as_planned()
    alien = {**rule(fake, "Watchdog"), "name": "Alien"}
    fake.groups.append(group("shop", "30s", [alien]))
    result = checked(fake)
    [finding] = result.findings
    assert (finding.severity, finding.names) == ("info", ("shop/Alien",))
    assert result.ok == result.total


def test_rules_of_another_cluster_behind_a_querier_do_not_count() -> None:
    fake = as_planned()
    broken = {**rule(fake, "Watchdog"), "health": "err"}
    broken["labels"] = {**broken["labels"], "cluster": "elsewhere"}
    fake.groups.append(group("heartbeat", "1s", [broken]))
    assert checked(fake).findings == ()


def split() -> tuple[Plan, Fake, Fake]:
    """A plan of which the Ruler has some rules, Prometheus with the others, and a querier that has both."""
    of = replace(plan(), rules=placed(plan().rules, 3600))
    prometheus, querier = as_planned(), as_planned()
    near, far = _of(of, Evaluator.PROMETHEUS), _of(of, Evaluator.RULER)
    for group_ in prometheus.groups:
        group_["rules"] = [one for one in group_["rules"] if not any(rule_.is_rule(one) for rule_ in far)]
    assert near
    assert far
    return of, prometheus, querier


def _of(of: Plan, evaluator: Evaluator) -> list[Any]:
    names = [obj for obj in of.rules if obj.evaluator is evaluator]
    return [_Planned(group_, one) for obj in names for group_ in obj.groups for one in group_.rules]


def test_rules_of_the_ruler_are_asked_of_the_querier() -> None:
    of, prometheus, querier = split()
    result = checked(prometheus, of, querier)
    assert result.findings == ()
    assert result.ok == result.total == len(of.records) + len(of.alerts)


def test_a_rule_that_the_ruler_has_not_loaded_is_missing() -> None:
    of, prometheus, querier = split()
    lost = _of(of, Evaluator.RULER)[0]
    for group_ in querier.groups:
        group_["rules"] = [one for one in group_["rules"] if not lost.is_rule(one)]
    [finding] = checked(prometheus, of, querier).findings
    assert (finding.check, finding.subject) == ("rules/missing", lost.subject)


def test_without_a_querier_rules_of_the_ruler_are_not_held_against_prometheus() -> None:
    of, prometheus, _ = split()
    [finding] = checked(prometheus, of).findings
    assert (finding.check, finding.severity) == ("rules/ruler", "info")
    assert f"{len(_of(of, Evaluator.RULER))} rules are the Thanos Ruler's" in finding.message


def test_a_querier_in_the_place_of_prometheus_has_the_rules_of_both() -> None:
    of, _, querier = split()
    assert checked(querier, of).findings == ()


def test_a_rule_of_the_ruler_that_prometheus_evaluates_too_is_told() -> None:
    of, _, querier = split()
    [finding] = checked(querier, of, querier).findings
    assert finding.check == "rules/other"
