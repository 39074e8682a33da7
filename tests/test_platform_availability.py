"""The platform as a whole, and what runs out: made of what the systems of a stack say, and nothing without them."""

from __future__ import annotations

import pytest
from stack_alerting import alerting
from stacks import STACKS, run

import systems
from model.rule import RecordingRule
from model.system import Capacity, System
from obs.check.dashboards import by_shape, recomputed
from plan import Plan
from slo.platform import DOWN, inhibitions, platform
from systems.base import Context
from systems.capacity import capacity
from systems.pipeline import pipeline

CONTEXT = Context(cluster="c", namespace="monitoring", workloads=("jobs-.*",))


def built(*names: str) -> list[System]:
    return [systems.build(name, systems.settings_class(name)(), CONTEXT) for name in names]


def whole(*names: str, availability: float | None = 0.999, success: float | None = 0.98) -> System:
    return platform(built(*names), "c", availability=availability, success=success)


def plan(stack: str, **config: object) -> Plan:
    found: Plan = run(stack, config=config).namespace["plan"]
    return found


def test_two_systems_make_a_platform_and_one_does_not() -> None:
    assert not whole("spark").rules
    assert not whole("spark").slos
    assert [slo.name for slo in whole("spark", "trino").slos] == ["platform_availability", "platform_success"]
    assert [slo.name for slo in whole("spark", "argocd").slos] == ["platform_availability"]


def test_what_is_not_promised_is_no_objective_and_availability_is_recorded_all_the_same() -> None:
    left = whole("spark", "trino", availability=None, success=None)
    assert left.slos == ()
    assert "dataops:platform:availability" in {r.record for r in left.rules if isinstance(r, RecordingRule)}
    assert not any("work" in r.record for r in left.records)


def test_a_system_that_says_nothing_counts_as_one_that_cannot_work() -> None:
    records = {r.labels["system"]: str(r.expr) for r in whole("spark", "trino").records if "system" in r.labels}
    assert set(records) == {"spark", "trino"}
    assert all(expr.endswith('or label_replace(vector(0), "cluster", "c", "", "")') for expr in records.values())


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_muted_by_an_alert_that_is_not_deployed(stack: str) -> None:
    found = plan(stack)
    deployed = {alert.name for alert in found.alerts}
    sources = {m.value for i in found.routing.inhibitions for m in i.source if m.label == "alertname"}
    assert sources <= deployed
    assert (DOWN in sources) == (DOWN in deployed)


def test_with_the_alert_goes_what_it_mutes() -> None:
    off = plan("prod", alerting=alerting("prod", overrides={DOWN: {"disabled": "one cluster of many"}}))
    assert not any(m.value == DOWN for i in off.routing.inhibitions for m in i.source)


def test_while_the_platform_is_down_its_systems_are_silent_and_others_are_not() -> None:
    (muted,) = inhibitions(built("spark", "trino", "redis"))
    component, severity = muted.target
    assert component.value == "spark|trino"
    assert "critical" not in severity.value
    assert muted.equal == ("cluster",)


def test_a_forecast_needs_a_window_of_history_and_growth_that_is_more_than_noise() -> None:
    (system,) = built("oracle")
    (record,) = capacity([system]).records
    usage = "dataops:oracle_tablespace:usage_ratio"
    assert f"deriv({usage}[3d]) > 0" in str(record.expr)
    assert f"max_over_time({usage}[3d]) - max_over_time({usage}[3d] offset 3d) > 0.01" in str(record.expr)
    assert f"last_over_time({usage}[1h] offset 6d)" in str(record.expr)
    assert record.labels == {"resource": "tablespace"}
    assert system.capacities == (
        Capacity(resource="tablespace", usage=usage, labels=("database", "tablespace"), days=3),
    )


def test_where_nothing_can_run_out_there_is_no_forecast() -> None:
    assert not capacity(built("spark")).rules
    assert not capacity(built("spark")).signals


@pytest.mark.parametrize(
    ("system", "off"),
    [
        ("spark", {"successObjective": None, "latency": None}),
        ("airflow", {"successObjective": None, "latency": None}),
        ("trino", {"successObjective": None}),
        ("iceberg", {"freshness": None}),
        ("argocd", {"deploymentSuccessObjective": None}),
    ],
)
def test_null_promises_nothing(system: str, off: dict[str, None]) -> None:
    given = systems.settings_class(system)
    assert systems.build(system, given(), CONTEXT).slos
    assert systems.build(system, given.model_validate(off), CONTEXT).slos == ()


def test_a_stage_without_a_time_is_no_record_and_no_stage_at_all_no_pipeline() -> None:
    found = pipeline(built("trino", "iceberg", "minio", "jenkins"))
    assert [rule.labels["stage"] for rule in found.records] == ["03 Build", "08 Trino", "10 Iceberg"]
    assert [signal.name for signal in found.signals] == [
        "stage_time", "bottleneck", "time_to_kubernetes", "time_to_storage",
    ]  # fmt: skip
    assert "time_to_kubernetes" not in {signal.name for signal in pipeline(built("trino")).signals}
    assert not pipeline(built("minio")).rules
    assert not pipeline(built("minio")).signals


def test_what_every_stage_records_is_computed_on_no_page() -> None:
    """The slowest objects of nine stages were 1,445 characters of PromQL over raw series, on three pages."""
    pages = [d for d in plan("prod").dashboards for p in d.panels for s in p.signals if s.name == "stage_time"]
    assert len({page.uid for page in pages}) == 3
    (signal,) = {id(s): s for d in pages for p in d.panels for s in p.signals if s.name == "stage_time"}.values()
    assert all(":" in selector.name for selector in signal.query.selectors())
    recorded = [rule for rule in plan("prod").records if "stage" in rule.labels]
    for rule in recorded:
        assert (rule.expr, rule.record) in list(recomputed(rule.expr, by_shape(recorded)))  # dashboard/raw would say so
