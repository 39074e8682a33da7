"""obs diff as a command: what it compares with, where it writes, and how it exits. No stack is run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from test_diff import PREVIEW, alerting, rule, snapshot, thing
from typer.testing import CliRunner, Result

from obs.cli import app
from obs.diff import aside, base, cli
from obs.diff.report.model import report
from obs.diff.sources import SourceError
from obs.write import write_rendering

NOW = snapshot(rule(expr="x > 0.9"), alerting(), settings={"a": 1})
CLAIM = thing("PersistentVolumeClaim", "c", spec={})
Diff = Callable[..., Result]


@pytest.fixture
def diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Diff:
    """Compares what the checkout would give with what it gave before, which is in the folder before."""
    write_rendering(tmp_path / "before", snapshot(rule(), alerting(), CLAIM).expansion)
    monkeypatch.setattr(base, "of_checkout", lambda *_: NOW)
    monkeypatch.setattr(base, "another_stack", lambda *_: replace(NOW, stack="other", settings={"a": 2}))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["diff", "s", *arguments])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "give what to compare with"),
        (["other", "--base", "before"], 2, "give what to compare with"),
        (["--base", "before"], 0, "threshold 0.85 → 0.9"),
        (["--base", "before", "--fail-on", "risk=high"], 1, "stopped by risk=high"),
        (["--base", "before", "--fail-on", "secret"], 0, "risk high"),
        (["--base", "before", "--fail-on", "secret", "--fail-on", "change"], 1, "stopped by change"),
        (["--base", "before", "--fail-on", "rsik=high"], 2, "--fail-on rsik=high: must be risk=low"),
        (["--base", "before", "--limit", "999"], 2, "Invalid value"),
        (["--base", "nothing-of-that-name"], 2, "nothing-of-that-name"),
    ],
)
def test_how_it_exits(diff: Diff, arguments: list[str], code: int, said: str) -> None:
    found = diff(*arguments)
    assert (found.exit_code, said in " ".join(found.output.split())) == (code, True), found.output


def test_the_report_and_all_of_it_go_to_files(diff: Diff, tmp_path: Path) -> None:
    many = snapshot(*(thing("ConfigMap", f"c{n}", data={"k": "x\n" * 20}) for n in range(90)))
    write_rendering(tmp_path / "many", many.expansion)
    asked = ("--base", "many", "--format", "markdown", "--limit", "2000")
    found = diff(*asked, "--out", "out.md", "--full", "full.md")
    assert (found.exit_code, found.stdout) == (0, "")
    short, full = (tmp_path / "out.md").read_text(), (tmp_path / "full.md").read_text()
    assert len(short.encode()) <= 2000 < len(full.encode())
    assert "The full report is the file `full.md`." in short
    assert "c89" in full
    assert "`--full FILE` writes everything." in diff(*asked).stdout


@pytest.mark.parametrize("form", ["text", "markdown", "markdown-plain", "json"])
def test_no_report_is_longer_than_its_limit(diff: Diff, tmp_path: Path, form: str) -> None:
    """Notes are what the engine says, as long as it likes, and names may be long, too."""
    wordy = [{"severity": "error", "message": f"{number} {'ä' * 400}"} for number in range(20)]
    step = {**PREVIEW["steps"][0], "urn": f"urn:pulumi:s::p::t$kubernetes:core/v1:PersistentVolumeClaim::{'c' * 300}"}
    preview = tmp_path / "preview.json"
    preview.write_text(json.dumps({"steps": [step], "diagnostics": wordy}))
    found = diff("--preview", str(preview), "--format", form, "--limit", "1000")
    assert found.exit_code == 0, found.output
    assert len(found.stdout.encode()) <= 1000
    assert "notes" in found.stdout


def test_a_preview_alone_and_with_a_base(diff: Diff, tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_text(json.dumps(PREVIEW))
    alone = diff("--preview", str(file), "--fail-on", "replace")
    assert (alone.exit_code, "replace (spec.storageClassName)" in alone.stdout) == (1, True)
    both = diff("--preview", str(file), "--base", "before", "--format", "json")
    assert "replace (spec.storageClassName)" in {one["operation"] for one in json.loads(both.stdout)["objects"]}
    assert "threshold 0.85 → 0.9" in both.stdout
    assert diff("--preview", str(tmp_path / "none.json")).exit_code == 2


@pytest.mark.parametrize("outcome", [(0, 0, "threshold 0.85"), (1, 2, "no stack named s")], ids=["there", "refused"])
def test_the_state_is_asked_for(
    diff: Diff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: tuple[int, int, str]
) -> None:
    ends, code, said = outcome
    objects = snapshot(rule(), alerting(), CLAIM).objects
    urn = "urn:pulumi:s::p::kubernetes:core/v1:ConfigMap::"
    resources = [
        {"type": f"kubernetes:core/v1:{one.kind}", "urn": f"{urn}{one.name}", "inputs": one.manifest} for one in objects
    ]
    (tmp_path / "state.json").write_text(json.dumps({"deployment": {"resources": resources}}))
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    lines = (
        "#!/bin/sh",
        f"echo $* > {tmp_path}/asked",
        "echo no stack named s >&2",
        f"cat {tmp_path}/state.json",
        f"exit {ends}",
    )
    program.write_text("\n".join(lines))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    found = diff("--base", "previous")
    assert (found.exit_code, said in found.output) == (code, True), found.output
    assert (tmp_path / "asked").read_text().split() == ["stack", "export", "--stack", "s", "--non-interactive"]


def test_what_goes_on_is_told_and_a_pipe_hears_nothing_of_it(diff: Diff, tmp_path: Path) -> None:
    assert diff("--base", "before").stderr == ""
    told: list[str] = []
    cli._report("s", None, "before", None, project=tmp_path, say=told.append)
    assert told == [
        "running stack s of this checkout, and before beside it",
        "stack s of this checkout is there; waiting for before",
        "comparing stack s with before",
    ]


def test_two_stacks_are_compared_without_time(diff: Diff) -> None:
    found = diff("other", "--format", "markdown")
    assert found.exit_code == 0
    assert "s and other: 1 setting" in found.stdout
    assert "- **a**: 1 → 2" in found.stdout
    assert "risk" not in found.stdout


def test_what_is_in_one_of_two_stacks_is_said_so() -> None:
    one = snapshot(rule(), alerting(), CLAIM, systems=("airflow", "kafka"))
    other = snapshot(alerting(), stack="apps", systems=("kafka", "trino"))
    texts = {f"{entry.topic} {entry.subject}": entry.text for entry in report(one, other).meaning}
    assert texts["systems airflow"] == "only in s"
    assert texts["systems trino"] == "only in apps"
    assert texts["alerts Full"].startswith("only in s: > 0.85 for 5m")
    assert {entry.said for entry in report(one, other).objects} == {"only in s"}
    assert report(one, replace(other, stack="s")).meaning[0].text.startswith("is not watched any more")


def test_a_folder_that_is_no_rendering_gives_way_to_a_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "x")
    git("branch", "docs")
    for name in ("docs", "src"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(base, "of_revision", lambda name, *_: snapshot(source=name))
    assert base.other_side("docs", "s", tmp_path).source == "docs"
    with pytest.raises(SourceError, match="src: not a rendering"):
        base.other_side("src", "s", tmp_path)
    write_rendering(tmp_path / "docs", snapshot(rule()).expansion)
    assert base.other_side("docs", "s", tmp_path).source == "folder docs"


def test_an_error_within_an_error_is_marked_once() -> None:
    done = subprocess.CompletedProcess([], 2, "", "error: /x: no stack 'nostack'; there are: dev\n")
    assert aside.said(done) == "/x: no stack 'nostack'; there are: dev"
