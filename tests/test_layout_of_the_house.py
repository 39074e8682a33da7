"""Imports run one way, and files stay rooms one can oversee."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from stacks import ROOT

# A room may import the rooms before it.
ORDER = (
    "model",
    "contracts",
    "systems",
    "slo",
    "alerting",
    "dashboards",
    "settings",
    "pace",
    "placement",
    "cardinality",
    "plan",
    "components",
    "__main__",
    "obs",
)
# Rooms on one floor do not know each other.
APART = {
    ("systems", "slo"),
    ("systems", "contracts"),
    ("slo", "contracts"),
    ("alerting", "contracts"),
    ("alerting", "systems"),
}
WITH_PULUMI = {"settings", "components", "__main__", "obs"}
LONGEST_FILE = 280
LONGEST_FUNCTION = 60


def sources() -> list[Path]:
    found = [ROOT / f"{room}.py" for room in ORDER if (ROOT / f"{room}.py").is_file()]
    return sorted([*found, *(path for room in ORDER for path in (ROOT / room).rglob("*.py"))])


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def violations(room: str, names: set[str]) -> list[str]:
    found = [f"{room} imports {name}" for name in names & set(ORDER[ORDER.index(room) + 1 :])]
    found += [f"{a} and {b} import each other" for a, b in APART if room in (a, b) and names & ({a, b} - {room})]
    if room not in WITH_PULUMI and names & {"pulumi", "pulumi_kubernetes", "pulumi_random"}:
        found.append(f"{room} imports pulumi")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_imports_only_what_comes_before_it(path: Path) -> None:
    assert violations(room_of(path), imported(path)) == []


@pytest.mark.parametrize(
    ("room", "names"),
    [("model", {"systems"}), ("systems", {"slo"}), ("dashboards", {"pulumi"}), ("components", {"obs"})],
)
def test_a_wrong_import_would_be_seen(room: str, names: set[str]) -> None:
    assert violations(room, names)


def test_obs_does_not_import_the_heavy_sdk_modules() -> None:
    heavy = {"pulumi_kubernetes.core", "pulumi_kubernetes.apps"}
    for path in sources():
        text = path.read_text()
        assert not any(f"import {name}" in text or f"from {name}" in text for name in heavy), path


def exporters() -> list[Path]:
    return sorted((ROOT / "exporters").rglob("*.py"))


@pytest.mark.parametrize("path", exporters(), ids=lambda p: str(p.relative_to(ROOT)))
def test_an_exporter_knows_neither_the_program_nor_another_exporter(path: Path) -> None:
    """It is an image of its own, in which neither is."""
    own = path.relative_to(ROOT / "exporters").parts[1]
    others = {folder.name for folder in (ROOT / "exporters").glob("*/*_exporter")} - {own}
    assert imported(path) & {*ORDER, *others} == set()


@pytest.mark.parametrize("path", [*sources(), *exporters()], ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_can_be_overseen(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            # A list of declarations may be long: it has no branch to follow.
            branches = any(isinstance(n, ast.If | ast.For | ast.While | ast.Try | ast.With) for n in ast.walk(node))
            assert length <= LONGEST_FUNCTION or not branches, f"{node.name}: {length} lines"
