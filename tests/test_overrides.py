"""A stack changes alerts by name, and every name is one."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from stack_alerting import alerting
from stack_settings import error_of
from stacks import run

from alerting.overrides import RoutedSeverity
from dashboards.thresholds import SEVERITY
from model.rule import Alert, Severity
from plan import Plan


def plan(**overrides: dict[str, Any]) -> Plan:
    config = {"alerting": alerting("prod", overrides=overrides)} if overrides else None
    found: Plan = run("prod", config=config).namespace["plan"]
    return found


def named(found: Plan, name: str) -> list[Alert]:
    return [alert for alert in found.alerts if alert.name == name]


def test_what_is_given_replaces_and_the_rest_stays() -> None:
    before = named(plan(), "CPUCapacityLow")[0]
    changes = {"threshold": 0.9, "for": "20m", "severity": "medium", "labels": {"team": "platform"}}
    found = plan(CPUCapacityLow=changes)
    (after,) = named(found, "CPUCapacityLow")
    assert (after.threshold, after.for_, after.severity) == (0.9, "20m", Severity.MEDIUM)
    assert after.labels == {**before.labels, "team": "platform"}
    assert (after.summary, after.component, after.op) == (before.summary, before.component, before.op)
    shown = found.panel_showing(after.signal)
    assert shown is not None
    assert 0.9 in {step.value for step in shown[1].thresholds}


RECORD = "dataops:cluster:cpu_usage_ratio"
EVERY = dict(
    zip(
        ("CPUUsageHigh", "CPUCapacityLow", "MemoryUsageHigh", "ArgoCDSyncSlow", "SparkGCTimeHigh", "StorageUsageHigh"),
        get_args(RoutedSeverity),
        strict=True,
    )
)


def test_an_alert_of_any_severity_is_told_and_colours_its_panel() -> None:
    recording = run(
        "prod", config={"alerting": alerting("prod", overrides={n: {"severity": s} for n, s in EVERY.items()})}
    )
    boards = json.dumps([r.inputs for r in recording.resources if r.name.startswith("dashboard")])
    for name, severity in EVERY.items():
        (alert,) = named(recording.namespace["plan"], name)
        assert alert.severity == severity
        assert SEVERITY[alert.severity].hex in boards
        assert f"{name} ({severity})" in boards


def test_a_disabled_alert_is_not_deployed_and_its_runbook_is_not_read() -> None:
    assert not named(plan(ArgoCDSyncSlow={"disabled": "syncs are slow here"}), "ArgoCDSyncSlow")
    assert named(plan(), "ArgoCDSyncSlow")


def test_the_alert_of_one_objective_can_be_meant() -> None:
    found = plan(**{"ErrorBudgetExhausted:deployment_success": {"severity": "high"}})
    severities = {alert.labels["slo"]: alert.severity for alert in named(found, "ErrorBudgetExhausted")}
    assert severities.pop("deployment_success") is Severity.HIGH
    assert set(severities.values()) <= {Severity.CRITICAL}


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"CPUCapacityLo": {"for": "1m"}}, "did you mean 'CPUCapacityLow'?"),
        ({"NothingLikeIt": {"disabled": "x"}}, "has that alert; `obs inventory` lists what there is"),
        (
            {"KubePodCrashLooping": {"for": "1m"}},
            "is a rule of the chart, which no stack deploys (ADR 3): PodCrashLooping of ours tells it",
        ),
        ({"KubePodNotReady": {"for": "1m"}}, "PodNotReady and PodNotStarting of ours tell it"),
        ({"etcdNoLeader": {"for": "1m"}}, "EtcdNoLeader of ours tells it"),
        ({"KubeProxyDown": {"disabled": "x"}}, "kube-proxy is not scraped; many clusters run none"),
        ({"Watchdog": {"disabled": "noise"}}, "overrides.Watchdog: is the heartbeat, which always fires"),
        (
            {RECORD: {"disabled": "x"}},
            f"{RECORD}: is a recording rule, which CPUCapacityLow, CPUUsageHigh, ",
        ),
        ({"dataops:no:such_record": {"disabled": "x"}}, "no enabled system and no objective has that alert"),
        (
            {"CPUCapacityLow": {"disabled": " "}},
            "CPUCapacityLow.disabled: must be the reason why the stack does without",
        ),
        ({"cpu": {"for": "1m"}}, "must be the name of an alert"),
        ({"CPUCapacityLow": {}}, "changes nothing"),
        ({"CPUCapacityLow": {"disabled": "x", "for": "1m"}}, "excludes the rest"),
        ({"CPUCapacityLow": {"labels": {"severity": "high"}}}, "labels.severity: is the program's"),
        ({"CPUCapacityLow": {"severity": "worst"}}, "must be one of"),
        ({"CPUCapacityLow": {"threshold": "0.9"}}, "threshold"),
        ({"CPUCapacityLow": {"for": "20 minutes"}}, "for: must be"),
    ],
)
def test_a_wrong_override_is_refused_where_it_stands(overrides: dict[str, Any], says: str) -> None:
    assert says in error_of({"alerting": alerting("prod", overrides=overrides)})
