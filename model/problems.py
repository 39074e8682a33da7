"""Validation errors as one line each: ``key: what is wrong, what is allowed``."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for a near miss, else the list of what there is."""
    names = sorted(set(known))
    near = get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(names)}"


def describe(error: ValidationError, model: type[BaseModel], at: str = "") -> list[str]:
    """One line per problem, in the order of the settings. Values are never repeated.

    ``at`` is the path of ``model`` itself. A validator may name several problems, a line each; one that starts
    with ``.`` is about a key below.
    """
    lines = []
    for e in _causes(error):
        path = _path(e["loc"], at)
        for line in _message(e, model).split("\n"):
            lines.append(f"{path}{line}" if line.startswith(".") else f"{path}: {line}" if path else line)
    return lines


def _causes(error: ValidationError) -> list[ErrorDetails]:
    """Without "too short" of a list whose items are wrong: pydantic counts the sound ones only."""
    errors = error.errors()
    places = [e["loc"] for e in errors]
    return [
        e
        for e in errors
        if e["type"] != "too_short"
        or not any(len(p) > len(e["loc"]) and p[: len(e["loc"])] == e["loc"] for p in places)
    ]


def _path(loc: tuple[int | str, ...], at: str) -> str:
    text = at
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _message(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, path = error["type"], error["loc"]
    context: dict[str, Any] = error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key{did_you_mean(str(path[-1]), _siblings(model, path[:-1]))}"
    if kind in ("string_pattern_mismatch", "string_type") and (form := _described(model, path)):
        return f"must be {form}"
    fixed = {
        "missing": "is missing",
        "model_type": "must be an object: keys with values",
        "dict_type": "must be an object: keys with values",
        "string_pattern_mismatch": f"must match {context.get('pattern')}",
        "tuple_type": "must be a list",
        "too_short": f"must have at least {context.get('min_length')} entry",
        "literal_error": f"must be one of {context.get('expected')}",
    }
    return fixed.get(kind) or error["msg"].removeprefix("Value error, ").replace("Input should be ", "must be ").strip()


def _described(model: type[BaseModel], path: tuple[int | str, ...]) -> str | None:
    """What a field's description says is allowed."""
    current = _reached(model, path[:-1])
    fields = current.model_fields.items() if _is_model(current) else ()
    return next((f.description for n, f in fields if path[-1] in (n, f.alias)), None)


def _siblings(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Keys that are allowed at a path."""
    current = _reached(model, path)
    return [f.alias or n for n, f in current.model_fields.items()] if _is_model(current) else []


def _reached(model: type[BaseModel], path: tuple[int | str, ...]) -> Any:
    """The model at a path: walks the fields, through lists, named items and optional parts."""
    current: Any = model
    named = False
    for part in path:
        if isinstance(part, int) or not _is_model(current):
            continue
        if named:
            named = False  # the name of an item, which no field has
            continue
        field = next((f for n, f in current.model_fields.items() if part in (n, f.alias)), None)
        current = _model_in(field.annotation) if field is not None else None
        named = field is not None and _has_names(field.annotation)
    return current


def _has_names(annotation: Any) -> bool:
    """Whether it is ``dict[str, Model]``, optional or not."""
    arguments = getattr(annotation, "__args__", ())
    return get_origin(annotation) is dict or any(get_origin(one) is dict for one in arguments)


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _model_in(annotation: Any) -> Any:
    """The model inside ``Model | None`` or ``tuple[Model, ...]``."""
    if _is_model(annotation):
        return annotation
    return next((m for arg in getattr(annotation, "__args__", ()) if (m := _model_in(arg)) is not None), None)
