"""Alloy's configuration: parsed by Alloy's own parser, then held against what its components read and export."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SECONDS = 30
# Names of the language and its library (syntax/internal/stdlib of 0.1.1), not of components.
_LANGUAGE = {"constants", "coalesce", "json_path", "sys", "convert", "array", "encoding", "string", "file", "format"}
_STAGES = "loki.process"


class Alloy:
    """The check; its tool prints the blocks of a file."""

    tool = "alloysyntax"

    def refusal(self, program: Path | None, text: str, folder: Path) -> str:
        """What is wrong with the file; nothing where it is right."""
        file = folder / "config.alloy"
        file.write_text(text)
        run = subprocess.run(
            [str(program), file.name], capture_output=True, text=True, timeout=SECONDS, check=False, cwd=folder
        )
        if run.returncode != 0:
            return run.stderr.strip()
        return "; ".join(problems(json.loads(run.stdout)["blocks"]))


def problems(blocks: list[dict[str, Any]]) -> list[str]:
    """What Alloy would refuse of these top-level blocks (tools/alloysyntax), each with its line."""
    components = _components()
    found: list[str] = []
    exports: dict[str, list[str]] = {}
    for block in blocks:
        known = components.get(block["name"])
        identity = ".".join(filter(None, (block["name"], block["label"])))
        if known is None:
            found.append(f"line {block['line']}: {block['name']} is not in alloy_components.yaml")
            continue
        if identity in exports:
            found.append(f"line {block['line']}: {identity} twice")
        if bool(block["label"]) != ("." in block["name"]):
            found.append(f"line {block['line']}: {block['name']}: a component has a label, settings have none")
        exports[identity] = known.get("exports", [])
        found += _body(block, known["body"])
    return [*found, *(p for block in blocks for p in _references(block, exports))]


def _body(block: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    at = f"line {block['line']}: {block['name']}"
    required = {name.removesuffix("!"): name.endswith("!") for name in known}
    inner = {name.removesuffix("!"): body for name, body in known.items()}
    for name in block["attributes"]:
        if name not in inner or isinstance(inner[name], Mapping):
            yield f"{at}: no attribute {name}"
    for name in (n for n, needed in required.items() if needed and n not in block["attributes"]):
        yield f"{at}: attribute {name} is required"
    for child in block["blocks"]:
        name = child["name"]
        if not isinstance(inner.get(name), Mapping):
            yield f"{at}: no block {name}"
        elif name == "stage.match":
            yield from _body(child, {**inner[name], **_stages()})
        else:
            yield from _body(child, inner[name])


def _references(block: Mapping[str, Any], exports: Mapping[str, list[str]]) -> Iterator[str]:
    for path in block["references"]:
        if path.partition(".")[0] in _LANGUAGE:
            continue
        owner = next((name for name in exports if path.startswith(f"{name}.")), None)
        if owner is None:
            yield f"line {block['line']}: {block['name']}: {path} refers to a component that is not there"
        elif path.removeprefix(f"{owner}.").partition(".")[0] not in exports[owner]:
            yield f"line {block['line']}: {block['name']}: {path} is nothing that {owner} exports"
    for child in block["blocks"]:
        yield from _references(child, exports)


def _stages() -> dict[str, Any]:
    return {name: body for name, body in _components()[_STAGES]["body"].items() if name.startswith("stage.")}


@cache
def _components() -> dict[str, Any]:
    known: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "alloy_components.yaml").read_text())
    return known
