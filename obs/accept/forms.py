"""Strict parses of ours, where a program is not to be had or takes too much: unknown keys it would pass over."""

from __future__ import annotations

import configparser
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
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


def _yaml(text: str) -> Any:
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


_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_FLAG = {"type": "boolean"}
_NUMBER = {"type": "integer"}
_STRING = {"type": "string"}
_OBJECT = {"type": "object"}


def _map(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _list(items: Mapping[str, Any], at_least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": at_least}


# thanos 0.42 pkg/receive/config.go; the program itself takes a hashring without endpoints.
_ENDPOINT = {"anyOf": [_TEXT, _map(("address",), address=_TEXT, capnproto_address=_TEXT, az=_TEXT)]}
_HASHRINGS = _list(
    _map(
        ("endpoints",),
        hashring=_TEXT,
        tenants=_list(_TEXT),
        tenant_matcher_type={"enum": ["", "exact", "glob"]},
        endpoints=_list(_ENDPOINT, at_least=1),
        algorithm={"enum": ["", "hashmod", "ketama"]},
        external_labels={"type": "object", "additionalProperties": _TEXT},
        shuffle_sharding_config=_OBJECT,
    ),
    at_least=1,
)
# Grafana's provisioning (pkg/services/provisioning/{datasources,dashboards}/types.go and its manual, November 2026).
_DATASOURCE = _map(
    ("name", "type"),
    **dict.fromkeys(("name", "type"), _TEXT),
    **dict.fromkeys(("uid", "access", "url", "user", "database", "basicAuthUser"), _STRING),
    **dict.fromkeys(("basicAuth", "withCredentials", "isDefault", "editable"), _FLAG),
    **dict.fromkeys(("orgId", "version"), _NUMBER),
    **dict.fromkeys(("jsonData", "secureJsonData"), _OBJECT),
    correlations=_list(_OBJECT),
)
_DATASOURCES = _map(
    ("apiVersion", "datasources"),
    apiVersion={"const": 1},
    prune=_FLAG,
    deleteDatasources=_list(_map(("name",), name=_TEXT, orgId=_NUMBER, orgName=_TEXT)),
    # The chart writes an empty list as null.
    datasources={**_list(_DATASOURCE), "type": ["array", "null"]},
)
_PROVIDER = _map(
    ("name", "type", "options"),
    **dict.fromkeys(("name", "type"), _TEXT),
    **dict.fromkeys(("folder", "folderUid"), _STRING),
    **dict.fromkeys(("allowUiUpdates", "disableDeletion", "editable"), _FLAG),
    **dict.fromkeys(("orgId", "updateIntervalSeconds"), _NUMBER),
    options=_map(("path",), path=_TEXT, foldersFromFilesStructure=_FLAG),
)
_PROVIDERS = _map(("apiVersion", "providers"), apiVersion={"const": 1}, providers=_list(_PROVIDER))


def hashrings(text: str) -> Problems:
    return _fits(json.loads(text), _HASHRINGS)


def dashboard_providers(text: str) -> Problems:
    return _fits(_yaml(text), _PROVIDERS)


def datasources(text: str) -> Problems:
    """Also what Grafana refuses at its start: two defaults, or two of one name or uid."""
    data = _yaml(text)
    if problems := _fits(data, _DATASOURCES):
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


def json_object(text: str) -> Problems:
    return [] if isinstance(json.loads(text), dict) else ["not a JSON object"]


def loki_overrides(text: str) -> Problems:
    """Loki's runtime configuration; the limits of a tenant are those of limits_config, which loki itself checks."""
    data = _yaml(text)
    return _fits(data or {}, _map(overrides={"type": ["object", "null"]}, multi_kv_config={"type": "object"}))


# Keys of the list that Tempo 3 has no more.
_ONLY_TEMPO_2 = (
    "ingester",
    "ingester_client",
    "compactor",
    "metrics_generator.traces_storage",
    "metrics_generator.processor.local_blocks",
    "query_frontend.search.query_ingesters_until",
)


def tempo_2(text: str) -> Problems:
    return list(_unknown(_yaml(text), _tempo_keys()))


def tempo_3(text: str) -> Problems:
    data = _yaml(text)
    gone = [path for path in _ONLY_TEMPO_2 if _has(data, path.split("."))]
    return [*(f"{path}: Tempo 3 has it no more" for path in gone), *_unknown(data, _tempo_keys())]


def tempo_overrides(text: str) -> Problems:
    """Limits by tenant, with the keys that the defaults have."""
    data = _yaml(text) or {}
    if problems := _fits(data, _map(overrides={"type": ["object", "null"]})):
        return problems
    limits = _tempo_keys()["overrides"]["defaults"]
    return [p for tenant, own in (data.get("overrides") or {}).items() for p in _unknown(own, limits, f"{tenant}.")]


def tempo_query(text: str) -> Problems:
    """The chart makes this file whether or not its program is deployed."""
    return _fits(_yaml(text), _map(("backend",), backend=_TEXT))


@cache
def _tempo_keys() -> dict[str, Any]:
    keys: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "tempo_keys.yaml").read_text())
    return keys


def _unknown(data: Any, known: Any, at: str = "") -> Iterator[str]:
    """A line for each key of ``data`` that ``known`` has not; ``any`` there, or no keys below, ends the comparison."""
    if not isinstance(known, Mapping) or data is None:
        return
    if not isinstance(data, Mapping):
        yield f"{at.removesuffix('.') or 'the file'}: must be an object"
        return
    for key, value in data.items():
        if key in known:
            yield from _unknown(value, known[key], f"{at}{key}.")
        else:
            yield f"{at}{key}: not a key that is known"


def _has(data: Any, path: list[str]) -> bool:
    for key in path:
        if not isinstance(data, Mapping) or not data.get(key):
            return False
        data = data[key]
    return True


def _fits(data: Any, schema: Mapping[str, Any]) -> Problems:
    found = Draft202012Validator(schema).iter_errors(data)
    return sorted(f"{'.'.join(map(str, e.absolute_path)) or 'the file'}: {e.message}" for e in found)
