"""Follows where in the YAML of a template an action stands, by the keys written around it and their columns."""

from __future__ import annotations

import re
from itertools import pairwise

from obs.chartkeys.flow import EACH, KeyPath, Target

_LINE = re.compile(
    r"""(?P<lead>\ *)(?P<dashes>(?:-(?:\ +|$))*)(?:(?P<key>[\w./$-]+|"[^"]*"|'[^']*'):(?:\s+(?P<value>.*))?)?""", re.X
)
_ACTION = "\0"
_OBJECTS: tuple[KeyPath, ...] = ((), ("items", EACH))
"""Where an object may start in a document: at its top, or as an item of a kind: List."""


class Layout:
    """The position in one template file. Text is fed in order; branches count as if all were printed."""

    def __init__(self) -> None:
        self._restart()
        self._line = ""

    def _restart(self) -> None:
        self._open: list[tuple[int, str]] = []
        self._kinds: dict[KeyPath, set[str]] = {}
        self._bare: int | None = None

    def feed(self, text: str) -> None:
        first, *rest = text.split("\n")
        self._line += first
        for piece in rest:
            self._take(self._line)
            self._line = piece

    def feed_action(self) -> None:
        """An action printed something on the current line."""
        self._line += _ACTION
        self._bare = None

    def target(self, indent: int | None) -> Target | None:
        """The field that text written here fills, when indented by ``indent`` columns (None: on this line)."""
        self._take(self._line)
        if indent is None:
            inline = re.fullmatch(r"[^\0]*(?::|-) *[\"']?", self._line)
            path = self._path(None) if inline else None
        else:
            # Items stood at the column of their key: more items may follow, or the next key.
            unclear = any(a[0] == indent and b == (indent, EACH) for a, b in pairwise(self._open))
            path = None if unclear else self._path(indent)
        if path is None:
            return None
        for start in sorted(_OBJECTS, key=len, reverse=True):
            if path[: len(start)] == start and self._kinds.get(start):
                return Target(frozenset(self._kinds[start]), path[len(start) :])
        return None

    def _path(self, indent: int | None) -> KeyPath:
        # A list may stand at the column of its own key; then the key has nothing else for a value.
        inside = [
            name for column, name in self._open if indent is None or column < indent or column == self._bare == indent
        ]
        return tuple(inside)

    def _take(self, line: str) -> None:
        line, action, _ = line.partition(_ACTION)
        if line.startswith("---"):
            self._restart()
            return
        if not line.strip() or line.lstrip().startswith("#"):
            return
        match = _LINE.match(line)
        if match is None:
            return
        column = len(match["lead"])
        for offset, mark in enumerate(match["dashes"]):
            if mark == "-":
                self._close(column + offset, keep_key=True)
                self._open.append((column + offset, EACH))
        self._bare = None
        if match["key"] is None:
            return
        column += len(match["dashes"])
        name, value = match["key"].strip("\"'"), (match["value"] or "").strip()
        self._close(column, keep_key=False)
        self._open.append((column, name))
        if not value and not action:
            self._bare = column
        path = self._path(None)
        if name == "kind" and path[:-1] in _OBJECTS and value:
            self._kinds.setdefault(path[:-1], set()).add(value)

    def _close(self, column: int, *, keep_key: bool) -> None:
        while self._open:
            top, name = self._open[-1]
            if top < column or (keep_key and top == column and name != EACH):
                return
            self._open.pop()
