"""The parts of a PromQL expression. They are immutable; ``str(expr)`` is the PromQL text.

Write expressions with :mod:`model.promql`, whose functions keep the label ``cluster``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from model.quantity import seconds

Op = Literal["+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless"]
_PRECEDENCE: dict[str, int] = {"or": 1, "and": 2, "unless": 2, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "^": 6}
_COMPARISON = 3
_ATOM = 9


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label matcher. Shape: ``label`` ``op`` ``value``; op is one of = != =~ !~."""

    label: str
    op: Literal["=", "!=", "=~", "!~"]
    value: str

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.op}"{escaped}"'

    def accepts(self, value: str) -> bool:
        """Whether a label with that value matches; without the label it is empty."""
        if self.op in ("=", "!="):
            return (value == self.value) == (self.op == "=")
        return (re.fullmatch(self.value, value) is not None) == (self.op == "=~")


class Expr(ABC):
    """A PromQL expression. Python's arithmetic and ordering operators build binary expressions."""

    __slots__ = ()

    @property
    def precedence(self) -> int:
        return _ATOM

    def children(self) -> tuple[Expr, ...]:
        return ()

    @abstractmethod
    def __str__(self) -> str: ...

    def with_leaves(self, change: Callable[[Expr], Expr]) -> Expr:
        """The same expression with every part that has no parts itself replaced by ``change(part)``."""
        return change(self)

    def mapped(self, change: Callable[[Selector], Selector]) -> Expr:
        """The same expression with every selector replaced by ``change(selector)``."""
        return self.with_leaves(lambda leaf: change(leaf) if isinstance(leaf, Selector) else leaf)

    def grouped(self) -> tuple[str, ...] | None:
        """The labels of the result where an aggregation decides them; None where the series' own are."""
        return next((labels for child in self.children() if (labels := child.grouped()) is not None), None)

    def selectors(self) -> Iterator[Selector]:
        for child in self.children():
            yield from child.selectors()

    def narrowed(self, *matchers: Matcher) -> Expr:
        """Add matchers to every selector (dashboard variables, one SLO instance)."""
        return self.mapped(lambda s: replace(s, matchers=(*s.matchers, *matchers)))

    def lookback(self) -> float:
        """Seconds of past data that one evaluation reads: ranges and offsets."""
        return max((child.lookback() for child in self.children()), default=0.0)

    def allowances(self) -> dict[str, str]:
        """Metric name -> why no contract has it, for the selectors that say so."""
        return {s.name: s.no_contract for s in self.selectors() if s.no_contract}

    def absences(self) -> dict[str, str]:
        """Metric name -> why a sound system may have no series of it, for the selectors that say so."""
        return {s.name: s.may_be_absent for s in self.selectors() if s.may_be_absent}

    def __add__(self, other: Operand) -> Binary:
        return Binary("+", self, as_expr(other))

    def __sub__(self, other: Operand) -> Binary:
        return Binary("-", self, as_expr(other))

    def __rsub__(self, other: Operand) -> Binary:
        return Binary("-", as_expr(other), self)

    def __mul__(self, other: Operand) -> Binary:
        return Binary("*", self, as_expr(other))

    def __truediv__(self, other: Operand) -> Binary:
        return Binary("/", self, as_expr(other))

    def __gt__(self, other: Operand) -> Binary:
        return Binary(">", self, as_expr(other))

    def __ge__(self, other: Operand) -> Binary:
        return Binary(">=", self, as_expr(other))

    def __lt__(self, other: Operand) -> Binary:
        return Binary("<", self, as_expr(other))

    def __le__(self, other: Operand) -> Binary:
        return Binary("<=", self, as_expr(other))

    def __and__(self, other: Operand) -> Binary:
        return Binary("and", self, as_expr(other))

    def __or__(self, other: Operand) -> Binary:
        return Binary("or", self, as_expr(other))


Operand = Expr | float | int


@dataclass(frozen=True, slots=True)
class Number(Expr):
    value: float

    def __str__(self) -> str:
        return f"{self.value:.12g}"


@dataclass(frozen=True, slots=True)
class Length(Expr):
    """A length of time as a number of seconds: unlike a Number, it follows the pace of a stack."""

    seconds: float

    def __str__(self) -> str:
        return str(Number(self.seconds))


@dataclass(frozen=True, slots=True)
class Text(Expr):
    """A string argument, as label_replace takes them."""

    value: str

    def __str__(self) -> str:
        return '"' + self.value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Selector(Expr):
    """A metric with matchers; ``range`` makes it a range vector. Build with :func:`metric`.

    With a ``resolution`` the range is looked at so often (a subquery), however often there are samples.
    """

    name: str
    matchers: tuple[Matcher, ...] = ()
    range: str | None = None
    resolution: str | None = None
    offset: str | None = None
    may_be_absent: str | None = None
    no_contract: str | None = None

    def __str__(self) -> str:
        text = self.name + (f"{{{', '.join(map(str, self.matchers))}}}" if self.matchers else "")
        text += f"[{self.range}{f':{self.resolution}' if self.resolution else ''}]" if self.range else ""
        return text + (f" offset {self.offset}" if self.offset else "")

    def selectors(self) -> Iterator[Selector]:
        yield self

    def lookback(self) -> float:
        return _length(self.range) + _length(self.offset)

    def where(self, *matchers: Matcher) -> Selector:
        return replace(self, matchers=(*self.matchers, *matchers))

    def over(self, window: str, resolution: str | None = None) -> Selector:
        return replace(self, range=window, resolution=resolution)

    def ago(self, offset: str) -> Selector:
        return replace(self, offset=offset)


@dataclass(frozen=True, slots=True)
class Call(Expr):
    function: str
    args: tuple[Expr, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.args))})"

    def children(self) -> tuple[Expr, ...]:
        return self.args

    def with_leaves(self, change: Callable[[Expr], Expr]) -> Expr:
        return Call(self.function, tuple(a.with_leaves(change) for a in self.args))


@dataclass(frozen=True, slots=True)
class Aggregation(Expr):
    """``op by (labels) (param, expr)``. Build with sum_by, max_by, topk ...: they keep ``cluster``."""

    op: str
    expr: Expr
    by: tuple[str, ...]
    param: float | None = None

    def __str__(self) -> str:
        param = f"{Number(self.param)}, " if self.param is not None else ""
        return f"{self.op} by ({', '.join(self.by)}) ({param}{self.expr})"

    def children(self) -> tuple[Expr, ...]:
        return (self.expr,)

    def grouped(self) -> tuple[str, ...]:
        return self.by

    def with_leaves(self, change: Callable[[Expr], Expr]) -> Expr:
        return replace(self, expr=self.expr.with_leaves(change))


@dataclass(frozen=True, slots=True)
class Binary(Expr):
    """``lhs op rhs``; ``on`` matches on those labels, ``group_left`` takes labels from the right."""

    op: Op
    lhs: Expr
    rhs: Expr
    on: tuple[str, ...] | None = None
    group_left: tuple[str, ...] | None = None

    @property
    def precedence(self) -> int:
        return _PRECEDENCE.get(self.op, _COMPARISON)

    def __str__(self) -> str:
        match = f" on ({', '.join(self.on)})" if self.on is not None else ""
        match += f" group_left ({', '.join(self.group_left)})" if self.group_left is not None else ""
        # The power operator alone binds to the right.
        left = _wrapped(self.lhs, self.precedence + (self.op == "^"))
        return f"{left} {self.op}{match} {_wrapped(self.rhs, self.precedence + 1)}"

    def children(self) -> tuple[Expr, ...]:
        return (self.lhs, self.rhs)

    def with_leaves(self, change: Callable[[Expr], Expr]) -> Expr:
        return replace(self, lhs=self.lhs.with_leaves(change), rhs=self.rhs.with_leaves(change))


def _wrapped(expr: Expr, precedence: int) -> str:
    return f"({expr})" if expr.precedence < precedence else str(expr)


def _length(text: str | None) -> float:
    return seconds(text) if text and not text.startswith("$") else 0.0


def as_expr(value: Operand) -> Expr:
    return value if isinstance(value, Expr) else Number(float(value))
