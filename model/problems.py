"""Validation errors as one line each: ``key: what is wrong, what is allowed``."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for a near miss, else the list of what there is."""
    names = sorted(set(known))
    near = get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(names)}"


def describe(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line per problem, in the order of the settings. Values are never repeated."""
    return [f"{_path(e['loc'])}: {_message(e, model)}" if e["loc"] else _message(e, model) for e in error.errors()]


def _path(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _message(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"unknown key{did_you_mean(str(error['loc'][-1]), _siblings(model, error['loc'][:-1]))}"
    if kind == "missing":
        return "is missing"
    context: dict[str, Any] = error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return f"must match {context['pattern']}"
    if kind == "literal_error":
        return f"must be one of {context['expected']}"
    return error["msg"].removeprefix("Value error, ").removeprefix("Input should be ").strip()


def _siblings(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Keys that are allowed at a path: walks the fields, through lists and optional parts."""
    current: Any = model
    for part in path:
        if isinstance(part, int) or not _is_model(current):
            continue
        field = next((f for n, f in current.model_fields.items() if part in (n, f.alias)), None)
        current = _model_in(field.annotation) if field is not None else None
    return [f.alias or n for n, f in current.model_fields.items()] if _is_model(current) else []


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _model_in(annotation: Any) -> Any:
    """The model inside ``Model | None`` or ``tuple[Model, ...]``."""
    if _is_model(annotation):
        return annotation
    return next((m for arg in getattr(annotation, "__args__", ()) if (m := _model_in(arg)) is not None), None)
