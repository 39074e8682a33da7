"""Rules that look back further than Prometheus keeps are the Ruler's, and so are those that read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stacks import run

from model.promql import eq, metric, over_time
from model.quantity import seconds
from model.rule import Evaluator, RecordingRule, RuleGroup, RuleObject
from obs.record import ProgramError
from placement import placed

REMOTE = {"kind": "remoteWrite", "remoteWrite": {"url": "https://m.example/push", "queryUrl": "https://m.example/q"}}
# Of production's rules that alone looks back further than Prometheus keeps.
NOTHING_LONG: dict[str, object] = {"platformObjectives": {"availability": None}}
NOTHING_STORED: dict[str, object] = {
    "objectStorage": {},
    "metricsStore": REMOTE,
    "logs": {"enabled": False},
    "traces": {"enabled": False},
}


def record(name: str, of: str, window: str, **labels: str) -> RecordingRule:
    only = [eq(key, value) for key, value in labels.items()]
    return RecordingRule(record=name, expr=over_time("avg", metric(of, *only), window), labels=labels)


def names(objects: tuple[RuleObject, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for obj in objects:
        rules = [rule for group in obj.groups for rule in group.rules]
        found.setdefault(obj.evaluator.value, []).extend(r.record for r in rules if isinstance(r, RecordingRule))
    return found


def one(*rules: RecordingRule) -> tuple[RuleObject, ...]:
    return placed([RuleObject("x", (RuleGroup(name="g", interval="30s", rules=rules),))], seconds("15d"))


def test_a_rule_is_where_its_data_is() -> None:
    objects = one(record("a:near", "up", "15d"), record("a:far", "up", "30d"))
    assert names(objects) == {"prometheus": ["a:near"], "thanos-ruler": ["a:far"]}
    assert [obj.name for obj in objects] == ["x", "x-long-range"]
    assert {group.name for obj in objects for group in obj.groups} == {"g"}


def test_what_reads_a_rule_of_the_ruler_goes_along_whatever_its_own_window() -> None:
    chain = (record("a:third", "a:second", "5m"), record("a:second", "a:far", "5m"), record("a:far", "up", "30d"))
    assert names(one(*chain, record("a:other", "up", "5m"))) == {
        "prometheus": ["a:other"],
        "thanos-ruler": ["a:third", "a:second", "a:far"],
    }


def test_a_reader_of_another_objective_under_the_same_name_stays() -> None:
    objects = one(
        record("slo:ratio", "slo:bad", "30d", slo="monthly"),
        record("slo:ratio", "slo:bad", "7d", slo="weekly"),
        record("a:weekly", "slo:ratio", "5m", slo="weekly"),
        record("a:monthly", "slo:ratio", "5m", slo="monthly"),
    )
    assert names(objects) == {"prometheus": ["slo:ratio", "a:weekly"], "thanos-ruler": ["slo:ratio", "a:monthly"]}


def test_nothing_is_lost_or_evaluated_twice() -> None:
    settings: tuple[dict[str, object], ...] = ({}, {"prometheus": {"retention": "6d"}})
    whole, short = (run(config={**NOTHING_LONG, **given}).namespace["plan"] for given in settings)
    assert {obj.evaluator for obj in whole.rules} == {Evaluator.PROMETHEUS}
    assert {obj.evaluator.value for obj in short.rules} == {"prometheus", "thanos-ruler"}

    def all_of(plan: Any) -> list[str]:
        return sorted(str(rule.where) + str(rule.expr) for group in plan.groups() for rule in group.rules)

    assert all_of(whole) == all_of(short)


def test_every_object_says_who_evaluates_it() -> None:
    recording = run(config={"prometheus": {"retention": "6d"}})
    found = {
        r.name: r.inputs["metadata"]["labels"]["dataops.io/evaluated-by"]
        for r in recording.resources
        if r.type.endswith(":PrometheusRule")
    }
    assert found["rules-slo-deployment-success"] == "prometheus"
    assert found["rules-slo-deployment-success-long-range"] == "thanos-ruler"


def test_a_rule_that_nobody_else_can_evaluate_is_refused() -> None:
    with pytest.raises(ProgramError) as caught:
        run(config={**NOTHING_STORED, "prometheus": {"retention": "6d"}})
    assert "prometheus.retention: 6d is shorter than the 7d that" in str(caught.value)
    assert "without Thanos nobody else can evaluate it" in str(caught.value)


def test_the_platform_is_promised_what_somebody_can_look_back_for() -> None:
    def promised(**config: object) -> bool:
        return "platform_availability" in {o.slo.name for o in run(config=config).namespace["plan"].objectives}

    assert promised()
    assert not promised(**NOTHING_STORED)
    assert promised(**NOTHING_STORED, prometheus={"retention": "30d"})
    with pytest.raises(ProgramError, match=r"prometheus\.retention: 15d is shorter than the 30d"):
        promised(**NOTHING_STORED, platformObjectives={"availability": 0.99})


@pytest.mark.parametrize("short", ["business", "infrastructure", "application"])
def test_a_window_longer_than_the_class_that_it_reads_is_kept_is_refused(short: str) -> None:
    plan = run(config={"prometheus": {"retention": "6d"}}).namespace["plan"]
    assert plan.problems() == []
    for length, refused in (("5d", True), ("30d", False)):
        kept = {kind: length if kind == short else whole for kind, whole in plan.kept.items()}
        problems = replace(plan, kept=kept).problems()
        # Objectives read what is of class business, forecasts of a week the rest.
        assert [line.partition(":")[0] for line in problems] == [
            f"metricsStore.retention.{short}.fiveMinutes" for _ in range(refused)
        ]


def test_the_series_of_a_stack_fall_into_classes() -> None:
    series = run().namespace["plan"].series
    assert "argocd-server" in series["application"].jobs
    assert "node-exporter" not in series["application"].jobs
    assert "slo:error_budget_remaining:ratio" in series["business"].records
    assert not set(series["business"].records) & set(series["application"].records)


def test_shards_leave_every_rule_to_the_ruler() -> None:
    """Each shard would evaluate it on a part of the series, and absent() would always fire in some."""
    plan = run(config={**NOTHING_LONG, "prometheus": {"shards": 2}}).namespace["plan"]
    assert {obj.evaluator for obj in plan.rules} == {Evaluator.RULER}
    whole = {obj.name for obj in run(config=NOTHING_LONG).namespace["plan"].rules}
    assert {obj.name for obj in plan.rules} == whole


def test_shards_without_a_ruler_are_refused() -> None:
    with pytest.raises(ProgramError) as caught:
        run(config={**NOTHING_STORED, "prometheus": {"shards": 2}})
    assert "prometheus.shards: each shard sees a part of the series" in str(caught.value)
    assert run(config={**NOTHING_STORED, "size": "large"}).namespace["settings"].shards == 1


def test_a_guard_matches_a_record_by_what_its_aggregation_keeps() -> None:
    """The Ruler reads records with the labels of the Prometheus that sent them; the guard has lost these."""
    alerts = {alert.name: str(alert.expr) for alert in run("prod").namespace["plan"].alerts}
    assert " and on (cluster, integration) sum by (cluster, integration) (" in alerts["AlertmanagerNotificationsLost"]
    assert " and on (cluster, job) time() - max by (cluster, job) (" in alerts["ThanosCompactNotRunning"]
