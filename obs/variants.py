"""variants.yaml: the forms that settings can choose and no stack file of the project shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obs.engine_yaml import ConfigError, read_mapping
from obs.run import StackRun, run_stack
from obs.stack_config import read_stack_config

VARIANTS = "variants.yaml"
_FORM = "`stack`, the name of a stack, and `variants`: name -> the configuration that is replaced"


def variants(project: Path) -> tuple[str, dict[str, Mapping[str, object]]]:
    """The stack that they are variants of, and name -> what is replaced of its configuration.

    None where the project has no such file. Raises ConfigError for a bad one.
    """
    file = project / VARIANTS
    if not file.is_file():
        return "", {}
    data: dict[str, Any] = read_mapping(file)
    stack, found = data.get("stack"), data.get("variants")
    if not isinstance(stack, str) or not isinstance(found, dict) or data.keys() != {"stack", "variants"}:
        raise ConfigError(f"{file}: must be {_FORM}")
    if not all(isinstance(config, dict) for config in found.values()):
        raise ConfigError(f"{file}: must be {_FORM}")
    return stack, {str(name): config for name, config in found.items()}


def run_variant(project: Path, name: str) -> StackRun:
    """Run the program for one of them. Raises KeyError for another name, else what run_stack raises."""
    stack, found = variants(project)
    return run_stack(stack, project, config=read_stack_config(project, stack, config=found[name]))
