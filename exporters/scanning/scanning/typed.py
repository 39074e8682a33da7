"""Answers of an API as types; one that is not of its type is malformed."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from scanning.failure import Failure, Reason

M = TypeVar("M", bound=BaseModel)


def typed(path: str, kind: type[M], value: object) -> M:
    """Raises Failure, which names the field but not its value."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join((kind.__name__, *map(str, first["loc"])))
        raise Failure(Reason.MALFORMED, f"{path}: {place}: {first['msg']}") from None


def typed_list(path: str, kind: type[M], values: object) -> list[M]:
    """Raises Failure."""
    if not isinstance(values, list):
        raise Failure(Reason.MALFORMED, f"{path}: the answer has no list of {kind.__name__}")
    return [typed(path, kind, value) for value in values]
