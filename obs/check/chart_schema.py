"""Chart values against the values.schema.json that a chart brings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for

from obs.chartkeys import ChartKeys
from obs.chartkeys.assemble import ValuesSchema, overlay
from obs.chartkeys.flow import KeyPath, shown_path
from obs.check.finding import Finding

_RULES = {
    "type": "must be of type {}",
    "enum": "must be one of {}",
    "const": "must be {}",
    "pattern": "must match the pattern {}",
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "multipleOf": "must be a multiple of {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "minProperties": "must have at least {} keys",
    "maxProperties": "must have at most {} keys",
    "required": "must have the keys {}",
}


class _Opaque(str):
    """Stands for a value that is not known yet (an Output): nothing can be said about it."""

    __slots__ = ()


def check_schemas(chart: str, values: Mapping[str, object], known: ChartKeys, where: str) -> Iterator[Finding]:
    """One ``chart/schema`` finding for each rule that the values, laid over the chart's defaults, break.

    Messages give the rule, never the value: it may be a secret.
    """
    for schema in known.schemas:
        given = _plain(values)
        for name in schema.root:
            given = given.get(name) if isinstance(given, dict) else None
        merged = overlay(schema.defaults, given if isinstance(given, dict) else {})
        for path, rule in _errors(schema, merged):
            subject = shown_path(path)
            message = f"{chart} {known.version}: {subject or 'the values'} {rule} (values.schema.json of the chart)"
            yield Finding("chart/schema", f"{chart}: {subject}", where, message)


def _errors(schema: ValuesSchema, values: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    validator = validator_for(schema.schema, default=Draft202012Validator)(schema.schema)
    for outer in validator.iter_errors(values):
        # "matches none of these" says little: the alternative that came nearest says what is wrong.
        error = best_match([outer]) or outer
        if isinstance(error.instance, _Opaque):
            continue
        path = (*schema.root, *(f"[{part}]" if isinstance(part, int) else str(part) for part in error.absolute_path))
        if error.validator == "additionalProperties":
            for key in sorted(_unexpected(error)):
                yield (*path, key), "is not allowed there"
        else:
            yield path, _rule(error)


def _rule(error: ValidationError) -> str:
    form = _RULES.get(str(error.validator))
    return form.format(json.dumps(error.validator_value)) if form else f"breaks the rule {error.validator!r}"


def _unexpected(error: ValidationError) -> set[str]:
    given, schema = error.instance, error.schema
    assert isinstance(given, dict)
    assert isinstance(schema, Mapping)
    return set(given) - set(schema.get("properties", {}))


def _plain(value: object) -> Any:
    """Values as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else _Opaque()
