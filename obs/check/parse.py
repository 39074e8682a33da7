"""From text to syntax tree: Grafana's variables filled in, Grafana's query functions unwrapped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import promql_parser as pp

from obs.check.expression import Expression

PLACEHOLDER = "grafana_variable_"
"""Begins the word that stands for a Grafana variable; the word holds no regex metacharacter."""

# Grafana's built-in variables with a plausible value each (docs: Global variables).
_BUILT_IN = {
    "__rate_interval": "5m",
    "__interval": "1m",
    "__range": "1h",
    "__rate_interval_ms": "300000",
    "__interval_ms": "60000",
    "__range_ms": "3600000",
    "__range_s": "3600",
    "__from": "1700000000000",
    "__to": "1700003600000",
}
# $name, ${name}, ${name:regex}, ${name.text}, [[name]], [[name:csv]]. A digit never starts a name, so
# label_replace's $1 and ${1} stay.
_NAME = r"[A-Za-z_]\w*"
_VARIABLE = re.compile(
    rf"\$\{{(?P<braced>{_NAME})(?:\.\w+)?(?::[^}}]*)?\}}|\$(?P<plain>{_NAME})|\[\[(?P<old>{_NAME})(?::\w+)?\]\]"
)
_ANY = rf"(?:\$\{{{_NAME}[^}}]*\}}|\${_NAME}|\[\[{_NAME}(?::\w+)?\]\])"
_STRING = re.compile(r'("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`)', re.DOTALL)
_AS_DURATION = (
    (re.compile(rf"\[\s*{_ANY}(?=\s*[:\]])"), "[5m"),
    (re.compile(rf":\s*{_ANY}(?=\s*\])"), ":5m"),
    (re.compile(rf"\boffset\s+(-?)\s*{_ANY}"), r"offset \g<1>5m"),
)
_AS_NUMBER = re.compile(
    rf"(?P<before>(?:[<>+*/%^-]|[=!<>]=)\s*(?:bool\s+)?|\b(?:top|bottom|limit)k\s*(?:\w+\s*\([^)]*\)\s*)?\(\s*"
    rf"|\b(?:histogram_)?quantile\s*(?:(?:by|without)\s*\([^)]*\)\s*)?\(\s*){_ANY}"
)
_LABEL_VALUES = re.compile(rf"\s*label_values\(\s*(?:(?P<expr>.+),\s*)?(?P<label>{_NAME})\s*\)\s*", re.DOTALL)
_QUERY_RESULT = re.compile(r"\s*query_result\((?P<expr>.+)\)\s*", re.DOTALL)
_LISTS = re.compile(r"\s*(?:label_names|metrics)\(.*\)\s*", re.DOTALL)


@dataclass(frozen=True)
class Parsed:
    """``tree`` is None where there is nothing to evaluate or ``error`` says what is wrong.

    ``label`` is the label whose values a Grafana variable lists.
    """

    tree: pp.Expr | None
    error: str | None = None
    label: str | None = None


def parse(expression: Expression) -> Parsed:
    """Parse one expression; Grafana's syntax is known only in panels and variables."""
    text, label = expression.text, None
    if expression.kind == "variable":
        if _LISTS.fullmatch(text):
            return Parsed(None)
        if found := _LABEL_VALUES.fullmatch(text):
            text, label = found["expr"] or "", found["label"]
            if not text:
                return Parsed(None, label=label)
        elif found := _QUERY_RESULT.fullmatch(text):
            text = found["expr"]
    if expression.kind in ("panel", "variable"):
        text = fill(text)
    tree, error = _parse(text)
    return Parsed(tree, error, label)


def fill(text: str) -> str:
    """PromQL without Grafana variables.

    Built-in variables get a value; another variable becomes a duration where only a duration can
    stand, a number after an arithmetic or comparison operator, and elsewhere a word.
    """
    parts = _STRING.split(text)
    for index, part in enumerate(parts):
        filled = _VARIABLE.sub(_built_in, part)
        if index % 2 == 0:  # outside quotes
            for pattern, duration in _AS_DURATION:
                filled = pattern.sub(duration, filled)
            filled = _AS_NUMBER.sub(r"\g<before>1", filled)
        parts[index] = _VARIABLE.sub(lambda found: PLACEHOLDER + _name(found), filled)
    return "".join(parts)


def numbers_filled(text: str) -> bool:
    """Whether a Grafana variable stands for a number, which nobody knows before it is chosen."""
    return any(_AS_NUMBER.search(part) for part in _STRING.split(text)[::2])


def is_filled(text: str) -> bool:
    """Whether a value or label stands for a Grafana variable, and so is not known."""
    return PLACEHOLDER in text


def _name(found: re.Match[str]) -> str:
    return str(found["braced"] or found["plain"] or found["old"])


def _built_in(found: re.Match[str]) -> str:
    return _BUILT_IN.get(_name(found), found[0])


@lru_cache(maxsize=8192)
def _parse(text: str) -> tuple[pp.Expr | None, str | None]:
    try:
        return pp.parse(text), None
    except ValueError as error:
        return None, str(error)


@lru_cache(maxsize=8192)
def used_selectors(tree: pp.Expr) -> tuple[pp.VectorSelector, ...]:
    """All selectors of an expression, in order of their text. A tree is parsed once, so it is walked once."""
    found: list[pp.VectorSelector] = []

    def visit(node: pp.Expr) -> None:
        if isinstance(node, pp.VectorSelector):
            found.append(node)

    pp.walk(tree, visit)
    return tuple(found)
