"""YAML read as the Pulumi engine reads it (go-yaml 3), so that a value here is the value there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from obs.errors import ObsError


class ConfigError(ObsError):
    """The configuration of a stack cannot be used; the message holds one problem per line."""


def kind(value: object) -> str:
    """What ``value`` is, in the words of YAML, with its article."""
    names = {dict: "mapping", list: "list", str: "string", bool: "boolean", int: "integer", float: "number"}
    name = names.get(type(value), "empty value")
    return f"an {name}" if name[0] in "ei" else f"a {name}"


class _Loader(yaml.SafeLoader):
    """Scalars as the engine reads them: PyYAML alone turns ``on`` into true and ``12:30`` into 750."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)

    def number(self, node: yaml.ScalarNode) -> float | int:
        value = float(str(node.value))
        return int(value) if value.is_integer() else value

    def whole(self, node: yaml.ScalarNode) -> int:
        text = str(node.value).replace("_", "")
        return int(text, 0 if re.search("[xob]", text) else 8 if re.match("[-+]?0[0-9]", text) else 10)

    def date(self, node: yaml.ScalarNode) -> object:
        problem = "an unquoted date, which the engine turns into '2024-01-01 00:00:00 +0000 UTC'; quote it"
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


_Loader.yaml_implicit_resolvers = {}
for _name, _pattern in {
    "null": "~|null|Null|NULL|",
    "bool": "true|True|TRUE|false|False|FALSE",
    "int": "[-+]?(?:0|[1-9][0-9_]*|0o?[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+)",
    "float": r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?",
    "timestamp": "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?",
    "merge": "<<",
}.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), None)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.whole)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.number)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.date)


def read_mapping(file: Path) -> dict[str, Any]:
    """The mapping in ``file`` (an empty file is an empty one). Raises :class:`ConfigError` with the line."""
    try:
        data = yaml.load(file.read_text(encoding="utf-8"), _Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        # Only the problem: the parser's snippet of the file may hold a secret.
        raise ConfigError(f"{file}:{line}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid YAML: {type(error).__name__}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: must be a mapping, is {kind(data)}")
    return data
