"""Settings of this project's stacks with some of their configuration replaced, and what is said of bad ones."""

from __future__ import annotations

from typing import Any

import pytest
from stacks import run

from components.kube_prometheus_values import kube_prometheus_values
from components.sizes import sizing
from obs.record import ProgramError
from settings import Settings


def settings(stack: str = "prod", **config: object) -> Settings:
    found: Settings = run(stack, config=config).namespace["settings"]
    return found


def values(stack: str = "prod", **config: object) -> dict[str, Any]:
    """The values of kube-prometheus-stack."""
    program = run(stack, config=config).namespace
    plan = program["plan"]
    return kube_prometheus_values(program["settings"], sizing(program["settings"]), plan.series, plan.keep)


def error_of(config: dict[str, object], **kwargs: Any) -> str:
    """The one error that a configuration gives."""
    with pytest.raises(ProgramError) as caught:
        run(config=config, **kwargs)
    message = str(caught.value)
    assert "Traceback" not in message
    return message
