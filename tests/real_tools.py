"""Tools that some tests need: on PATH at the pinned version, or built with ``obs tools build``."""

from __future__ import annotations

from pathlib import Path

import pytest

from obs import toolchain
from obs.toolchain_table import TOOLS

REAL: dict[str, Path | None] = {name: toolchain.available(name) for name in TOOLS}
"""The tools of this machine, looked for before any test moves the cache."""


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips a test, saying what to install, unless the machine has all of these tools."""
    missing = [toolchain.advice(TOOLS[name]) for name in names if REAL[name] is None]
    return pytest.mark.skipif(bool(missing), reason="; ".join(missing) or "all there")
