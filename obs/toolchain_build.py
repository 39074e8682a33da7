"""Building the pinned tools with Go, each into the cache."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.charts import cache_dir
from obs import toolchain, toolchain_table
from obs.toolchain_table import Tool, ToolMissing, build_time, go_version

if TYPE_CHECKING:
    from rich.console import Console

# -mod=readonly: go.sum decides what may be compiled. A build must not need the checkout's version control.
GO_FLAGS = "-mod=readonly -trimpath -buildvcs=false"


def build(tools: Sequence[Tool], console: Console | None) -> None:
    """Build each tool that is not built yet. Raises ToolMissing with a paragraph for each that failed."""
    compiled = [tool for tool in tools if tool.package]
    problems = [toolchain.advice(tool) for tool in tools if not tool.package]
    go = shutil.which("go")
    if compiled and go is None:
        problems.insert(0, _no_go(compiled))
    elif go is not None:
        if console and compiled:
            console.print(f"building {len(compiled)} tools with Go: {build_time(compiled)}", highlight=False)
        for number, tool in enumerate(compiled, 1):
            try:
                with _progress(console, f"{number} of {len(compiled)}: {tool.name} {tool.version}", tool):
                    _build_once(go, tool)
            except ToolMissing as error:
                problems.append(str(error))
    if problems:
        raise ToolMissing("\n".join(problems))


def _no_go(tools: Sequence[Tool]) -> str:
    return (
        f"there is no Go to build with: install Go {go_version()} (https://go.dev/dl), "
        f"or put on PATH: {', '.join(tool.wanted for tool in tools)}"
    )


@contextmanager
def _progress(console: Console | None, text: str, tool: Tool) -> Iterator[None]:
    if console is None:
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    start = time.monotonic()
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    # In a log file the lines after each tool are the progress; the moving one would only leave empty lines there.
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    try:
        with progress:
            progress.add_task(f"{text} ({build_time([tool])})", total=None)
            yield
    except ToolMissing:
        console.print(f"{text} [red]failed[/]", highlight=False)
        raise
    console.print(f"{text} [green]built[/] in {time.monotonic() - start:.0f} s", highlight=False)


@contextmanager
def _locked(module: str) -> Iterator[None]:
    """Only one process builds tools of a module; the lock goes with the process, however that ends."""
    folder = cache_dir() / "tools"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{module}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build_once(go: str, tool: Tool) -> None:
    with _locked(tool.module):
        target = tool.built
        if target.is_file():  # another process built it while this one waited
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{tool.name}.part")
        try:
            _compile(go, tool, part)
            _check(tool, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def _compile(go: str, tool: Tool, part: Path) -> None:
    module = toolchain_table.MODULES / tool.module
    major, minor = tool.version.split(".")[:2]
    stamps = [f"-X {s.format(version=tool.version, major=major, minor=minor)}" for s in tool.stamps]
    command = ["build", "-C", str(module), "-ldflags", " ".join(["-s -w", *stamps])]
    if tool.tags:
        command += ["-tags", tool.tags]
    command += ["-o", str(part), tool.package]
    if not tool.embeds:
        _go(go, tool, command)
        return
    source = part.with_name("source")
    shutil.rmtree(source, ignore_errors=True)  # left by a build that was killed
    try:
        mod = _completed(go, tool, source)
        _go(go, tool, [*command[:3], "-modfile", str(mod), *command[3:]])
    finally:
        shutil.rmtree(source, ignore_errors=True)


def _go(go: str, tool: Tool, arguments: Sequence[str]) -> str:
    """Run go; what it prints. Raises ToolMissing with the end of what it says."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": GO_FLAGS}
    run = subprocess.run([go, *arguments], capture_output=True, text=True, check=False, env=environment)
    if run.returncode != 0:
        raise _failed(tool, "\n".join(run.stderr.strip().splitlines()[-5:]))
    return run.stdout


def _failed(tool: Tool, reason: str) -> ToolMissing:
    help_ = f"install {tool.name} on PATH, or mend what Go {go_version()} says and build again"
    return ToolMissing(f"{tool.wanted}: building it failed; {help_}:\n{reason}")


def _check(tool: Tool, part: Path) -> None:
    said = toolchain.said_version(str(part), tool.ask)
    toolchain.said_version.cache_clear()  # the name of a part is used again
    if said != tool.version:
        raise _failed(tool, f"what was built says version {said}, {tool.module}/go.mod pins {tool.version}")


def _completed(go: str, tool: Tool, copy: Path) -> Path:
    """A go.mod in which the tool's module is replaced by ``copy``, made here, that has the file it embeds.

    alertmanager 0.34.2 does not compile from the module proxy: its built user interface (ui/app/dist) is not in
    the archive. ``go mod download`` compares the original with go.sum before it is copied.
    """
    module = toolchain_table.MODULES / tool.module
    found: dict[str, Any] = json.loads(_go(go, tool, ["mod", "download", "-C", str(module), "-json", tool.pin]))
    # Without modes: the module cache is read-only, and what is not writable cannot be removed.
    shutil.copytree(found["Dir"], copy, copy_function=shutil.copyfile)
    for path in (copy, *(p for p in copy.rglob("*") if p.is_dir())):
        path.chmod(0o755)
    page = copy / tool.embeds
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"<p>{tool.name} was built without its user interface.</p>\n")
    mod = copy / "obs.mod"
    mod.write_text((module / "go.mod").read_text() + f'\nreplace {tool.pin} => "{copy}"\n')
    shutil.copyfile(module / "go.sum", mod.with_suffix(".sum"))
    return mod
