"""What is proven by Grafana's own packages: the schemas are those of the registry, and newer SDKs lose no field."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dashboard_samples import lost
from stacks import ROOT, STACKS, ran

from dashboards.grafana import dashboard_json

TOOL = ROOT / "tools" / "grafanaschema"
# The newest for the newest Grafana that has an SDK of its own, and the newest of all, for 12 and later.
SDKS = ("1769699379!11.6.0", "0.0.21")
THROUGH = """
import json, sys
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
register_default_plugins()
print(json.dumps([Dashboard.from_json(one) for one in json.load(sys.stdin)], cls=JSONEncoder))
"""


def told(*command: str, cwd: Path, stdin: str = "", **environment: str) -> str:
    run = subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def fetched(*command: str, cwd: Path) -> None:
    """Skips the test where the registry is not reached."""
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip(f"{command[0]} gets nothing from its registry: {run.stderr.strip()[-300:]}")


@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="needs node 20.11 or later with npm")
def test_the_schemas_are_made_from_the_packages_that_are_pinned(tmp_path: Path) -> None:
    tool = shutil.copytree(TOOL, tmp_path / "tool")
    fetched("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=tool)
    assert told("node", "generate.mjs", cwd=tool) == (TOOL / "schemas.json").read_text()


@pytest.mark.parametrize("version", SDKS)
def test_an_sdk_of_newer_versions_gives_back_every_field(version: str, tmp_path: Path) -> None:
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path / "sdk"))
    fetched(*pip, f"grafana-foundation-sdk=={version}", cwd=tmp_path)
    texts = sorted({dashboard_json(one) for stack in STACKS for one in ran(stack).plan.dashboards})
    given = [json.loads(text) for text in texts]
    broken = {**given[0], "titel": "x"}
    python = (sys.executable, "-P", "-c", THROUGH)
    returned = told(*python, cwd=tmp_path, stdin=json.dumps([*given, broken]), PYTHONPATH=str(tmp_path / "sdk"))
    *whole, last = json.loads(returned)
    assert lost(given, whole) == []
    assert lost(broken, last) == [".titel"]
