"""Running this project's own program in tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from obs.record import Recording, record
from obs.stack_config import read_stack_config

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
STACKS = ("dev", "prod", "apps", "local")
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
