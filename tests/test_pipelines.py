"""Pipelines to copy: each is what its host takes, and calls targets and commands that there are."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dekobon_tree_sitter_groovy as groovy
import pytest
import tree_sitter
import typer
from stacks import ROOT, STACKS

from obs.cli import app

FOLDER = ROOT / "docs" / "pipelines"
SCHEMAS = {
    "github-actions.yml": "vendor.github-workflows",
    "bitbucket-pipelines.yml": "vendor.bitbucket-pipelines",
}
FILES = sorted(FOLDER.iterdir())


def accepted(file: Path, schema: str) -> bool:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_file_is_of_the_schema_of_its_host(name: str, tmp_path: Path) -> None:
    assert accepted(FOLDER / name, SCHEMAS[name])
    broken = tmp_path / name
    broken.write_text(re.sub(r"^( *)(?:- )?step(s?):", r"\1stepp\2:", (FOLDER / name).read_text(), flags=re.MULTILINE))
    assert not accepted(broken, SCHEMAS[name])


def parses(text: str) -> bool:
    """As Groovy, which is what a Jenkinsfile is."""
    parser = tree_sitter.Parser(tree_sitter.Language(groovy.language()))
    return not parser.parse(text.encode()).root_node.has_error


def test_the_jenkinsfile_is_groovy() -> None:
    text = (FOLDER / "Jenkinsfile").read_text()
    assert parses(text)
    breaks = [
        ("stages {", "stages "),
        ("'main'", "'main"),
        ("changeRequest()", "changeRequest("),
        ("STATE = ", "STATE = = "),
        ("**', allow", "**' allow"),
        ("message: ", "message "),
    ]
    for old, new in breaks:
        assert old in text
        assert not parses(text.replace(old, new, 1)), new
    assert not parses(text + "}")
    assert not parses(text.rstrip()[:-1])


# What the schema of a declarative pipeline lets stand in a block (pipeline-model-api, ast-schema.json of Jenkins'
# pipeline-model-definition-plugin). Its own linter is a part of a running Jenkins.
PIPELINE = {"stages", "post", "environment", "agent", "tools", "options", "triggers", "parameters", "libraries"}
STAGE = {"agent", "when", "post", "tools", "environment", "options", "input", "steps", "matrix", "parallel", "stages"}
WHEN = {"branch", "changeRequest", "environment", "expression", "tag", "not", "allOf", "anyOf", "beforeAgent"}
POST = {"always", "changed", "cleanup", "failure", "fixed", "regression", "success", "unstable", "unsuccessful"}
BLOCKS = {"pipeline": PIPELINE, "stages": {"stage"}, "stage": STAGE, "when": WHEN, "post": POST}
_STRING = r"'''.*?'''|'[^'\n]*'"
_TOKEN = re.compile(rf"//[^\n]*|(?P<string>{_STRING})|(?P<name>[A-Za-z]\w*)|(?P<sign>[{{}}])", re.DOTALL)
_OPENS = re.compile(rf"\s*(?:\((?:{_STRING})?\))?\s*\{{", re.DOTALL)


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """(block, statement in it), first statement words of the file itself in ``""``. Raises ValueError for braces."""
    open_blocks, started = [""], -1
    for token in _TOKEN.finditer(text):
        if token["sign"] == "}":
            open_blocks.pop()
            if not open_blocks:
                raise ValueError("a brace too many")
        elif token["name"] and text.count("\n", 0, token.start()) != started:
            started = text.count("\n", 0, token.start())
            yield open_blocks[-1], token["name"]
            if _OPENS.match(text, token.end()):
                open_blocks.append(token["name"])
        elif token["name"] and _OPENS.match(text, token.end()):
            yield open_blocks[-1], token["name"]
            open_blocks.append(token["name"])
    if len(open_blocks) != 1:
        raise ValueError(f"{open_blocks[-1]} is not closed")


def misplaced(text: str) -> list[tuple[str, str]]:
    return [(block, name) for block, name in blocks(text) if block in BLOCKS and name not in BLOCKS[block]]


def test_the_jenkinsfile_is_a_declarative_pipeline() -> None:
    text = (FOLDER / "Jenkinsfile").read_text()
    assert misplaced(text) == []
    found = list(blocks(text))
    assert [name for block, name in found if not block] == ["pipeline"]
    assert {"agent", "stages"} <= {name for block, name in found if block == "pipeline"}
    names = [name for _, name in found]
    assert names.count("stage") == names.count("steps") == 3
    assert misplaced(text.replace("steps {", "script {", 1)) == [("stage", "script")]
    assert misplaced(text.replace("    stage(", "    step(", 1)) == [("stages", "step")]
    for broken in (text.replace("stages {", "stages "), text + "}", text.rstrip()[:-1]):
        with pytest.raises(ValueError, match=r"brace|closed"):
            list(blocks(broken))


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
    assert set(re.findall(r"obs charts (\w+)", text)) <= set(commands["charts"].commands)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_it_reviews_every_stack_that_is_deployed_and_waits_before_it_deploys(file: Path) -> None:
    text = file.read_text()
    stacks = {name for name in STACKS if re.search(rf"\b{name}\b", text)}
    assert stacks == set(STACKS) - {"local"}
    gate = text.index({"Jenkinsfile": "input(message", "github-actions.yml": "environment: production"}.get(
        file.name, "trigger: manual"
    ))  # fmt: skip
    assert gate < text.index("pulumi up --stack prod --yes")
