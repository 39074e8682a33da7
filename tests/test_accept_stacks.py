"""Every stack as it is: accepted by the oldest and the newest Kubernetes, and file by file by the programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache

import pytest
from cached_charts import needs_charts
from real_tools import needs
from stacks import ROOT, STACKS

from obs import toolchain
from obs.accept import schemas
from obs.accept.run import Accepted, accept
from obs.toolchain_table import TOOLS

VERSIONS = ("1.25", schemas.versions()[-1])
pytestmark = [*needs_charts, needs("kubeconform")]


@cache
def accepted(stack: str) -> Accepted:
    return accept(stack, ROOT, versions=VERSIONS, offline=True)


@pytest.mark.parametrize("stack", STACKS)
def test_every_object_and_every_file_is_accepted(stack: str) -> None:
    """With programs that are there; an unknown API, CRD or kind of file is a finding as well."""
    result = accepted(stack)
    assert [f.to_dict() for f in result.checked.findings] == []
    assert tuple(result.objects) == VERSIONS
    assert all(number > 60 for number in result.objects.values())
    assert len(result.files) > 15


@pytest.mark.parametrize("stack", STACKS)
def test_a_program_that_is_here_is_asked_and_the_others_are_named(stack: str) -> None:
    files = accepted(stack).files
    left_out = {r.by: r.skipped for r in files if r.skipped}
    assert {r.by for r in files if r.by in TOOLS and not r.skipped} >= {"promtool", "amtool"} - set(left_out)
    assert [by for by in left_out if toolchain.available(by) is not None] == []
    if left_out:
        pytest.skip("; ".join(left_out.values()))


def test_the_command_says_who_accepted_what() -> None:
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "obs", "validate", "dev", "--offline", "--kubernetes"]
    done = subprocess.run(
        [*command, VERSIONS[0]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "objects for Kubernetes 1.25" in done.stdout
    assert "no findings" in done.stdout
    done = subprocess.run([*command, "1.24"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no schemas of Kubernetes 1.24" in done.stderr


def test_the_command_prints_one_json_document() -> None:
    command = [sys.executable, "-m", "obs", "validate", "dev", "--offline", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["findings"] == []
