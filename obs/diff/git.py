"""What is asked of git: which revision and tree there is, what is not committed, and a worktree for a while."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from obs.diff import aside
from obs.diff.sources import SourceError

_NOTHING = (
    "there is neither a file, a folder nor a revision of this name; give a revision that is fetched, a folder that "
    "obs render wrote, a file with an exported state (pulumi stack export), or `previous`"
)
_PREFIX, _FOLDER, _HELD = "obs-diff-", "checkout", "held"
_OURS = re.compile(rf"{_PREFIX}\w+/{_FOLDER}")


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
    commit = _git(project, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", what=f"--base {name}")
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
    _clear(project)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as parent:
        # Resolved: a program is told from the workbench by its folder, and /tmp may be a link.
        folder = Path(parent).resolve() / _FOLDER
        with (folder.parent / _HELD).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # goes with this process, however that ends
            try:
                _git(
                    project,
                    "worktree",
                    "add",
                    "--detach",
                    "--quiet",
                    str(folder),
                    commit,
                    what=f"a worktree of {commit}",
                )
                yield folder
            finally:
                _remove(project, folder)


def _clear(project: Path) -> None:
    """Takes away what runs left that were killed (SIGKILL): whose process holds nothing any more."""
    with suppress(SourceError):
        for line in _git(project, "worktree", "list", "--porcelain", what="git worktree list").splitlines():
            folder = Path(line.removeprefix("worktree "))
            if _OURS.fullmatch("/".join(folder.parts[-2:])) and not _held(folder.parent):
                _remove(project, folder)
                shutil.rmtree(folder.parent, ignore_errors=True)


def _held(parent: Path) -> bool:
    if not parent.is_dir():
        return False
    try:
        with (parent / _HELD).open() as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # by another process, or nobody can tell
        return True
    return False


def _remove(project: Path, folder: Path) -> None:
    """Of this one alone: ``prune`` would forget those of the user that lie on a disk which is not there just now."""
    # The folder first: git stops where it finds one that is half removed, and forgets one that is gone.
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(SourceError):
        _git(project, "worktree", "remove", "--force", "--force", str(folder), what="git worktree remove")


def _git(project: Path, *arguments: str, what: str) -> str:
    # A hook after checkouts (git-lfs, pre-commit) is for people; locks that a status takes are for nobody.
    command = ["git", "-c", "core.hooksPath=/dev/null", "--no-optional-locks", "-C", str(project), *arguments]
    try:
        # A session of its own: a signal to all that a terminal or a pipeline runs would end git in the middle of it.
        done = subprocess.run(
            command, env=aside.environment(), capture_output=True, text=True, check=False, start_new_session=True
        )
    except FileNotFoundError:
        raise SourceError("git is not on PATH, so there is no revision to compare with; give a folder") from None
    if done.returncode:
        raise SourceError(f"{what}: {done.stderr.strip() or _NOTHING}")
    return done.stdout.strip("\n")
