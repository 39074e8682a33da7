"""Running this project's own program in tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from obs.record import Recording
from obs.run import StackRun, run_stack
from obs.stack_config import read_stack_config

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
STACKS = ("dev", "prod", "apps", "local")
ROOMS = ("model", "contracts", "systems", "slo", "alerting", "dashboards", "settings", "components", "runbooks")
"""What the program imports and reads, beside the modules at the top."""
NEED_NO_EXPORTER: Mapping[str, object] = {name: {} for name in ("kubernetes", "nodes", "argocd", "spark")}
"""Systems for tests that choose their exporters themselves: others are refused without theirs."""


def run(
    stack: str = "prod",
    *,
    config: Mapping[str, object] | None = None,
    secrets: Mapping[str, str] | None = None,
    preview: bool = True,
) -> Recording:
    """The stack's recording, with some of its configuration replaced; for reading only, others get the same."""
    return ran(stack, config=config, secrets=secrets, preview=preview).recording


def ran(
    stack: str = "prod",
    *,
    config: Mapping[str, object] | None = None,
    secrets: Mapping[str, str] | None = None,
    preview: bool = True,
) -> StackRun:
    """The same with its settings and plan."""
    return _ran(stack, json.dumps(config), json.dumps(secrets), preview)


@lru_cache(maxsize=32)
def _ran(stack: str, config: str, secrets: str, preview: bool) -> StackRun:
    """A run costs 2 to 3 s of processor time, and the stacks as they are are asked for a hundred times."""
    values = read_stack_config(ROOT, stack, config=json.loads(config), secrets=json.loads(secrets))
    return run_stack(stack, ROOT, config=values, preview=preview)


def copied(folder: Path, *more: str) -> Path:
    """The program in a folder of its own, where a test may change it; ``more`` are further rooms that it needs."""
    for room in (*ROOMS, *more):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (*ROOT.glob("*.py"), *ROOT.glob("Pulumi*.yaml"), *ROOT.glob("*.lock")):
        shutil.copy(file, folder)
    return folder
