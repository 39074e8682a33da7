"""Both sides of a comparison: a revision in a worktree of its own, this checkout, a folder, a state."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from obs.diff import aside, git, kept
from obs.diff.environment import OWN, python
from obs.diff.snapshot import Snapshot, SnapshotError, dumps, loads
from obs.diff.sources import SourceError, exported, of_folder, of_state
from obs.write import MARKER

PREVIOUS = "previous"


def other_side(base: str, stack: str, project: Path) -> Snapshot:
    """The snapshot of ``previous``, of a folder, of a file with an exported state, or of a git revision.

    Raises SourceError where it cannot be had, with the last words of what was run for it.
    """
    if base == PREVIOUS:
        return exported(stack, project)
    path = Path(base)
    # A folder that is no rendering may have the name of a revision, as docs or a branch's release does.
    if path.is_dir() and ((path / MARKER).is_file() or not git.known(project, base)):
        return of_folder(path, stack)
    if path.is_file():
        return of_state(path.read_text(encoding="utf-8"), stack, str(path))
    return of_revision(base, stack, project)


def of_revision(name: str, stack: str, project: Path) -> Snapshot:
    """The stack as a revision of the repository has it, from the cache where it was asked before."""
    found = git.revision(project, name)
    words = f"{name} ({found.commit[:10]})" if not found.commit.startswith(name) else found.commit[:10]

    def take() -> str:
        with git.worktree(project, found.commit) as folder:
            return _taken(folder, stack, words)

    return _known(kept.key(found.tree, stack), words, take)


def of_checkout(stack: str, project: Path) -> Snapshot:
    """The stack as this checkout has it, from the cache where nothing has changed since; run in this process.

    Errors as for :func:`obs.run.run_stack` and :func:`obs.diff.take.take`.
    """
    found = git.checkout(project)
    if found is None:
        return loads(_run_here(stack, project, f"stack {stack} of {project}"))
    words = f"stack {stack} of this checkout, {found.words}"
    file = project / f"Pulumi.{stack}.yaml"
    settings = file.read_bytes() if file.is_file() else b""
    return _known(kept.key(found.content, stack, settings), words, lambda: _run_here(stack, project, words))


def another_stack(stack: str, project: Path) -> Snapshot:
    """Another stack of this checkout, run beside this process."""
    return loads(_obs_snapshot(sys.executable, stack, project))


def _run_here(stack: str, project: Path, words: str) -> str:
    from obs.diff.take import take
    from obs.run import run_stack

    return dumps(take(run_stack(stack, project), project, words))


def _known(name: str, words: str, take: Callable[[], str]) -> Snapshot:
    """What is kept under a key, or what is taken now and kept."""
    text = kept.read(name)
    if text is not None:
        try:
            return _named(text, words)
        except SnapshotError:
            kept.forget(name)
    text = take()
    found = _named(text, words)
    kept.keep(name, text)
    return found


def _named(text: str, words: str) -> Snapshot:
    return replace(loads(text), source=words)


def _taken(folder: Path, stack: str, words: str) -> str:
    """By the revision's own workbench; by this one's where that has no such command."""
    program = python(folder)
    try:
        return _obs_snapshot(program, stack, folder)
    except _NoSuchCommand:
        pass
    except SourceError as error:
        raise SourceError(f"{words} cannot be run:\n{error}") from None
    # Program and workbench share their types, so ours is put in the place of the revision's, not beside it.
    shutil.rmtree(folder / "obs", ignore_errors=True)
    shutil.copytree(OWN / "obs", folder / "obs", ignore=shutil.ignore_patterns("__pycache__"))
    try:
        return _obs_snapshot(program, stack, folder)
    except SourceError as error:
        advice = f"render it there (obs render {stack} --out DIR) and give --base DIR"
        said = f"{words} has no `obs snapshot`, and this revision's cannot run it; {advice}:\n{error}"
        raise SourceError(said) from None


class _NoSuchCommand(SourceError):
    """The workbench of a revision from before obs diff, or a program that has none."""


def _obs_snapshot(program: str, stack: str, folder: Path) -> str:
    environment = aside.environment(PYTHONPATH=str(folder), NO_COLOR="1", PYTHONWARNINGS="ignore")
    done = aside.run([program, "-m", "obs", "snapshot", stack], folder, environment)
    if done.returncode == 0:
        return done.stdout
    old = "No such command" in done.stderr or "No module named obs" in done.stderr
    raise (_NoSuchCommand if old else SourceError)(aside.said(done))
