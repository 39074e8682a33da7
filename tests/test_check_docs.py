"""docs/checks.md: a section for each check, and every example does what it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from promql_samples import findings, recording

from obs.check.infer import Expression

ROOT = Path(__file__).resolve().parent.parent
_ID = r"(?:promql|rules|alert|signal|dashboard|deployed|chart|wiring|security|image|upgrade|object|file)/[a-z-]+"
_SECTION = re.compile(rf"^## ({_ID})\n(.*?)(?=^##? |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECTIONS = dict(_SECTION.findall((ROOT / "docs" / "checks.md").read_text()))


def written(entry: Mapping[str, Any], line: int) -> Expression:
    where = f"docs/checks.md:{line}"
    if "record" in entry:
        return recording(entry["record"], entry["expr"], where, labels=entry.get("labels", {}))
    if "alert" in entry:
        texts = (entry.get("description", ""),)
        return Expression(entry["expr"], "alert", f"alert {entry['alert']}", where, templates=texts)
    return Expression(entry["panel"], "panel", f"panel {line}", where)


def checks_of(entries: list[Mapping[str, Any]]) -> list[str]:
    return [f.check for f in findings(*(written(entry, line) for line, entry in enumerate(entries, 1)))]


def test_every_check_has_a_section_and_every_section_a_check() -> None:
    rooms = (ROOT / "obs" / room for room in ("check", "accept"))
    code = "".join(path.read_text() for room in rooms for path in room.rglob("*.py"))
    assert set(re.findall(rf'"({_ID})"', code)) == SECTIONS.keys()


@pytest.mark.parametrize("check", SECTIONS)
def test_a_section_says_how_to_mend_it(check: str) -> None:
    assert "\nFix: " in SECTIONS[check]


@pytest.mark.parametrize("check", [check for check in SECTIONS if check.startswith(("promql/", "rules/"))])
def test_the_examples_of_a_section_are_found_and_fine(check: str) -> None:
    (block,) = _BLOCK.findall(SECTIONS[check])
    examples = yaml.safe_load(block)
    if check.startswith("rules/"):
        assert checks_of(examples["found"]) == [check]
    else:
        assert [checks_of([example]) for example in examples["found"]] == [[check]] * len(examples["found"])
    assert checks_of(examples["fine"]) == []
