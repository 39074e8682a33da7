"""Every dashboard and panel of spec 60-dashboards is there, or tests/coverage/dashboards.yaml says why not."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

import pytest
import yaml
from stacks import ROOT, SHARED, STACKS, run

from dashboards.thresholds import judges

SPEC = SHARED / "spec" / "60-dashboards.md"
FILE = ROOT / "tests" / "coverage" / "dashboards.yaml"
_SECTION = re.compile(r"^### (4\.\d) ", re.MULTILINE)
_ROW = re.compile(r"^\|(.*)\|$", re.MULTILINE)


@cache
def covered() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())
    return found


# What each type of the specification may be here; any other type has the name of its kind.
KINDS = {
    "time series": {"timeseries"},
    "bar": {"bargauge"},
    "bar gauge": {"bargauge"},
    "link card": {"stat", "text"},
    "node graph/table": {"table"},
    "annotations/table": {"table"},
    "table/text": {"table", "text"},
}


@cache
def boards() -> set[str]:
    return {d.uid for stack in STACKS for d in run(stack).namespace["plan"].dashboards}


@cache
def shown() -> dict[str, bool]:
    """``<kind> <uid>/<title>`` of every panel: whether it tells good from bad."""
    found: dict[str, bool] = {}
    for stack in STACKS:
        for dashboard in run(stack).namespace["plan"].dashboards:
            for panel in dashboard.panels:
                told = judges(panel.thresholds) or panel.tiers or any(s.states for s in panel.signals)
                found[f"{panel.kind} {dashboard.uid}/{panel.title}"] = told
    return found


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("name", sorted(covered()["panels"]))
def test_what_stands_for_a_panel_is_there(name: str) -> None:
    value = covered()["panels"][name]
    if isinstance(value, dict):
        assert len(value["reason"]) > 10
    else:
        assert set(listed(value)) <= shown().keys()


def test_every_dashboard_is_there() -> None:
    assert set(covered()["boards"].values()) <= boards()
    assert len(covered()["boards"]) == 25


def test_a_panel_that_no_stack_has_would_be_seen() -> None:
    assert "stat dataops-gitops/No such panel" not in shown()


def test_a_panel_of_another_kind_would_be_seen() -> None:
    assert "heatmap dataops-workload/Task times" in shown()
    assert "timeseries dataops-workload/Task times" not in shown()


class Row(NamedTuple):
    name: str
    """``<section>/<panel>``"""
    type: str
    limits: bool


def wanted(text: str) -> list[Row]:
    """Every row of the tables of section 4: the panel is the first cell, or the second; the limits are the last."""
    found = []
    for part in re.split(r"^(?=### )", text, flags=re.MULTILINE):
        section = _SECTION.match(part)
        for row in _ROW.findall(part) if section else ():
            assert section is not None
            cells = [cell.strip() for cell in row.split("|")]
            name, kind = cells[:2] if section[1] == "4.0" else cells[1:3]
            if name != "panel" and not name.startswith("--"):
                found.append(Row(f"{section[1]}/{name}", kind.partition(" (")[0], cells[-1] not in ("—", "")))
    return found


def unlike(rows: list[Row], panels: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Rows for which no panel is of their kind, and rows with limits for which no panel has any."""
    there = [(row, listed(panels[row.name])) for row in rows if not isinstance(panels[row.name], dict)]
    kinds = {row.name for row, of in there if not KINDS.get(row.type, {row.type}) & {p.split()[0] for p in of}}
    return kinds, {row.name for row, of in there if row.limits and not any(shown()[panel] for panel in of)}


def test_another_kind_and_missing_limits_are_seen() -> None:
    row = Row("a", "heatmap", limits=True)
    assert unlike([row], {"a": "timeseries dataops-gitops/Pods by phase"}) == ({"a"}, {"a"})
    assert unlike([row], {"a": ["heatmap dataops-workload/Task times", "gauge dataops-e2e/Platform utilisation"]}) == (
        set(),
        set(),
    )


@pytest.mark.skipif(not SPEC.is_file(), reason="the specification is not beside this checkout")
def test_no_panel_of_the_specification_is_missing() -> None:
    rows = wanted(SPEC.read_text())
    assert len([row for row in rows if not row.name.startswith("4.0/")]) == 96
    assert sorted({row.name for row in rows} - covered()["panels"].keys()) == []


@pytest.mark.skipif(not SPEC.is_file(), reason="the specification is not beside this checkout")
def test_panels_are_of_the_kind_and_have_the_limits_of_the_specification() -> None:
    kinds, limits = unlike(wanted(SPEC.read_text()), covered()["panels"])
    assert kinds == covered()["other_kinds"].keys()
    assert limits == covered()["without_limits"].keys()
