"""Would Grafana, from 10.0 to the newest, know every field of a dashboard: its own types of each version are asked.

tools/grafanaschema makes them from the npm package ``@grafana/schema`` as JSON schemas without fields that must be
there: the types ask for whatever has a default, which Grafana fills in. So this finds what a version does not know
(it would lose it), and what has another type or an unknown value; not what is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs.check.grafana_json import panels

if TYPE_CHECKING:
    from jsonschema_rs import Validator

FILE = Path(__file__).resolve().parent.parent.parent / "tools" / "grafanaschema" / "schemas.json"
_REFERENCE = re.compile(r"#/\$defs/(\w+)")
Model = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Looser:
    """What Grafana's source takes and the types made from it do not say. ``problem`` is a pattern of place and text."""

    versions: tuple[str, ...]
    problem: str
    why: str


_VARIABLE_FIELD = "'(current|multi|refresh|sort|includeAll|allValue)'"
_UP_TO_10_3 = ("10.0", "10.1", "10.2", "10.3")
LOOSER: tuple[Looser, ...] = (
    Looser(_UP_TO_10_3, r'refresh: "\d+[sm]" is not .*', "it is string | false, of which the JSON schema keeps false"),
    Looser(
        ("10.0", "10.3"),
        r"templating\.list\.\d+: Additional properties are not allowed "
        rf"\({_VARIABLE_FIELD}(, {_VARIABLE_FIELD})* w\w+ unexpected\)",
        "#VariableModel in dashboard_kind.cue ends in `...`: a variable may have fields that it does not list",
    ),
    Looser(
        ("10.0",),
        r".*: fieldConfig\.defaults\.thresholds\.steps\.0\.value: null is not of type \"number\"",
        "#Threshold in dashboard_kind.cue: the first step is -Infinity, which JSON writes as null",
    ),
    Looser(
        ("10.1", "10.2", "10.3", "10.4"),
        r".*: query \w+: Additional properties are not allowed \('interval' was unexpected\)",
        "PromQuery in public/app/plugins/datasource/prometheus/types.ts has it; these queries lack it",
    ),
)


def fits(one: Looser, problem: str) -> bool:
    return re.fullmatch(one.problem, problem) is not None


def versions() -> tuple[str, ...]:
    """Oldest first."""
    return tuple(_published()["versions"])


def unknown(text: str) -> list[str]:
    """A line for each problem of a dashboard's JSON, with the Grafana versions that have it."""
    model = json.loads(text)
    if not isinstance(model, dict):
        return ["not a JSON object"]
    found: dict[str, set[str]] = {}
    for part, value, where in _parts(model):
        for validator, names in _validators(part):
            for error in validator.iter_errors(value):
                place = ".".join(map(str, error.instance_path))
                problem = ": ".join(filter(None, (where, place, error.message)))
                loose = {name for one in LOOSER if fits(one, problem) for name in one.versions}
                found.setdefault(problem, set()).update(set(names) - loose)
    for panel in panels(model):
        lacking = {name for name in versions() if not _has_panel(name, panel.get("type"))}
        found.setdefault(f"{_titled(panel)}: type: there is no panel {panel.get('type')!r}", set()).update(lacking)
    return [f"Grafana {', '.join(v for v in versions() if v in has)}: {said}" for said, has in found.items() if has]


Part = tuple[str, Any, str]
"""A path in tools/grafanaschema/schemas.json below a version, what must fit it, and where that is."""


def _parts(model: Model) -> Iterator[Part]:
    yield "dashboard", {**model, "panels": []}, ""
    for panel in panels(model):
        if panel.get("type") == "row":
            yield "row", {**panel, "panels": []}, _titled(panel)
        else:
            yield from _panel(panel, _titled(panel))


def _panel(panel: Model, where: str) -> Iterator[Part]:
    kind, fields = _plugin(panel.get("type")), panel.get("fieldConfig", {})
    defaults = fields.get("defaults", {})
    yield "panel", {**panel, "options": {}, "targets": []}, where
    yield f"options/{kind}", panel.get("options", {}), f"{where}: options"
    yield f"custom/{kind}", defaults.get("custom", {}), f"{where}: custom"
    for override in fields.get("overrides", []):
        for one in override["properties"]:
            # Its id is the path of a field's default.
            group, _, name = str(one["id"]).rpartition(".")
            value, at = {name: one.get("value")}, f"{where}: override {one['id']}"
            if group == "custom":
                yield f"custom/{kind}", value, at
            else:
                yield "panel", {"fieldConfig": {"defaults": value, "overrides": []}}, at
    for target in panel.get("targets", []):
        store = (target.get("datasource") or panel.get("datasource") or {}).get("type")
        yield f"query/{store}", target, f"{where}: query {target.get('refId')}"


def _titled(panel: Model) -> str:
    return f"panel {panel.get('title')!r}"


def _plugin(kind: object) -> str:
    """The folder of a panel's plugin in Grafana's source."""
    return str(kind).replace("-", "")


def _has_panel(version: str, kind: object) -> bool:
    """Also where a version (10.0) does not publish which panels it has."""
    known = _published()["versions"][version]["panels"]
    return not known or kind == "row" or _plugin(kind) in known


@cache
def _published() -> Any:
    return json.loads(FILE.read_text())


@cache
def _validators(part: str) -> list[tuple[Validator, tuple[str, ...]]]:
    """Each different schema of a part, with the versions that have it; none for one that publishes nothing of it."""
    from jsonschema_rs import validator_for

    asked: dict[str, list[str]] = {}
    for version, published in _published()["versions"].items():
        schema = reduce(lambda found, name: found.get(name, {}), part.split("/"), published)
        if schema:
            asked.setdefault(json.dumps(schema), []).append(version)
    return [(validator_for({**json.loads(s), "$defs": _used(s)}), tuple(names)) for s, names in asked.items()]


def _used(schema: str) -> dict[str, Any]:
    """Only the parts that a schema refers to: a validator of all of them takes 0.1 s to make."""
    parts, used, texts = _published()["$defs"], dict[str, Any](), [schema]
    while texts:
        for name in _REFERENCE.findall(texts.pop()):
            if name not in used:
                used[name] = parts[name]
                texts.append(json.dumps(parts[name]))
    return used
