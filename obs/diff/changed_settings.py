"""Which keys of the stack's file differ, each with the line that was edited: of a list, the entry that is another."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from obs.diff.entry import earlier
from obs.diff.snapshot import Snapshot

_ENTRY = re.compile(r"(.*?)\[(\d+)\](.*)")
_END = re.compile(r"[.\[]")
Keys = Mapping[str, str]
"""Path from where it is looked at -> key path from the top."""
Both = tuple[str | None, str | None]
"""Key of before and of after, None where that side has none."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A key of the stack's file that differs. ``node`` is what was edited: the key itself or, where one side has
    nothing of it, all that came or went with it. ``where`` is the line of that as ``file:line``."""

    key: str
    node: str
    before: Any
    after: Any
    where: str


def changed_settings(before: Snapshot, after: Snapshot) -> Iterator[Setting]:
    """By key. Nothing where a side has no file. Entries of a list are compared with those that they were, so that one
    more in the middle is one difference."""
    one, other = before.settings, after.settings
    if not (one and other):
        return
    pairs = list(_pairs({key: key for key in one}, {key: key for key in other}, one, other))
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    shared = [{part for keys in both for part in _parts(keys[side])} for side in (0, 1)]
    for a, b in sorted(pairs, key=lambda keys: keys[1] or keys[0] or ""):
        if b is not None and (a is None or one[a] != other[b]):
            node = b if a is not None else _node(b, after.lines, before.lines, shared[1])
            yield Setting(
                key=b, node=node, before=one[a] if a is not None else None, after=other[b], where=line(after, node)
            )
        elif a is not None and b is None:
            node, two = _node(a, before.lines, after.lines, shared[0]), before.stack != after.stack
            where = line(before, node)
            yield Setting(key=a, node=node, before=one[a], after=None, where=where if two else earlier(where))


def line(side: Snapshot, key: str) -> str:
    """file:line of a key, or of the next one above that the file says by itself; the file where it has neither."""
    found = next((side.lines[part] for part in reversed(_parts(key)) if part in side.lines), None)
    return f"Pulumi.{side.stack}.yaml" + (f":{found}" if found else "")


def entry_of(key: str) -> str:
    """The entry of a list that a key is in, of lists in lists the outermost; the key itself where it is in none."""
    return next((part for part in _parts(key) if part.endswith("]")), key)


def within(key: str, whole: str) -> bool:
    return key == whole or (key.startswith(whole) and key[len(whole)] in ".[")


def _parts(key: str) -> list[str]:
    """The key and all above it, from the top."""
    return [*(key[: found.start()] for found in _END.finditer(key)), key]


def _node(key: str, own: Mapping[str, int], others: Collection[str], shared: Collection[str]) -> str:
    """The uppermost part that the other side does not have. By its path alone an entry of a list is none of those."""
    fresh = (p for p in _parts(key) if p in own and p not in shared and ("[" in p or p not in others))
    return next(fresh, key)


def _pairs(one: Keys, other: Keys, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Both]:
    lists = {found[1]: None for key in (*one, *other) if (found := _ENTRY.fullmatch(key))}
    for key in dict.fromkeys((*one, *other)):
        if not _ENTRY.fullmatch(key):
            yield one.get(key), other.get(key)
    for name in lists:
        a, b = _entries(one, name), _entries(other, name)
        was, now = [_text(keys, before) for keys in a], [_text(keys, after) for keys in b]
        for _, i, j, k, n in SequenceMatcher(a=was, b=now, autojunk=False).get_opcodes():
            for x, y in zip_longest(a[i:j], b[k:n]):
                yield from _pairs(x or {}, y or {}, before, after)


def _entries(keys: Keys, name: str) -> list[dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for key, whole in keys.items():
        if (entry := _ENTRY.fullmatch(key)) and entry[1] == name:
            found.setdefault(int(entry[2]), {})[entry[3]] = whole
    return [found[number] for number in sorted(found)]


def _text(keys: Keys, values: Mapping[str, Any]) -> str:
    return json.dumps({key: values[whole] for key, whole in keys.items()}, sort_keys=True, default=str)
