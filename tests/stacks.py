"""Running this project's own program in tests."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from obs.record import Recording, record
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
    """The stack's recording, with some of its configuration replaced."""
    values = read_stack_config(ROOT, stack, config=config, secrets=secrets)
    return record(ROOT, stack, config=values, preview=preview)


def copied(folder: Path, *more: str) -> Path:
    """The program in a folder of its own, where a test may change it; ``more`` are further rooms that it needs."""
    for room in (*ROOMS, *more):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (*ROOT.glob("*.py"), *ROOT.glob("Pulumi*.yaml"), *ROOT.glob("*.lock")):
        shutil.copy(file, folder)
    return folder
