"""The objects that differ, each with a unified diff of its YAML without the noise."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from obs import documents
from obs.check.rendered import Item
from obs.diff.noise import quiet
from obs.diff.pair import Change, Pair

_CONTEXT = 3
_LONG = ("CustomResourceDefinition",)
"""Kinds whose diff helps no reader: thousands of lines of schema."""


@dataclass(frozen=True)
class ObjectDiff:
    """``origin`` is the chart that brings it, or program; ``operation`` what the engine does, where a preview says;
    ``said`` the action in other words, where two stacks are compared."""

    subject: str
    action: str
    component: str
    origin: str
    where: str
    lines: tuple[str, ...]
    added: int
    removed: int
    operation: str = ""
    said: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "lines": list(self.lines)}


def objects(pair: Pair) -> list[ObjectDiff]:
    """In the order of kind, namespace and name."""
    return [_diff(change) for change in pair.changes]


def _diff(change: Change) -> ObjectDiff:
    lines = () if change.kind in _LONG else tuple(_unified(change))
    return ObjectDiff(
        subject=change.subject,
        action=change.action,
        component=change.item.object.component,
        origin=change.item.object.origin,
        where=change.where,
        lines=lines,
        added=sum(line.startswith("+") for line in lines),
        removed=sum(line.startswith("-") for line in lines),
    )


def _unified(change: Change) -> Iterator[str]:
    one, other = (_text(item).splitlines() if item else [] for item in (change.before, change.after))
    # The first two lines name the files, which the heading says already.
    found = difflib.unified_diff(one, other, n=_CONTEXT, lineterm="")
    yield from list(found)[2:]


def _text(item: Item) -> str:
    return documents.dump(quiet(item.manifest))
