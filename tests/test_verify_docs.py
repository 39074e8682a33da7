"""docs/verify.md has a line for each id that verifying can report, and for no other."""

from __future__ import annotations

import ast
import re

from stacks import ROOT

CHECKS = ("targets", "contracts", "rules", "panels", "choices", "datasources", "queries", "collector", "roundtrip")
_REPORTING = ("_finding", "_of_group", "_grouped", "_label", "_Loss")


def reported() -> set[str]:
    """Ids in the modules of the checks: ``check="a/b"``, or the name that a module's own helper is given."""
    found: set[str] = set()
    for check in CHECKS:
        for node in ast.walk(ast.parse((ROOT / "obs" / "verify" / f"{check}.py").read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            texts = [a.value for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if name in _REPORTING and texts:
                found.add(f"{check}/{texts[0]}")
            found |= {
                str(k.value.value) for k in node.keywords if k.arg == "check" and isinstance(k.value, ast.Constant)
            }
    return found


def test_every_id_is_documented_and_every_documented_id_is_reported() -> None:
    lines = [line for line in (ROOT / "docs" / "verify.md").read_text().splitlines() if line.startswith("| `")]
    told = {one for line in lines for one in re.findall(rf"`((?:{'|'.join(CHECKS)})/[a-z-]+)`", line.split("|")[1])}
    assert told == reported()
    assert len(told) > 20
