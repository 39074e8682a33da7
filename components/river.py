"""Alloy's configuration syntax (River): blocks, attributes and expressions, written as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


class Expression(str):
    """Text that Alloy evaluates, such as the output of a component; any other text is a string."""

    __slots__ = ()


Value = str | bool | int | float | Sequence["Value"] | Mapping[str, "Value"]


@dataclass(frozen=True)
class Block:
    """``name "label" { attributes, then blocks }``. ``comment`` stands above it, a line each."""

    name: str
    attributes: Mapping[str, Value] = field(default_factory=dict)
    blocks: Sequence[Block] = ()
    label: str = ""
    comment: str = ""


def text(blocks: Sequence[Block]) -> str:
    """A whole file, an empty line between its blocks."""
    return "\n".join("".join(f"{line}\n" for line in _lines(block)) for block in blocks)


def _lines(block: Block) -> Iterator[str]:
    yield from (f"// {line}" for line in block.comment.splitlines())
    head = f"{block.name} {json.dumps(block.label)}" if block.label else block.name
    if not block.attributes and not block.blocks:
        yield f"{head} {{ }}"
        return
    yield f"{head} {{"
    for name, value in block.attributes.items():
        yield from (f"  {line}" for line in f"{name} = {_value(value)}".split("\n"))
    for inner in block.blocks:
        yield from (f"  {line}" for line in _lines(inner))
    yield "}"


def _value(value: Value) -> str:
    if isinstance(value, Expression):
        return value
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        items = "".join(f"  {json.dumps(key)} = {_value(item)},\n" for key, item in value.items())
        return f"{{\n{items}}}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value)


def _string(value: str) -> str:
    """As it is between backquotes where that spares escapes, otherwise with Go's, of which JSON's are a part."""
    if re.search(r'[\\"]', value) and "`" not in value and value.isprintable():
        return f"`{value}`"
    return json.dumps(value, ensure_ascii=False)
