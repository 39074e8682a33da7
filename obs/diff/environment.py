"""The interpreter that runs another revision: this one, or one with what that revision's lock file says."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from components.charts import cache_dir
from obs.diff import aside
from obs.diff.sources import SourceError

LOCK = "uv.lock"
OWN = Path(__file__).resolve().parent.parent.parent


def lock(root: Path) -> bytes:
    """What a checkout has installed: of pyproject.toml everything that matters to that is in its lock file."""
    file = root / LOCK
    return file.read_bytes() if file.is_file() else b""


def python(folder: Path) -> str:
    """This interpreter where both lock the same; else that of an environment made once for the revision's lock.

    That asks the package index, once; without one it raises SourceError, as it does without uv.
    """
    theirs = lock(folder)
    if theirs == lock(OWN):
        return sys.executable
    place = cache_dir() / "environments" / hashlib.sha256(theirs + sys.version.encode()).hexdigest()[:16]
    found = place / "bin" / "python"
    # Written last: without it the environment was left half made.
    complete = place / "obs-complete"
    if not complete.is_file():
        uv = shutil.which("uv") or str(OWN / ".uv" / "bin" / "uv")
        command = [uv, "sync", "--frozen", "--quiet", "--no-install-workspace", "--no-dev", "--python", sys.executable]
        environment = aside.environment(UV_PROJECT_ENVIRONMENT=str(place))
        environment.pop("VIRTUAL_ENV", None)
        done = aside.run(command, folder, environment)
        if done.returncode:
            advice = "where no package index answers, render the base there and give --base DIR"
            told = f"no environment for the {LOCK} of the base; {advice}"
            raise SourceError(f"{told}: {' '.join(command)}\n{aside.said(done)}")
        complete.touch()
    return str(found)
