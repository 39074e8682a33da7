"""A system that is off leaves no trace, and each system stands by itself."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
import yaml
from stacks import ROOT, run

import systems
from model.scrape import ScrapeKind
from model.system import System
from obs.check.deployed import check_deployed
from obs.check.plan import check_plan
from obs.record import Recording, redacted
from plan import Plan


@cache
def configured() -> dict[str, Any]:
    """The systems of stack local, which has every system that is simulated."""
    config = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())["config"]
    found: dict[str, Any] = config["dataops-observability:systems"]
    return found


NAMED = sorted(configured())


def recorded(**config: object) -> Recording:
    return run("local", config={"selfMonitoring": False, **config})


@cache
def whole() -> Plan:
    plan: Plan = recorded().namespace["plan"]
    return plan


def marks(system: System) -> set[str]:
    """Names by which a system would be seen in what is deployed."""
    return {
        # What comes with a part of the stack is there as long as the part is.
        *(scrape.name for scrape in system.scrapes if scrape.kind is not ScrapeKind.PART),
        *(alert.name for alert in system.alerts),
        *(record.record for record in system.rules if hasattr(record, "record")),
        *(slo.name for slo in system.slos),
        *(file.config_map for file in system.files),
        *(secret.name for secret in system.secrets),
    }


def test_the_local_stack_has_what_the_program_can_watch() -> None:
    """probes look at addresses, which are not on one machine."""
    assert set(systems.available()) - set(configured()) - set(systems.OWN) <= {"probes", *NOT_LOCAL}


NOT_LOCAL: set[str] = set()


@pytest.mark.parametrize("name", NAMED)
def test_a_system_that_is_off_leaves_no_trace(name: str) -> None:
    (system,) = (s for s in whole().systems if s.name == name)
    others = {mark for s in whole().systems if s.name != name for mark in marks(s)}
    left = recorded(systems={n: part for n, part in configured().items() if n != name})
    text = json.dumps([redacted(resource.inputs) for resource in left.resources], default=str)
    words = set(re.findall(r"[\w:.-]+", text))
    assert marks(system) - others
    assert (marks(system) - others) & words == set()
    assert not [f for f in check_plan(left.namespace["plan"]) if f.check.startswith("promql/")]


@pytest.mark.parametrize("name", NAMED)
def test_a_system_stands_by_itself(name: str) -> None:
    alone = recorded(systems={name: configured()[name]})
    plan: Plan = alone.namespace["plan"]
    # Forecasts and the platform as a whole are made of what the others say.
    assert [system.name for system in plan.systems if system.scrapes] == [name]
    assert [*check_plan(plan), *check_deployed(alone, plan, ROOT)] == []
