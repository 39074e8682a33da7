"""Every dashboard and panel of spec 60-dashboards is there, or tests/coverage/dashboards.yaml says why not."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml
from stacks import ROOT, SHARED, STACKS, run

SPEC = SHARED / "spec" / "60-dashboards.md"
FILE = ROOT / "tests" / "coverage" / "dashboards.yaml"
_SECTION = re.compile(r"^### (4\.\d) ", re.MULTILINE)
_ROW = re.compile(r"^\|(.*)\|$", re.MULTILINE)


@cache
def covered() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())
    return found


@cache
def shown() -> set[str]:
    boards = [d for stack in STACKS for d in run(stack).namespace["plan"].dashboards]
    return {f"{d.uid}/{panel.title}" for d in boards for panel in d.panels} | {d.uid for d in boards}


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("name", sorted(covered()["panels"]))
def test_what_stands_for_a_panel_is_there(name: str) -> None:
    value = covered()["panels"][name]
    if isinstance(value, dict):
        assert len(value["reason"]) > 10
    else:
        assert set(listed(value)) <= shown()


def test_every_dashboard_is_there() -> None:
    assert set(covered()["boards"].values()) <= shown()
    assert len(covered()["boards"]) == 25


def test_a_panel_that_no_stack_has_would_be_seen() -> None:
    assert "dataops-gitops/No such panel" not in shown()


def wanted(text: str) -> list[str]:
    """``<section>/<panel>`` of every row of the tables of section 4: the panel is the first cell, or the second."""
    found = []
    for part in re.split(r"^(?=### )", text, flags=re.MULTILINE):
        section = _SECTION.match(part)
        for row in _ROW.findall(part) if section else ():
            assert section is not None
            cells = [cell.strip() for cell in row.split("|")]
            name = cells[0] if section[1] == "4.0" else cells[1]
            if name != "panel" and not name.startswith("--"):
                found.append(f"{section[1]}/{name}")
    return found


@pytest.mark.skipif(not SPEC.is_file(), reason="the specification is not beside this checkout")
def test_no_panel_of_the_specification_is_missing() -> None:
    rows = wanted(SPEC.read_text())
    assert len([row for row in rows if not row.startswith("4.0/")]) == 96
    assert sorted(set(rows) - covered()["panels"].keys()) == []
