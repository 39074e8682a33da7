"""The example of a consumer reads real outputs of this project."""

from __future__ import annotations

import pytest
from stacks import ROOT, run

from obs.record import ProgramError, record

CONSUMER = ROOT / "examples" / "consumer"
STACK = "organization/dataops-observability/dev"


def test_the_example_reads_what_the_stack_gives() -> None:
    outputs = run("dev").outputs
    read = record(CONSUMER, "dev", preview=False, stack_references={STACK: outputs}).outputs
    assert read["prometheus"] == outputs["prometheusUrl"]
    assert read["capacityDashboard"] == f"{outputs['grafanaUrl']}/d/dataops-capacity?var-cluster=dataops-dev"


def test_the_dashboard_that_it_links_to_exists() -> None:
    assert "dataops-capacity" in run("dev").outputs["dashboards"]


def test_outputs_of_another_version_are_refused() -> None:
    changed = {**run("dev").outputs, "outputsVersion": 2}
    with pytest.raises(ProgramError, match="this program understands 1"):
        record(CONSUMER, "dev", preview=False, stack_references={STACK: changed})


def test_every_output_is_documented_and_none_is_secret() -> None:
    outputs = run("prod").outputs
    documented = (ROOT / "docs" / "outputs.md").read_text()
    assert all(f"| `{name}` |" in documented for name in outputs)
    assert documented.count("\n| `") == len(outputs)
