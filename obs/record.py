"""Runs the real program in this process, without an engine, and keeps everything that it registers.

This is the way of pulumi's own language host (sdk/python/cmd/pulumi-language-python-exec of release
3.272): set the configuration, configure the SDK, run ``__main__.py`` inside a stack. It leans on
interfaces of the SDK that are not public; tests/test_monitor.py fails when a release changes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import runpy
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pulumi
from pulumi.runtime import set_all_config
from pulumi.runtime.settings import SETTINGS, Settings, configure
from pulumi.runtime.stack import run_in_stack

from obs.isolation import collector_paused, own_modules
from obs.monitor import Callbacks, Engine, Monitor
from obs.protobuf import UNKNOWN, Secret, Unknown, redacted, secret_texts
from obs.recording import Log, ProgramError, Recording, Resource, in_order
from obs.stack_config import StackConfig, read_stack_config

__all__ = ["UNKNOWN", "Log", "ProgramError", "Recording", "Resource", "Secret", "Unknown", "record", "redacted"]

_FRAMES = 3
_T = TypeVar("_T")


def record(
    project_dir: Path,
    stack: str,
    *,
    preview: bool = True,
    config: StackConfig | None = None,
    organization: str = "organization",
    stack_references: Mapping[str, Mapping[str, object]] | None = None,
) -> Recording:
    """Run ``project_dir/__main__.py`` for ``stack`` and return what it registers.

    ``preview`` decides whether ids and computed outputs are unknown, as in ``pulumi preview``, or made
    up. ``config`` replaces the stack's own (:func:`~obs.stack_config.read_stack_config`).
    ``stack_references`` has the outputs of other stacks by full name (``organization/project/stack``);
    a secret output is given as ``Secret(value)``. Raises :class:`ProgramError` where the program fails
    or does what cannot be recorded, and ConfigError where the stack's configuration is not usable.
    """
    directory = project_dir.resolve()
    if not (directory / "__main__.py").is_file():
        raise ProgramError(f"{directory}: there is no __main__.py here, so no program to record")
    config = config or read_stack_config(directory, stack)
    if config.stack != stack:
        raise ValueError(f"the configuration is that of stack {config.stack!r}, not of {stack!r}")
    monitor = Monitor(directory, config, preview, stack_references or {})
    engine = Engine()
    settings = {
        "project": config.project,
        "stack": stack,
        "monitor": monitor,
        "engine": engine,
        "dry_run": preview,
        "organization": organization,
        "root_directory": str(directory),
    }
    problem = None
    with own_modules(directory), contextlib.chdir(directory), collector_paused(), _arguments(str(directory)):
        try:
            with asyncio.Runner(loop_factory=_loop) as runner:
                # An empty context: nothing that this process has configured before reaches the program.
                namespace = runner.run(_run(directory, config, settings), context=contextvars.Context())
        except (Exception, SystemExit) as error:
            problem = _explained(error, directory)
    secrets = _secrets(config, monitor, stack_references or {}) if problem is not None or engine.logs else []
    logs = tuple(replace(log, message=_masked(log.message, secrets)) for log in engine.logs)
    if problem is not None:
        raise ProgramError(_masked(problem, secrets), logs)
    return Recording(
        config=config,
        preview=preview,
        stack_urn=monitor.stack_urn,
        resources=in_order(monitor.resources),
        outputs=monitor.outputs,
        logs=logs,
        namespace=namespace,
    )


async def _run(directory: Path, config: StackConfig, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The globals of the program after it and everything that it started have ended."""
    namespace: dict[str, Any] = {}
    set_all_config(dict(config.values), sorted(config.secret_keys))
    # Made here and not by the caller: the settings bind themselves to the context that they are made in.
    configure(Settings(**settings))
    SETTINGS.callbacks = Callbacks()
    await run_in_stack(lambda: namespace.update(runpy.run_path(str(directory), run_name="__main__")))
    return namespace


class _Inline(ThreadPoolExecutor):
    """Answers each request at once, without a thread that could outlive the run."""

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        future: Future[_T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Inline(1))
    # A program that fails leaves half of its graph unawaited. The language host silences asyncio, too.
    loop.set_exception_handler(lambda *_: None)
    return loop


@contextlib.contextmanager
def _arguments(program: str) -> Iterator[None]:
    before, sys.argv = sys.argv, [program]
    try:
        yield
    finally:
        sys.argv = before


def _explained(error: BaseException, directory: Path) -> str:
    """What a person needs: the message, and for an unforeseen error where in the project it arose."""
    if isinstance(error, ProgramError | pulumi.RunError):
        return str(error)
    if isinstance(error, SystemExit):
        return f"the program ended itself (sys.exit({error.code!r})); let it raise pulumi.RunError instead"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _in_project(frame.filename, directory)]
    places = [
        f"  {Path(frame.filename).relative_to(directory)}:{frame.lineno} in {frame.name}: {frame.line}"
        for frame in frames[-_FRAMES:]
    ]
    return "\n".join([f"{type(error).__name__}: {error}", *places])


def _in_project(file: str, directory: Path) -> bool:
    return Path(file).is_relative_to(directory) and not Path(file).is_relative_to(sys.prefix)


def _secrets(config: StackConfig, monitor: Monitor, references: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Every secret text of the run, the longest first."""
    texts = set()
    for key in config.secret_keys:
        texts.add(config.values[key])
        with contextlib.suppress(ValueError):
            texts |= secret_texts(json.loads(config.values[key]), inside=True)
    recorded = [part for resource in monitor.resources.values() for part in (resource.inputs, resource.outputs)]
    for values in (*recorded, monitor.outputs, *references.values()):
        texts |= secret_texts(values)
    return sorted(texts, key=len, reverse=True)


def _masked(message: str, secrets: Iterable[str]) -> str:
    """As the engine does in its own messages, texts below three characters excepted."""
    for text in secrets:
        if len(text) >= 3:
            message = message.replace(text, "[secret]")
    return message
