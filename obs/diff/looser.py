"""Whether an alert's condition holds less often than before, as far as two expressions tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import promql_parser as pp

from obs.check.constants import constant, unwrapped
from obs.check.expression import Expression
from obs.check.parse import parse
from obs.check.selector import matches_of
from obs.diff.order import alternatives

_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


class Way(Enum):
    LOOSER = "looser"
    """Holds in fewer cases: a higher bound of ``>``, a lower one of ``<``; behind ``unless`` the other way round."""
    TIGHTER = "tighter"
    UNKNOWN = "unknown"
    """Cannot be compared: other series, another function, a threshold inside of an aggregation."""


@dataclass(frozen=True)
class Shift:
    """One place at which two conditions differ. ``before`` and ``after`` are thresholds or, of UNKNOWN, texts."""

    way: Way
    before: float | str
    after: float | str


def shifts(before: str, after: str) -> list[Shift]:
    """Where two conditions differ; nothing where they mean the same."""
    if before == after:
        return []
    one, other = (parse(Expression(text, "panel", "", "")).tree for text in (before, after))
    if one is None or other is None:
        return [Shift(Way.UNKNOWN, before, after)]
    return list(dict.fromkeys(_walk(one, other, 1)))


def _walk(one: Any, other: Any, sign: int) -> Iterator[Shift]:
    """``sign`` is 1 where fewer results are fewer alerts, -1 where they are more, 0 where that is not known."""
    one, other = unwrapped(one), unwrapped(other)
    if str(one) == str(other):
        return
    if type(one) is not type(other) or _frame(one) != _frame(other):
        yield Shift(Way.UNKNOWN, _text(one), _text(other))
    elif isinstance(one, pp.BinaryExpr):
        yield from _operation(one, other, sign)
    elif isinstance(one, pp.AggregateExpr | pp.SubqueryExpr):
        yield from _walk(one.expr, other.expr, 0)
    elif isinstance(one, pp.Call):
        for a, b in zip(one.args, other.args, strict=True):
            yield from _walk(a, b, 0)
    elif isinstance(one, pp.MatrixSelector):
        yield from _selector(one.vector_selector, other.vector_selector)
    elif isinstance(one, pp.VectorSelector):
        yield from _selector(one, other)
    else:
        yield Shift(Way.UNKNOWN, _text(one), _text(other))


def _operation(one: Any, other: Any, sign: int) -> Iterator[Shift]:
    op = str(one.op)
    way = 0 if one.modifier is not None and one.modifier.return_bool else sign
    for a, b, rest, direction in (
        (one.rhs, other.rhs, (one.lhs, other.lhs), op),
        (one.lhs, other.lhs, (one.rhs, other.rhs), _MIRRORED.get(op, "")),
    ):
        before, after = constant(a), constant(b)
        if direction in _MIRRORED and before is not None and after is not None:
            if before != after:
                yield Shift(_way(direction, before, after, way), before, after)
            yield from _walk(*rest, way)
            return
    if constant(one.lhs) != constant(other.lhs) or constant(one.rhs) != constant(other.rhs):
        yield Shift(Way.UNKNOWN, _text(one), _text(other))
        return
    # What is computed of filtered series is of those alone, so fewer of them are fewer results.
    yield from _walk(one.lhs, other.lhs, way)
    yield from _walk(one.rhs, other.rhs, -way if op == "unless" else way)


def _way(op: str, before: float, after: float, sign: int) -> Way:
    if not sign:
        return Way.UNKNOWN
    fewer = (after > before) == (op in (">", ">="))
    return Way.LOOSER if fewer == (sign > 0) else Way.TIGHTER


def _selector(one: Any, other: Any) -> Iterator[Shift]:
    """Matchers that differ. Alternatives in another order are the same."""
    sets = [{(m.label, m.op, alternatives(m.value)) for m in matches_of(node)[1]} for node in (one, other)]
    if sets[0] == sets[1]:
        return
    texts = [", ".join(str(m) for m in matches_of(node)[1]) for node in (one, other)]
    yield Shift(Way.UNKNOWN, *texts)


def _text(node: Any) -> str:
    """As people write it: the parser adds empty braces."""
    return str(node).replace("{}", "")


def _frame(node: Any) -> tuple[str, ...]:
    """All of a node that is not below it: what differs there cannot be compared."""
    match node:
        case pp.BinaryExpr():
            found = (str(node.op), *_joining(node.modifier))
        case pp.AggregateExpr():
            modifier = node.modifier
            labels = () if modifier is None else (str(modifier.type), *sorted(modifier.labels))
            found = (str(node.op), str(node.param), *labels)
        case pp.Call():
            found = (node.func.name, str(len(node.args)))
        case pp.SubqueryExpr():
            found = (str(node.range), str(node.step), str(node.offset), str(node.at))
        case pp.MatrixSelector():
            found = (str(node.range), *_frame(node.vector_selector))
        case pp.VectorSelector():
            found = (str(node.name), str(node.offset), str(node.at))
        case _:
            found = ()
    return found


def _joining(modifier: Any) -> tuple[str, ...]:
    if modifier is None:
        return ()
    matching = modifier.matching
    labels = () if matching is None else (str(matching.type), *sorted(matching.labels))
    return (str(modifier.card), str(modifier.return_bool), *labels, "|", *sorted(modifier.group_labels or ()))
