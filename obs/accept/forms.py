"""Strict parses of ours, where a program is not to be had or takes too much: unknown keys it would pass over."""

from __future__ import annotations

import configparser
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

Problems = list[str]


class _Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice, as the YAML libraries of Go do."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := sorted({str(key) for key in keys if keys.count(key) > 1}):
            raise ValueError(f"line {node.start_mark.line + 1}: {', '.join(twice)} twice")
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    return yaml.load(text, _Loader)


@dataclass(frozen=True, slots=True)
class Form:
    """A check without a program: ``problems`` gives a line for each, and may raise ValueError."""

    problems: Callable[[str], Problems]
    tool: str = ""

    def refusal(self, _program: Path | None, text: str, _folder: Path) -> str:
        """What is wrong with the file; nothing where it is right."""
        try:
            return "; ".join(self.problems(text))
        except (ValueError, yaml.YAMLError) as error:
            return str(error)


TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
FLAG = {"type": "boolean"}
NUMBER = {"type": "integer"}
STRING = {"type": "string"}
OBJECT = {"type": "object"}


def closed(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def listed(items: Mapping[str, Any], at_least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": at_least}


# thanos 0.42 pkg/receive/config.go; the program itself takes a hashring without endpoints.
_ENDPOINT = {"anyOf": [TEXT, closed(("address",), address=TEXT, capnproto_address=TEXT, az=TEXT)]}
_HASHRINGS = listed(
    closed(
        ("endpoints",),
        hashring=TEXT,
        tenants=listed(TEXT),
        tenant_matcher_type={"enum": ["", "exact", "glob"]},
        endpoints=listed(_ENDPOINT, at_least=1),
        algorithm={"enum": ["", "hashmod", "ketama"]},
        external_labels={"type": "object", "additionalProperties": TEXT},
        shuffle_sharding_config=OBJECT,
    ),
    at_least=1,
)
# Grafana's provisioning (pkg/services/provisioning/{datasources,dashboards}/types.go and its manual, November 2026).
_DATASOURCE = closed(
    ("name", "type"),
    **dict.fromkeys(("name", "type"), TEXT),
    **dict.fromkeys(("uid", "access", "url", "user", "database", "basicAuthUser"), STRING),
    **dict.fromkeys(("basicAuth", "withCredentials", "isDefault", "editable"), FLAG),
    **dict.fromkeys(("orgId", "version"), NUMBER),
    **dict.fromkeys(("jsonData", "secureJsonData"), OBJECT),
    correlations=listed(OBJECT),
)
_DATASOURCES = closed(
    ("apiVersion", "datasources"),
    apiVersion={"const": 1},
    prune=FLAG,
    deleteDatasources=listed(closed(("name",), name=TEXT, orgId=NUMBER, orgName=TEXT)),
    # The chart writes an empty list as null.
    datasources={**listed(_DATASOURCE), "type": ["array", "null"]},
)
_PROVIDER = closed(
    ("name", "type", "options"),
    **dict.fromkeys(("name", "type"), TEXT),
    **dict.fromkeys(("folder", "folderUid"), STRING),
    **dict.fromkeys(("allowUiUpdates", "disableDeletion", "editable"), FLAG),
    **dict.fromkeys(("orgId", "updateIntervalSeconds"), NUMBER),
    options=closed(("path",), path=TEXT, foldersFromFilesStructure=FLAG),
)
_PROVIDERS = closed(("apiVersion", "providers"), apiVersion={"const": 1}, providers=listed(_PROVIDER))


def hashrings(text: str) -> Problems:
    return fits(json.loads(text), _HASHRINGS)


def dashboard_providers(text: str) -> Problems:
    return fits(read_yaml(text), _PROVIDERS)


def datasources(text: str) -> Problems:
    """Also what Grafana refuses at its start: two defaults, or two of one name or uid."""
    data = read_yaml(text)
    if problems := fits(data, _DATASOURCES):
        return problems
    given = data["datasources"] or []
    if sum(bool(d.get("isDefault")) for d in given) > 1:
        problems.append("datasources: more than one is the default")
    for key in ("name", "uid"):
        values = [d[key] for d in given if d.get(key)]
        problems += [f"datasources: {key} {v!r} twice" for v in sorted(set(values)) if values.count(v) > 1]
    return problems


def ini(text: str) -> Problems:
    """grafana.ini: each section and each key of it once, no line that is neither."""
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    try:
        parser.read_string(f"[DEFAULT]\n{text}")
    except configparser.Error as error:
        return [str(error)]
    return []


def loki_overrides(text: str) -> Problems:
    """Loki's runtime configuration; the limits of a tenant are those of limits_config, which loki itself checks."""
    data = read_yaml(text)
    return fits(data or {}, closed(overrides={"type": ["object", "null"]}, multi_kv_config={"type": "object"}))


def fits(data: Any, schema: Mapping[str, Any]) -> Problems:
    found = Draft202012Validator(schema).iter_errors(data)
    return sorted(f"{'.'.join(map(str, e.absolute_path)) or 'the file'}: {e.message}" for e in found)
