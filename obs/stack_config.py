"""The configuration of one stack, read from Pulumi.yaml and Pulumi.<stack>.yaml as the engine reads it.

The rules (namespacing, schema defaults, required keys, types) are those of the Pulumi CLI 3.260,
sdk/go/common/workspace/project.go and pkg/workspace/config.go, read in November 2026.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from obs.engine_yaml import ConfigError, kind, read_mapping

__all__ = ["SECRET_PLACEHOLDER", "ConfigError", "StackConfig", "read_stack_config", "stacks"]

# Stands for an encrypted value, which only the owner of the stack's key can read. It is distinctive,
# so that finding it in anything written proves that a secret lost its mark.
SECRET_PLACEHOLDER = "placeholder-of-an-encrypted-value"


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """What the engine hands to the program.

    ``values`` is keyed ``namespace:key``; strings are given as they are, everything else as JSON text.
    ``secret_keys`` are the keys that hold a secret somewhere; a value that the stack file has encrypted
    reads :data:`SECRET_PLACEHOLDER`.
    """

    project: str
    stack: str
    values: Mapping[str, str] = field(repr=False)
    secret_keys: frozenset[str] = frozenset()

    def redacted(self) -> dict[str, str]:
        """Every key with its text, ``[secret]`` where the key is secret."""
        return {k: "[secret]" if k in self.secret_keys else v for k, v in sorted(self.values.items())}


def stacks(project_dir: Path) -> tuple[str, ...]:
    """Names of the stacks that have a file Pulumi.<stack>.yaml in ``project_dir``, sorted."""
    files = project_dir.glob("Pulumi.*.yaml")
    return tuple(sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files))


def read_stack_config(
    project_dir: Path,
    stack: str,
    *,
    config: Mapping[str, object] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> StackConfig:
    """Read one stack's configuration and apply the defaults of the project's schema.

    ``config`` replaces or adds plain values and ``secrets`` secret ones, both before the schema is
    applied; a key without a namespace belongs to the project. Raises :class:`ConfigError` where a file
    is missing or is not YAML, and where the engine would refuse the values: every problem is named.
    """
    project_file = project_dir / "Pulumi.yaml"
    if not project_file.is_file():
        raise ConfigError(f"{project_dir}: there is no Pulumi.yaml here; run in the directory of a Pulumi project")
    project_data = read_mapping(project_file)
    name = project_data.get("name")
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{project_file}: 'name' is missing; it must be the name of the project")
    stack_file = _stack_file(project_dir, stack)
    given = _namespaced(_section(stack_file, read_mapping(stack_file)), name, stack_file)
    given |= _namespaced(config or {}, name, stack_file)
    given |= _namespaced({key: {"secure": ""} for key in secrets or {}}, name, stack_file)
    schema = _section(project_file, project_data)
    problems = _apply_schema(given, schema, name, stack)
    if problems:
        raise ConfigError("\n".join(problems))
    values = {key: _text(_opened(value)) for key, value in given.items()}
    plain_secrets = {_key(key, name): text for key, text in (secrets or {}).items()}
    return StackConfig(
        project=name,
        stack=stack,
        values=values | plain_secrets,
        secret_keys=frozenset(key for key, value in given.items() if _is_secret(value)),
    )


def _stack_file(project_dir: Path, stack: str) -> Path:
    file = project_dir / f"Pulumi.{stack}.yaml"
    if file.is_file():
        return file
    known = stacks(project_dir)
    if not known:
        raise ConfigError(f"{project_dir}: no stack {stack!r}; there is no file Pulumi.<stack>.yaml at all")
    near = get_close_matches(stack, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ConfigError(f"{project_dir}: no stack {stack!r}; there are {', '.join(known)}{hint}")


def _section(file: Path, data: Mapping[str, Any]) -> dict[str, Any]:
    section = data.get("config")
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise ConfigError(f"{file}: 'config' must be a mapping, is {kind(section)}")
    return section


# --- keys, values and secrets


def _key(key: str, project: str) -> str:
    namespace, separator, name = str(key).rpartition(":")
    return f"{namespace.removesuffix(':config')}:{name}" if separator else f"{project}:{key}"


def _namespaced(config: Mapping[str, object], project: str, file: Path) -> dict[str, Any]:
    named = {_key(key, project): value for key, value in config.items()}
    bad = sorted(key for key in named if key.count(":") != 1)
    if bad:
        raise ConfigError(f"{file}: {', '.join(bad)}: a key is <name> or <namespace>:<name>")
    return named


def _secured(value: object) -> bool:
    """The form that the CLI gives an encrypted value: one key ``secure`` with the ciphertext."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("secure"), str)


def _is_secret(value: object) -> bool:
    if isinstance(value, dict):
        return _secured(value) or any(map(_is_secret, value.values()))
    return isinstance(value, list) and any(map(_is_secret, value))


def _opened(value: Any) -> Any:
    """``value`` with the placeholder wherever it is encrypted."""
    if _secured(value):
        return SECRET_PLACEHOLDER
    if isinstance(value, dict):
        return {str(key): _opened(item) for key, item in value.items()}
    return [_opened(item) for item in value] if isinstance(value, list) else value


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    # The engine reads an empty value as an empty string (and warns).
    return "" if value is None else json.dumps(value, separators=(",", ":"), sort_keys=True)


# --- the project's schema


def _apply_schema(given: dict[str, Any], schema: Mapping[str, Any], project: str, stack: str) -> list[str]:
    """Put defaults into ``given``; returns every reason for which the engine would refuse the stack."""
    problems = []
    for short, definition in schema.items():
        key = _key(short, project)
        own = key.startswith(f"{project}:")
        # Shorthand: `size: 3` is a default of our own key, `kubernetes:context: x` the value of another's.
        entry = definition if isinstance(definition, dict) else {"default" if own else "value": definition}
        fallback = entry.get("default", entry.get("value"))
        if key in given:
            if own and (problem := _misfit(given[key], entry, typed=False)):
                problems.append(f"Pulumi.{stack}.yaml: {short}: {problem}")
        elif fallback is not None:
            if own and (problem := _misfit(fallback, entry, typed=True)):
                problems.append(f"Pulumi.yaml: {short}: the default {problem}")
            given[key] = fallback
        elif own:
            secret = "--secret " if entry.get("secret") else ""
            command = f"pulumi config set {secret}{short} -s {stack}"
            problems.append(f"Pulumi.{stack}.yaml: {short}: has no value and the project no default; run `{command}`")
    return problems


def _misfit(value: Any, entry: Mapping[str, Any], *, typed: bool) -> str | None:
    """Why ``value`` does not fit the schema's entry. ``typed`` says that scalars still have their type."""
    if "type" not in entry:
        return None
    if entry.get("secret") and not _is_secret(value):
        return "must be encrypted, as the project says it is secret (`pulumi config set --secret`)"
    # The engine keeps a stack's scalars as text: a string key takes 1.30 (as "1.3"), an integer key "5".
    content = value if typed or isinstance(value, dict | list) else _text(value)
    if _secured(value) or _fits(_opened(content), entry):
        return None
    return f"must be of type {_type_name(entry)}, is {kind(_opened(value))}"


def _fits(value: object, entry: Mapping[str, Any]) -> bool:
    match entry.get("type"):
        case "string":
            return isinstance(value, str)
        case "integer":
            return (isinstance(value, int) and not isinstance(value, bool)) or _matches(value, "[-+]?[0-9]+")
        case "boolean":
            return isinstance(value, bool) or _matches(value, "true|false")
        case "object":
            return isinstance(value, dict)
        case "array":
            items = entry.get("items")
            return isinstance(value, list) and isinstance(items, dict) and all(_fits(item, items) for item in value)
    return False


def _matches(value: object, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _type_name(entry: Mapping[str, Any]) -> str:
    items = entry.get("items")
    name = str(entry.get("type"))
    if name == "array":
        return f"array<{_type_name(items)}>" if isinstance(items, dict) else "array (whose 'items' are not declared)"
    known = ("string", "integer", "boolean", "object")
    return name if name in known else f"{name} (which is none of array, {', '.join(known)})"
