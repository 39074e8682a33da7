"""Every requirement has its counterpart in the program, or a reason: tests/coverage/*.yaml.

A file has ``ids`` (id of the specification -> ``alert``, ``record``, ``objective``, ``signal`` or ``test``, each a name
or a list, or ``reason``), ``metrics`` (name in the specification -> ``instead`` and ``reason``) and ``words`` (what
looks like a metric there and is none -> what it is). ``later`` is what is not there yet. ``milder`` says why an alert
of a row that states a level is below it.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import Any

import pytest
import yaml
from stacks import ROOT, SHARED, STACKS, run

import contracts
from model.contract import exposed_names
from model.rule import Severity
from plan import Plan

SPEC = SHARED / "spec"
FILES = [f for f in sorted((ROOT / "tests" / "coverage").glob("*.yaml")) if f.name != "dashboards.yaml"]
KINDS = ("alert", "record", "objective", "signal", "test")
_ROW = re.compile(r"^\| ([RANTOVQ]\d+[a-z]?) \|", re.MULTILINE)
_LEVEL = re.compile(r"^\| (T\d+) \|(?:[^|]*\|){3} (Critical|High|Medium|Low) \|", re.MULTILINE)
_NAME = re.compile(r"`([a-z][a-zA-Z0-9]*(?:[_:][a-zA-Z0-9_:]+)+)(?:\{[^`]*\})?`")


@cache
def merged() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {"ids": {}, "metrics": {}, "words": {}, "later": {}}
    for file in FILES:
        for part, entries in yaml.safe_load(file.read_text()).items():
            twice = found[part].keys() & entries.keys()
            assert not twice, f"{file.name}: {part} {sorted(twice)} are in another file too"
            found[part] |= entries
    return found


@cache
def plans() -> tuple[Plan, ...]:
    return tuple(run(stack).namespace["plan"] for stack in STACKS)


@cache
def names(kind: str) -> set[str]:
    of = {
        "alert": lambda plan: (alert.name for alert in plan.alerts),
        "record": lambda plan: (record.record for record in plan.records),
        "objective": lambda plan: (objective.slo.name for objective in plan.objectives),
        "signal": lambda plan: (f"{owner}.{signal.name}" for owner, signal in plan.signals()),
    }
    return set(chain.from_iterable(map(of[kind], plans())))


@cache
def exposed() -> set[str]:
    return {name for contract in contracts.names() for name in exposed_names(contracts.load(contract))}


def listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]


@pytest.mark.parametrize("key", sorted(merged()["ids"]))
def test_what_meets_a_requirement_is_there(key: str) -> None:
    entry = merged()["ids"][key]
    assert entry.keys() & {*KINDS, "reason"}, f"{key}: give one of {', '.join(KINDS)}, or a reason"
    for kind in entry.keys() & set(KINDS):
        for name in listed(entry[kind]):
            if kind == "test":
                assert f"def {name}(" in all_tests(), f"{key}: no test {name}"
            else:
                assert name in names(kind), f"{key}: no stack has the {kind} {name}"
    assert "reason" not in entry or len(entry["reason"]) > 10


@cache
def all_tests() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("name", sorted(merged()["metrics"]))
def test_what_stands_for_a_metric_is_really_exposed(name: str) -> None:
    entry = merged()["metrics"][name]
    for other in listed(entry.get("instead", ())):
        assert other in exposed() | names("record"), f"{name}: nothing exposes or records {other}"
    assert entry.get("instead") or len(entry.get("reason", "")) > 10


specified = pytest.mark.skipif(not SPEC.is_dir(), reason="the specification is not beside this checkout")


@specified
@pytest.mark.parametrize("page", ["30-rules.md", "40-slo.md", "50-alerting.md"])
def test_no_requirement_is_missing(page: str) -> None:
    wanted = set(_ROW.findall((SPEC / page).read_text()))
    assert wanted
    assert sorted(wanted - merged()["ids"].keys() - merged()["later"].keys()) == []


@specified
def test_what_is_milder_than_the_requirement_has_a_reason() -> None:
    levels = dict(_LEVEL.findall((SPEC / "30-rules.md").read_text()))
    assert levels["T05"] == "Critical"
    found = merged()["ids"]
    below = {key for key, level in levels.items() if milder(listed(found[key].get("alert", ())), level)}
    assert below == {key for key, entry in found.items() if "milder" in entry}


def milder(alerts: list[str], level: str) -> list[str]:
    """Those that no stack has at the level, or worse."""
    order = list(Severity)
    allowed = order[: order.index(Severity(level.lower())) + 1]
    reached = {alert.name for plan in plans() for alert in plan.alerts if alert.severity in allowed}
    return [name for name in alerts if name not in reached]


def test_what_is_milder_is_seen() -> None:
    assert milder(["OOMKillFrequent", "OOMKill"], "Critical") == ["OOMKill"]
    assert milder(["OOMKill"], "Low") == []


@specified
def test_every_metric_of_the_sources_is_accounted_for() -> None:
    wanted = set(_NAME.findall((SPEC / "20-sources.md").read_text()))
    known = merged()["metrics"].keys() | merged()["words"].keys() | exposed() | names("record")
    assert "spark_job_status" in wanted
    assert sorted(wanted - known) == []


def test_a_name_that_no_stack_has_would_be_seen() -> None:
    assert "NoSuchAlert" not in names("alert")
    assert {"argocd_app_info", "argocd_app_health_status"} & exposed() == {"argocd_app_info"}
