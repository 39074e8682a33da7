"""The other side: a revision of the program in a worktree of its own, with the environment of its own lock file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from components.charts import cache_dir
from obs import atomic
from obs.diff.snapshot import FORMAT, Snapshot, SnapshotError, loads
from obs.diff.sources import SourceError, exported, of_folder, of_state

PREVIOUS = "previous"
_LOCKS = ("uv.lock", "pyproject.toml")
_OWN = Path(__file__).resolve().parent.parent.parent
_KEPT = 40
"""Snapshots in the cache; of more the oldest go."""


def other_side(base: str, stack: str, project: Path) -> Snapshot:
    """The snapshot of ``previous``, of a folder, of a file with an exported state, or of a git revision.

    Raises SourceError where it cannot be had, with the last words of what was run for it.
    """
    if base == PREVIOUS:
        return exported(stack, project)
    path = Path(base)
    if path.is_dir():
        return of_folder(path, stack)
    if path.is_file():
        return of_state(path.read_text(encoding="utf-8"), stack, str(path))
    return of_revision(base, stack, project)


def of_revision(revision: str, stack: str, project: Path) -> Snapshot:
    """The stack as a revision of the repository has it, from the cache where it was asked before."""
    commit = _git(project, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", what=f"revision {revision!r}")
    tree = _git(project, "rev-parse", f"{commit}^{{tree}}", what=commit)
    words = f"{revision} ({commit[:10]})" if not commit.startswith(revision) else commit[:10]
    cached = _cache() / f"{_key(tree, stack)}.json"
    if cached.is_file():
        try:
            return _named(cached.read_text(encoding="utf-8"), words)
        except SnapshotError:
            cached.unlink()
    with _worktree(project, commit) as folder:
        text = _taken(folder, stack, words)
    snapshot = _named(text, words)
    _keep(cached, text)
    return snapshot


def another_stack(stack: str, project: Path) -> Snapshot:
    """Another stack of this checkout, run beside this process."""
    done = _run([sys.executable, "-m", "obs", "snapshot", stack], project)
    if done.returncode:
        raise SourceError(_said(done))
    return loads(done.stdout)


def _named(text: str, words: str) -> Snapshot:
    return replace(loads(text), source=words)


def _key(tree: str, stack: str) -> str:
    """What a snapshot depends on besides the revision: the charts that the cache has, and our way of taking it."""
    charts = sorted(f.name for f in (cache_dir() / "charts").glob("*.tgz"))
    code = [f.read_bytes() for f in sorted((_OWN / "obs" / "diff").glob("*.py"))]
    parts = [tree.encode(), stack.encode(), str(FORMAT).encode(), "\n".join(charts).encode(), *code]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def _cache() -> Path:
    return cache_dir() / "snapshots"


def _keep(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(file, text.encode())
    for old in sorted(file.parent.glob("*.json"), key=lambda f: f.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)


@contextmanager
def _worktree(project: Path, commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="obs-diff-") as parent:
        # Resolved: a program is told from the workbench by its folder, and /tmp may be a link.
        folder = Path(parent).resolve() / "checkout"
        _git(project, "worktree", "add", "--detach", "--quiet", str(folder), commit, what=f"a worktree of {commit}")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            _git(project, "worktree", "prune", what="git worktree prune")


def _taken(folder: Path, stack: str, words: str) -> str:
    """By the revision's own workbench; by this one's where that has no such command."""
    python = _python(folder)
    own = _run([python, "-m", "obs", "snapshot", stack], folder)
    if own.returncode == 0:
        return own.stdout
    if "No such command" not in own.stderr:
        raise SourceError(f"{words} cannot be run:\n{_said(own)}")
    # Program and workbench share their types, so ours is put in the place of the revision's, not beside it.
    shutil.rmtree(folder / "obs")
    shutil.copytree(_OWN / "obs", folder / "obs", ignore=shutil.ignore_patterns("__pycache__"))
    ours = _run([python, "-m", "obs", "snapshot", stack], folder)
    if ours.returncode:
        advice = f"render it there (obs render {stack} --out DIR) and give --base DIR"
        raise SourceError(f"{words} has no `obs snapshot`, and this revision's cannot run it; {advice}:\n{_said(ours)}")
    return ours.stdout


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _said(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return "\n".join(lines[-12:])


def _python(folder: Path) -> str:
    """This interpreter where both lock the same; else that of an environment made once for the revision's lock."""
    theirs, ours = (
        [(root / name).read_bytes() for name in _LOCKS if (root / name).is_file()] for root in (folder, _OWN)
    )
    if theirs == ours:
        return sys.executable
    place = cache_dir() / "environments" / hashlib.sha256(b"\0".join(theirs)).hexdigest()[:16]
    python = place / "bin" / "python"
    if not python.is_file():
        uv = shutil.which("uv") or str(_OWN / ".uv" / "bin" / "uv")
        command = [uv, "sync", "--frozen", "--quiet", "--no-install-workspace", "--no-dev"]
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(place)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SourceError(f"no environment for the lock file of the base: {' '.join(command)}\n{_said(done)}")
    return str(python)


def _git(project: Path, *arguments: str, what: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(project), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SourceError("git is not on PATH, so there is no revision to compare with; give a folder") from None
    if done.returncode:
        said = done.stderr.strip() or "there is no such revision; fetch it, or give a folder or `previous`"
        raise SourceError(f"{what}: {said}")
    return done.stdout.strip()
