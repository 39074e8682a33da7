"""The deployed rules over made-up series, by promtool. Skipped where there is none."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from real_prometheus import rule_files
from real_tools import REAL, needs
from stacks import ROOT, STACKS, run

CASES = [path for path in sorted((ROOT / "tests" / "rules").glob("*.yaml")) if "\ntests:" in path.read_text()]
pytestmark = needs("promtool")


@cache
def files(stack: str) -> dict[str, str]:
    """Name of each PrometheusRule of the stack -> a file with its groups, written once for all cases."""
    folder = Path(tempfile.mkdtemp(prefix="rules-"))
    atexit.register(shutil.rmtree, folder)
    return rule_files(run(stack), folder)


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = REAL["promtool"]
    assert program
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("stack", STACKS)
def test_prometheus_takes_every_rule(stack: str) -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *files(stack).values())
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_the_rules_do_what_they_say(case: Path, tmp_path: Path) -> None:
    done = run_case(yaml.safe_load(case.read_text()), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_case_that_expects_something_else_fails(tmp_path: Path) -> None:
    case = yaml.safe_load((ROOT / "tests" / "rules" / "spark.yaml").read_text())
    case["tests"][1]["promql_expr_test"][0]["exp_samples"][0]["value"] = 2
    assert run_case(case, tmp_path).returncode != 0


def run_case(case: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    file = files(case.get("stack", "prod"))[f"rules-{case['system']}"]
    path = folder / "case.yaml"
    interval = case.get("evaluation_interval", "30s")
    path.write_text(yaml.safe_dump({"rule_files": [file], "evaluation_interval": interval, "tests": case["tests"]}))
    return promtool("test", "rules", str(path))
