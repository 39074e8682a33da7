"""The program under the real engine, where a `pulumi` is on PATH; skipped where there is none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from stacks import ROOT, copied

from components.charts import CHARTS, archive_path
from obs.record import record
from obs.stack_config import read_stack_config

PULUMI = shutil.which("pulumi")
STACK = "dev"
pytestmark = pytest.mark.skipif(PULUMI is None, reason="pulumi is not on PATH")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the program with a stack of its own, its state in a folder of its own."""
    copied(tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "state").mkdir()
    done = pulumi(tmp_path, "stack", "init", STACK)
    assert done.returncode == 0, done.stderr
    return tmp_path


def pulumi(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert PULUMI
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{project / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    command = [PULUMI, *arguments, "--non-interactive"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_the_engine_shows_the_same_list_of_problems(project: Path) -> None:
    stack = project / f"Pulumi.{STACK}.yaml"
    stack.write_text(stack.read_text().replace("size: small", "size: huge").replace("spark:", "sparc:"))
    done = pulumi(project, "preview", "--stack", STACK)
    assert done.returncode != 0
    for line in ("size: must be one of", "systems.sparc: unknown system; did you mean 'spark'?"):
        assert line in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.skipif("KUBECONFIG" not in os.environ, reason="no cluster: KUBECONFIG is not set")
@pytest.mark.skipif(
    not all(archive_path(pin).is_file() for pin in CHARTS.values()), reason="charts are not cached: `obs charts pull`"
)
def test_the_engine_plans_what_the_recorder_saw(project: Path) -> None:
    pulumi(project, "config", "set", "chartSource", "cache")
    done = pulumi(project, "preview", "--stack", STACK, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    steps = {step["urn"] for step in json.loads(done.stdout)["steps"]}
    config = read_stack_config(ROOT, STACK, config={"chartSource": "cache"})
    recorded = {resource.urn for resource in record(ROOT, STACK, config=config).resources}
    assert recorded <= steps
    beside = {urn for urn in steps - recorded if "kubernetes:helm.sh/v4:Chart$" not in urn}
    assert all("::pulumi:providers:" in urn or "::pulumi:pulumi:Stack::" in urn for urn in beside), beside
