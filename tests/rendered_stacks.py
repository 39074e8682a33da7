"""Stacks with their charts rendered, for tests that look at what really lands in the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from cached_charts import missing
from stacks import ran

from obs.expand import Expansion
from obs.record import redacted
from obs.run import StackRun


def rendered(
    stack: str, config: Mapping[str, object] | None = None, secrets: Mapping[str, str] | None = None
) -> tuple[StackRun, Expansion]:
    """The stack with some of its configuration replaced; skips where charts or helm are not there."""
    if reason := missing():
        pytest.skip(reason)
    run = ran(stack, config=config, secrets=secrets)
    return run, run.expanded(offline=True, require_charts=True, build_helm=False, redacted=redacted)


def manifest(expansion: Expansion, kind: str, name: str) -> dict[str, Any]:
    """The one object of that kind and name."""
    (found,) = [o for o in expansion.objects if (o.kind, o.name) == (kind, name)]
    return found.parsed()
