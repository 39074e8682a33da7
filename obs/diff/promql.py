"""What a reader wants to know of an expression: its threshold, the series that it reads, the labels of its result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISON = re.compile(
    r"(==|!=|>=|<=|>|<)\s*(?:bool\s+)?(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?=\s|$)", re.IGNORECASE
)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`')
_NAME = re.compile(r"(?<![\w:])[a-zA-Z_:][\w:]*(?![\w:(]|\s*\()")
_GROUPING = re.compile(r"^\s*\w+\s+by\s*\(([^)]*)\)")
_WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "offset", "bool"}


@dataclass(frozen=True)
class Condition:
    """``shape`` is the expression with its threshold left out; equal shapes differ by the threshold alone."""

    shape: str
    op: str
    threshold: float


def condition(expression: str) -> Condition | None:
    """The first comparison with a number that stands in no parentheses; None where there is none."""
    for start in _outside(expression):
        found = _COMPARISON.match(expression, start)
        if found:
            shape = f"{expression[: found.start()]}{found[1]} …{expression[found.end() :]}"
            return Condition(shape, found[1], float(found[2]))
    return None


def _outside(text: str) -> Iterator[int]:
    """Positions of comparison operators outside of parentheses, braces and strings."""
    depth = position = 0
    while position < len(text):
        string = _STRING.match(text, position)
        if string:
            position = string.end()
            continue
        character = text[position]
        if character in "({[":
            depth += 1
        elif character in ")}]":
            depth -= 1
        elif depth == 0 and character in "=!<>" and (position == 0 or text[position - 1] not in "=!<>"):
            yield position
        position += 1


def names(expression: str) -> set[str]:
    """Every word that can be the name of a series: one too many (a label) does no harm to who looks one up."""
    return {name for name in _NAME.findall(_STRING.sub("", expression)) if name not in _WORDS}


def grouped_by(expression: str) -> tuple[str, ...] | None:
    """Labels of the outermost aggregation; None where there is none."""
    found = _GROUPING.match(expression)
    return tuple(label.strip() for label in found[1].split(",") if label.strip()) if found else None
