"""The syntax tree of a Go template, as far as it matters for following values through it."""

from __future__ import annotations

from dataclasses import dataclass, field


class TemplateSyntaxError(ValueError):
    """The text is not a template that this reader understands."""


@dataclass(frozen=True, slots=True)
class Lit:
    """A constant: text, whole number, or None for every other constant."""

    value: str | int | None


@dataclass(frozen=True, slots=True)
class Var:
    """``$name``; the dot itself is written as ``Var(".")``."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    base: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; ``a | f b`` reads as ``f b a``. An unnamed function is a method call."""

    function: str
    args: tuple[Expr, ...]


Expr = Lit | Var | Field | Call


@dataclass(slots=True)
class Text:
    text: str


@dataclass(slots=True)
class Action:
    """Prints a pipeline, or assigns it (``names`` with ``declare`` for ``:=``)."""

    expr: Expr
    names: tuple[str, ...] = ()
    declare: bool = False


@dataclass(slots=True)
class Branch:
    """``if``, ``with`` or ``range``: a head, what runs with it, and what runs otherwise."""

    keyword: str
    head: Action
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)


Node = Text | Action | Branch


@dataclass(slots=True)
class Template:
    body: list[Node]
    defines: dict[str, list[Node]]
