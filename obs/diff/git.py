"""What is asked of git: which revision and tree there is, what is not committed, and a worktree for a while."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from obs.diff import aside
from obs.diff.sources import SourceError


@dataclass(frozen=True)
class Revision:
    """``tree`` names the content: commits with the same files have the same."""

    commit: str
    tree: str


@dataclass(frozen=True)
class Checkout:
    """What stands in a folder: ``content`` names it, ``changes`` are paths that differ from the ``revision``."""

    revision: Revision
    changes: tuple[str, ...]
    content: str

    @property
    def words(self) -> str:
        """For a reader: ``at 8 digits``, and how many files are not committed."""
        many = len(self.changes)
        changed = f" with {many} file{'s' * (many != 1)} not committed" if many else ""
        return f"at {self.revision.commit[:10]}{changed}"


def revision(project: Path, name: str) -> Revision:
    """Raises SourceError for a revision that there is not."""
    commit = _git(project, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", what=f"revision {name!r}")
    return Revision(commit, _git(project, "rev-parse", f"{commit}^{{tree}}", what=commit))


def known(project: Path, name: str) -> bool:
    """Whether there is such a revision."""
    try:
        revision(project, name)
    except SourceError:
        return False
    return True


def checkout(project: Path) -> Checkout | None:
    """What stands in the folder; None where that is no checkout of git, has no commit or there is no git."""
    try:
        head = revision(project, "HEAD")
        listed = _git(project, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", what="status")
        top = Path(_git(project, "rev-parse", "--show-toplevel", what="toplevel"))
    except SourceError:
        return None
    # Two letters and a space before each path.
    changes = tuple(sorted(entry[3:] for entry in listed.split("\0") if entry))
    if not changes:
        return Checkout(head, (), head.tree)
    found = hashlib.sha256(head.tree.encode())
    for path in changes:
        found.update(f"\0{path}\0".encode())
        with suppress(OSError):  # deleted, or a folder of another repository
            found.update((top / path).read_bytes())
    return Checkout(head, changes, found.hexdigest())


@contextmanager
def worktree(project: Path, commit: str) -> Iterator[Path]:
    """A folder with the files of a commit. The checkout, its index and its hooks have no part in it."""
    with tempfile.TemporaryDirectory(prefix="obs-diff-", ignore_cleanup_errors=True) as parent:
        # Resolved: a program is told from the workbench by its folder, and /tmp may be a link.
        folder = Path(parent).resolve() / "checkout"
        try:
            _git(project, "worktree", "add", "--detach", "--quiet", str(folder), commit, what=f"a worktree of {commit}")
            yield folder
        finally:
            # Of this one alone: `prune` would forget those of the user that lie on a disk which is not there just now.
            with suppress(SourceError):
                _git(project, "worktree", "remove", "--force", "--force", str(folder), what="git worktree remove")
            shutil.rmtree(folder, ignore_errors=True)


def _git(project: Path, *arguments: str, what: str) -> str:
    # A hook after checkouts (git-lfs, pre-commit) is for people; locks that a status takes are for nobody.
    command = ["git", "-c", "core.hooksPath=/dev/null", "--no-optional-locks", "-C", str(project), *arguments]
    try:
        done = subprocess.run(command, env=aside.environment(), capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SourceError("git is not on PATH, so there is no revision to compare with; give a folder") from None
    if done.returncode:
        words = done.stderr.strip() or "there is no such revision; fetch it, or give a folder or `previous`"
        raise SourceError(f"{what}: {words}")
    return done.stdout.strip("\n")
