"""Pulumi.<stack>.yaml as a reviewer looks at it: which keys are set, on which line, and which secrets are there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from obs.documents import MASK
from obs.engine_yaml import read_mapping

Settings = tuple[dict[str, Any], dict[str, int], dict[str, str]]


def stack_settings(project: Path, stack: str) -> Settings:
    """Key path -> value, key path -> line of the key or the entry, and secret key -> hash of its ciphertext.

    A path is ``alerting.overrides.DiskFull.threshold``; entries of a list are ``routes[0]``. Encrypted values read
    ``[secret]``. Raises ConfigError for a file that is not YAML.
    """
    file = project / f"Pulumi.{stack}.yaml"
    section = read_mapping(file).get("config") or {}
    values: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for key, value in section.items():
        _flatten(str(key).rpartition(":")[2], value, values, secrets)
    return values, _lines(file.read_text(encoding="utf-8")), secrets


def _flatten(path: str, value: Any, values: dict[str, Any], secrets: dict[str, str]) -> None:
    if isinstance(value, Mapping) and set(value) == {"secure"}:
        values[path] = MASK
        secrets[path] = hashlib.sha256(str(value["secure"]).encode()).hexdigest()[:12]
    elif isinstance(value, Mapping) and value:
        for key, item in value.items():
            _flatten(f"{path}.{key}", item, values, secrets)
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            _flatten(f"{path}[{number}]", item, values, secrets)
    else:
        values[path] = value


def _lines(text: str) -> dict[str, int]:
    found: dict[str, int] = {}

    def visit(node: yaml.Node, path: str, first: yaml.Node) -> None:
        found[path] = first.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                visit(value, f"{path}.{key.value}", key)
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                visit(value, f"{path}[{number}]", value)

    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    for key, section in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "config" and isinstance(section, yaml.MappingNode):
            for name, value in section.value:
                visit(value, str(name.value).rpartition(":")[2], name)
    return found
