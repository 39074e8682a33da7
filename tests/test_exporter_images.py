"""The images of our exporters: what can be told of a Dockerfile without docker."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from stacks import ROOT

from components.exporters import own
from settings.exporters import OwnKind

FOLDER = ROOT / "exporters"
KINDS: tuple[OwnKind, ...] = ("iceberg", "isilon", "bitbucket")
EXPORTED = ["--no-dev", "--no-emit-workspace", "--no-header", "--quiet"]
each = pytest.mark.parametrize("kind", KINDS)


def steps(text: str) -> list[tuple[str, str]]:
    """(instruction, its arguments) of a Dockerfile."""
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line and not line.startswith("#")]


def faults(text: str) -> list[str]:
    """What is wrong with a Dockerfile of ours."""
    found, user, base = [], "", ""
    for instruction, rest in steps(text):
        if instruction == "ARG":
            base = rest.partition("=")[2]
        elif instruction == "FROM" and rest.split()[0] != "${BASE}":
            found.append(f"FROM {rest}: is not the one base")
        elif instruction == "COPY" and "--from" not in rest:
            found += [f"COPY {source}: is not there" for source in rest.split()[:-1] if not (FOLDER / source).exists()]
        elif instruction in ("RUN", "ENTRYPOINT") and not rest.startswith("["):
            found.append(f"{instruction}: needs a shell")
        elif instruction == "USER":
            user = rest
    if not re.fullmatch(r"docker\.io/library/python:\d+\.\d+\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?", base):
        found.append(f"ARG BASE={base}: is no full version of Python")
    if user != f"{own.USER}:{own.USER}":
        found.append(f"USER {user}: is not {own.USER}")
    return found


@each
def test_a_dockerfile_is_sound(kind: OwnKind) -> None:
    assert faults((FOLDER / kind / "Dockerfile").read_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("3.13.15-slim-trixie", "latest", "ARG BASE=docker.io/library/python:latest: is no full version of Python"),
        ("USER 10001:10001", "USER exporter", "USER exporter: is not 10001"),
        ("USER 10001:10001\n", "", "USER : is not 10001"),
        ("COPY scanning/scanning", "COPY scanning/common", "COPY scanning/common: is not there"),
        (
            'ENTRYPOINT ["/packages/bin/python", "-m", "isilon_exporter"]',
            "ENTRYPOINT python",
            "ENTRYPOINT: needs a shell",
        ),
        ("FROM ${BASE}\n", "FROM debian:12\n", "FROM debian:12: is not the one base"),
    ],
)
def test_an_unsound_one_would_be_seen(old: str, new: str, expected: str) -> None:
    text = (FOLDER / "isilon" / "Dockerfile").read_text()
    assert old in text
    assert expected in faults(text.replace(old, new))


@each
def test_the_image_begins_the_exporter(kind: OwnKind) -> None:
    text = (FOLDER / kind / "Dockerfile").read_text()
    (entry,) = [json.loads(rest) for instruction, rest in steps(text) if instruction == "ENTRYPOINT"]
    assert entry[-2] == "-m"
    assert callable(importlib.import_module(f"{entry[-1]}.__main__").main)


@each
def test_the_version_is_one(kind: OwnKind) -> None:
    package = importlib.import_module(f"{kind}_exporter")
    assert package.__version__ == own.version(kind)


@each
def test_the_image_installs_what_the_lock_says(kind: OwnKind, tmp_path: Path) -> None:
    uv = shutil.which("uv") or ROOT / ".uv" / "bin" / "uv"
    if not Path(uv).exists():
        pytest.skip("uv is not installed")
    file = tmp_path / "requirements.lock"
    command = [uv, "export", "--frozen", "--package", f"dataops-{kind}-exporter", *EXPORTED, "-o", file]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    committed = (FOLDER / kind / "requirements.lock").read_text()
    assert committed == file.read_text(), "run `make exporters-locks`"
    assert " ".join(EXPORTED) in (ROOT / "Makefile").read_text()


def imports(folder: Path, *but: str) -> set[str]:
    """Top-level names that the files of a folder import, except those files."""
    found: set[str] = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())) if path.name not in but else ():
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names


@each
def test_everything_that_is_imported_is_installed(kind: OwnKind) -> None:
    """All tests share one environment, in which there is more than in the image."""
    locked = set(re.findall(r"^([a-z0-9-]+)==", (FOLDER / kind / "requirements.lock").read_text(), re.MULTILINE))
    # What asks by HTTP is for those that do.
    shared = imports(FOLDER / "scanning" / "scanning", *(("http.py",) if kind == "iceberg" else ()))
    distributions = packages_distributions()

    def installed(name: str) -> bool:
        return any(one.lower().replace("_", "-") in locked for one in distributions.get(name, ()))

    wanted = imports(FOLDER / kind / f"{kind}_exporter") | shared
    assert {name for name in wanted if not installed(name)} == {"scanning", f"{kind}_exporter"}


def test_packages_pin_what_they_need_themselves() -> None:
    for file in FOLDER.glob("*/pyproject.toml"):
        project = tomllib.loads(file.read_text())["project"]
        extras = project.get("optional-dependencies", {}).values()
        needed = [*project["dependencies"], *(one for extra in extras for one in extra)]
        loose = [one for one in needed if "==" not in one and not one.startswith("dataops-")]
        assert loose == [], file
