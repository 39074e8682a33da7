"""Pipelines to copy: each is what its host takes, and calls targets and commands that there are."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from stacks import ROOT, STACKS

from obs.cli import app

FOLDER = ROOT / "docs" / "pipelines"
SCHEMAS = {
    "github-actions.yml": "vendor.github-workflows",
    "bitbucket-pipelines.yml": "vendor.bitbucket-pipelines",
}
FILES = sorted(FOLDER.iterdir())
NUMBER = {"(": ")", "[": "]", "{": "}"}


def accepted(file: Path, schema: str) -> bool:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_file_is_of_the_schema_of_its_host(name: str, tmp_path: Path) -> None:
    assert accepted(FOLDER / name, SCHEMAS[name])
    broken = tmp_path / name
    broken.write_text(re.sub(r"^( *)(?:- )?step(s?):", r"\1stepp\2:", (FOLDER / name).read_text(), flags=re.MULTILINE))
    assert not accepted(broken, SCHEMAS[name])


def unbalanced(text: str) -> str:
    """The first bracket outside of strings that has no partner; Jenkins alone has a linter for its files."""
    bare = re.sub(r"'''.*?'''|'[^'\n]*'|//[^\n]*", "", text, flags=re.DOTALL)
    opened: list[str] = []
    for character in bare:
        if character in NUMBER:
            opened.append(NUMBER[character])
        elif character in NUMBER.values() and (not opened or opened.pop() != character):
            return character
    return opened[-1] if opened else ""


def test_the_jenkinsfile_is_a_declarative_pipeline() -> None:
    text = (FOLDER / "Jenkinsfile").read_text()
    assert unbalanced(text) == ""
    assert unbalanced(text.replace("stages {", "stages ")) == "}"
    sections = re.findall(r"^  (\w+)\b", text, re.MULTILINE)
    assert set(sections) <= {"agent", "options", "environment", "stages", "post", "parameters", "triggers", "tools"}
    stages = re.split(r"^    stage\(", text, flags=re.MULTILINE)[1:]
    assert len(stages) == 3
    assert all("steps {" in stage for stage in stages)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_it_calls_targets_and_commands_that_there_are(file: Path) -> None:
    text = re.sub(r"^ *(?://|#).*$", "", file.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = set(re.findall(r"\bmake (\w[\w-]*)(?= |$|;|')", text, re.MULTILINE))
    assert {"setup", "review", "gate"} <= called <= targets
    root = typer.main.get_command(app)
    commands = getattr(root, "commands")  # noqa: B009 - a group of the command line
    comment = commands["comment"]
    options = {name for parameter in comment.params for name in parameter.opts}
    said = re.findall(r"obs comment(.*?)(?=\n *(?:env|done|- make)|\Z)", text, re.DOTALL)
    assert said
    assert set(re.findall(r"--[\w-]+", said[0])) <= options
    assert set(re.findall(r"obs (\w+)", text)) - {"comment", "charts"} == set()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_it_reviews_every_stack_that_is_deployed_and_waits_before_it_deploys(file: Path) -> None:
    text = file.read_text()
    stacks = {name for name in STACKS if re.search(rf"\b{name}\b", text)}
    assert stacks == set(STACKS) - {"local"}
    gate = text.index({"Jenkinsfile": "input message", "github-actions.yml": "environment: production"}.get(
        file.name, "trigger: manual"
    ))  # fmt: skip
    assert gate < text.index("pulumi up --stack prod --yes")
