"""The other side is a revision of a real repository: its worktree comes and goes, and what the user has stays."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stacks import ROOT, copied

from components.charts import cache_dir
from obs.diff import environment, git, kept
from obs.diff.base import of_revision, other_side
from obs.diff.snapshot import Snapshot, dumps
from obs.diff.sources import SourceError

# What stands in the place of a workbench: a revision is asked by a process, and any program can answer.
PROGRAM = """\
import json, pathlib, sys
here = pathlib.Path.cwd()
with open({log!r}, "a") as log:
    log.write(f"{{sys.executable}} {{here}}\\n")
{body}
"""
ANSWERS = 'print((here / "snapshot.json").read_text())'


def run(folder: Path, *arguments: str, **environment: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout


def committed(folder: Path, message: str = "x") -> str:
    run(folder, "add", "--all")
    run(folder, "commit", "--quiet", "--no-verify", "--message", message)
    return run(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def repository(own_cache: None, tmp_path: Path) -> Path:  # noqa: ARG001 - the cache comes first
    """One commit with a program that answers with a snapshot; its lock file is ours."""
    folder = tmp_path / "repository"
    (folder / "obs").mkdir(parents=True)
    (folder / "obs" / "__init__.py").touch()
    program(folder, ANSWERS)
    (folder / "snapshot.json").write_text(dumps(Snapshot(stack="s", source="itself", objects=())))
    (folder / "uv.lock").write_bytes(environment.lock(ROOT))
    run(folder, "init", "--quiet", "--initial-branch", "main")
    committed(folder)
    return folder


def program(folder: Path, body: str) -> None:
    (folder / "obs" / "__main__.py").write_text(PROGRAM.format(log=str(folder.parent / "log"), body=body))


def asked(folder: Path) -> list[str]:
    log = folder.parent / "log"
    return log.read_text().splitlines() if log.is_file() else []


def state(folder: Path) -> tuple[str, ...]:
    """All that is the user's: files, index, stashes, branches, worktrees."""
    return (
        run(folder, "status", "--porcelain", "--ignored"),
        run(folder, "ls-files", "--stage"),
        run(folder, "diff"),
        run(folder, "diff", "--cached"),
        run(folder, "stash", "list"),
        run(folder, "for-each-ref"),
        run(folder, "worktree", "list"),
        run(folder, "reflog"),
    )


def dirty(folder: Path) -> None:
    """A stash, a staged change, a change that is not, a file that git does not know."""
    (folder / "a").write_text("stashed")
    run(folder, "add", "a")
    run(folder, "stash")
    (folder / "a").write_text("staged")
    run(folder, "add", "a")
    (folder / "snapshot.json").write_text("{}")
    (folder / "new").write_text("x")


def test_a_revision_is_asked_once_and_the_checkout_stays_as_it_is(repository: Path) -> None:
    dirty(repository)
    before = state(repository)
    assert of_revision("main", "s", repository).source.startswith("main (")
    assert of_revision("HEAD", "s", repository).source.startswith("HEAD (")
    assert state(repository) == before
    (line,) = asked(repository)
    python, folder = line.split()
    assert python == sys.executable
    assert folder != str(repository)
    assert not Path(folder).parent.exists()
    of_revision("HEAD", "another", repository)
    assert len(asked(repository)) == 2


def test_a_hook_of_git_neither_disturbs_nor_is_called(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {repository}/called\n")
    hook.chmod(0o755)
    dirty(repository)
    before = state(repository)
    for key, value in (("GIT_INDEX_FILE", ".git/index"), ("GIT_DIR", str(repository / ".git"))):
        monkeypatch.setenv(key, value)
    of_revision("HEAD", "s", repository)
    monkeypatch.undo()
    assert state(repository) == before
    assert not (repository / "called").exists()


def test_worktrees_of_the_user_are_not_forgotten(repository: Path, tmp_path: Path) -> None:
    """One that lies on a disk which is not there just now."""
    run(repository, "worktree", "add", "--quiet", "--detach", str(tmp_path / "away"))
    (tmp_path / "away").rename(tmp_path / "unplugged")
    before = state(repository)
    of_revision("HEAD", "s", repository)
    assert state(repository) == before


def test_a_name_of_nothing_is_told_with_all_that_may_stand_there(repository: Path) -> None:
    said = (
        r"--base state-missing\.json: there is neither a file, a folder nor a revision of this name; give .* `previous`"
    )
    with pytest.raises(SourceError, match=said):
        other_side("state-missing.json", "s", repository)


def test_a_revision_that_fails_is_told_and_leaves_nothing(repository: Path) -> None:
    program(repository, "sys.exit('no system kafak')")
    committed(repository)
    before = state(repository)
    with pytest.raises(SourceError, match=r"HEAD \(\w{10}\) cannot be run:\nno system kafak"):
        of_revision("HEAD", "s", repository)
    assert state(repository) == before
    assert not Path(asked(repository)[-1].split()[1]).exists()


# Both sides hang: this process, and the one beside it.
HANGS = """
import signal, sys, time, pathlib
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what it starts in the background ignore it
import obs.diff.base, obs.diff.cli
obs.diff.base.of_checkout = lambda *_: time.sleep(600)
obs.diff.cli._report("s", None, "HEAD", None, project=pathlib.Path(sys.argv[1]))
"""


@contextmanager
def hanging(repository: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A comparison in a group of its own, as a pipeline has it, which waits for both sides."""
    program(repository, "import time; time.sleep(600)")
    committed(repository)
    command = [sys.executable, "-c", HANGS, str(repository)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        awaited(lambda: bool(asked(repository)))
        yield process


def awaited(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "cancelled"])
def test_a_comparison_that_is_ended_leaves_nothing(repository: Path, number: signal.Signals) -> None:
    with hanging(repository) as process:
        process.send_signal(number)
        process.wait(60)
    assert process.returncode != 0
    assert run(repository, "worktree", "list").count("\n") == 1
    assert run(repository, "status", "--porcelain") == ""
    assert not Path(asked(repository)[0].split()[1]).exists()


def test_a_second_signal_to_all_processes_leaves_nothing_either(repository: Path, tmp_path: Path) -> None:
    """timeout(1) sends one to its child, then one to the group: that was the end of git, in the middle of it."""
    slow, removing = tmp_path / "bin" / "git", tmp_path / "removing"
    slow.parent.mkdir(exist_ok=True)
    waits = f'case "$*" in *"worktree remove"*) touch {removing}; sleep 1;; esac'
    slow.write_text(f'#!/bin/sh\n{waits}\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    with hanging(repository, PATH=f"{slow.parent}{os.pathsep}{os.environ['PATH']}") as process:
        process.send_signal(signal.SIGTERM)
        awaited(removing.exists)
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
    assert process.returncode == 128 + signal.SIGTERM
    assert run(repository, "worktree", "list").count("\n") == 1
    assert not Path(asked(repository)[0].split()[1]).parent.exists()


def test_what_killed_runs_left_goes_at_the_next_start(repository: Path, tmp_path: Path) -> None:
    before = state(repository)
    gone, killed, running = (tmp_path / f"obs-diff-{name}" / "checkout" for name in ("gone", "killed", "running"))
    for folder in (gone, killed, running):
        run(repository, "worktree", "add", "--quiet", "--detach", str(folder))
        (folder.parent / "held").touch()
    shutil.rmtree(gone.parent)
    with (running.parent / "held").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        of_revision("HEAD", "s", repository)
        assert (killed.parent.exists(), running.exists()) == (False, True)
        assert "obs-diff-running" in run(repository, "worktree", "list")
    of_revision("HEAD", "another", repository)
    assert state(repository) == before
    assert not running.parent.exists()


# What uv does, as far as it is asked here: an environment whose interpreter says which one it is.
UV = """#!/bin/sh
echo "$@" >> {log}
[ -n "$UV_FAILS" ] && echo "no answer of the index" >&2 && exit 2
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
printf '#!/bin/sh\\nPYTHONPATH= exec {python} "$@"\\n' > "$UV_PROJECT_ENVIRONMENT/bin/python"
chmod +x "$UV_PROJECT_ENVIRONMENT/bin/python"
"""


def test_another_lock_file_has_an_environment_of_its_own(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv, calls = tmp_path / "bin" / "uv", tmp_path / "calls"
    uv.parent.mkdir(exist_ok=True)
    uv.write_text(UV.format(log=calls, python=sys.executable))
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{uv.parent}{os.pathsep}{os.environ['PATH']}")
    (repository / "uv.lock").write_text("another")
    committed(repository)
    monkeypatch.setenv("UV_FAILS", "1")
    with pytest.raises(SourceError, match=r"(?s)give --base DIR.*no answer of the index"):
        of_revision("HEAD", "s", repository)
    monkeypatch.delenv("UV_FAILS")
    of_revision("HEAD", "s", repository)
    of_revision("HEAD", "t", repository)
    # Asked again after it failed, and not once it is there.
    assert len(calls.read_text().splitlines()) == 2
    assert len(asked(repository)) == 2
    assert "sync --frozen" in calls.read_text()


def test_what_is_not_of_the_lock_file_needs_no_environment(repository: Path) -> None:
    (repository / "pyproject.toml").write_text("[tool.ruff]\nline-length = 99\n")
    committed(repository)
    of_revision("HEAD", "s", repository)
    assert asked(repository)[0].split()[0] == sys.executable


def test_a_checkout_says_what_it_is(repository: Path, tmp_path: Path) -> None:
    clean = git.checkout(repository)
    assert clean is not None
    assert clean.content == git.revision(repository, "HEAD").tree
    assert clean.words == f"at {run(repository, 'rev-parse', 'HEAD')[:10]}"
    contents = {clean.content}
    for number in range(2):
        (repository / "new").write_text(str(number))
        found = git.checkout(repository)
        assert found is not None
        assert found.words.endswith(" with 1 file not committed")
        contents.add(found.content)
    run(repository, "add", "new")
    (repository / "snapshot.json").unlink()
    found = git.checkout(repository)
    assert found is not None
    assert found.changes == ("new", "snapshot.json")
    assert len({*contents, found.content}) == 4
    assert git.checkout(tmp_path) is None


def test_a_key_has_everything_that_a_snapshot_depends_on(
    own_cache: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    first = kept.key("tree", "prod", b"")
    assert kept.key("tree", "prod", b"") == first
    others = {kept.key("other", "prod"), kept.key("tree", "dev"), kept.key("tree", "prod", b"size: large")}
    charts = cache_dir() / "charts"
    charts.mkdir(parents=True, exist_ok=True)
    for content in (b"a chart", b"the same version, built otherwise"):
        (charts / "loki-1.0.0.tgz").write_bytes(content)
        others.add(kept.key("tree", "prod"))
    for name, value in (
        ("FORMAT", 99),
        ("lock", lambda _: b"another"),
        ("_packages", lambda: b"another"),
        ("OWN", tmp_path),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(kept, name, value)
            others.add(kept.key("tree", "prod"))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version", "3.99")
        others.add(kept.key("tree", "prod"))
    assert len(others - {first}) == 10


def test_every_file_of_the_workbench_is_in_the_key(tmp_path: Path) -> None:
    """Before, only obs/diff was: a check that finds more left the findings of the base as they were."""
    found = set()
    for name in ("check/run.py", "expand.py", "diff/masking.py", "accept/schemas.json"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        for text in ("one", "two"):
            file.write_text(text)
            found.add(kept._workbench.__wrapped__(tmp_path))
    assert len(found) == 8


def test_the_whole_program_against_its_last_commit(own_cache: None, tmp_path: Path) -> None:  # noqa: ARG001
    """The command itself, on a copy of this program: a threshold, not committed, against what is."""
    folder = copied(tmp_path / "copy", "obs", "tools")
    run(folder, "init", "--quiet")
    commit = committed(folder)
    settings = folder / "Pulumi.dev.yaml"
    text = settings.read_text()
    assert "  dataops-observability:alerting:\n" in text
    overrides = "    overrides: {NodeNetworkBusy: {threshold: 0.55}}\n"
    settings.write_text(
        text.replace("  dataops-observability:alerting:\n", f"  dataops-observability:alerting:\n{overrides}")
    )
    before = state(folder)
    command = [sys.executable, "-m", "obs", "diff", "dev", "--base", "HEAD", "--format", "json"]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # what Python compiles is none of the command's traces
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["before"] == f"HEAD ({commit[:10]})"
    assert found["after"] == f"stack dev of this checkout, at {commit[:10]} with 1 file not committed"
    assert [entry["subject"] for entry in found["meaning"] if entry["topic"] == "alerts"] == ["NodeNetworkBusy"]
    assert state(folder) == before
