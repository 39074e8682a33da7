"""Metric names by their words, to find the one that was meant."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cached_property

_SHORTEST_WORD = 3
_COMPARED = 40
"""Names that difflib compares; with all of 5,000 one answer would take 60 ms."""


class Names:
    """A set of names that knows which are alike. It is indexed at the first question."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)

    @cached_property
    def _by_word(self) -> dict[str, set[str]]:
        index: defaultdict[str, set[str]] = defaultdict(set)
        for name in self._names:
            for word in _words(name):
                index[word].add(name)
        return dict(index)

    def nearest(self, name: str) -> str | None:
        """The name that looks most like it among those that share most words with it; None without any."""
        shared: Counter[str] = Counter()
        for word in _words(name):
            shared.update(self._by_word.get(word, ()))
        best = max(shared.values(), default=0)
        near = sorted((known for known, count in shared.items() if count >= best - 1), key=lambda k: (-shared[k], k))
        return next(iter(get_close_matches(name, near[:_COMPARED], n=1, cutoff=0.6)), None)


def _words(name: str) -> set[str]:
    return {word for word in re.split(r"[_:]", name) if len(word) >= _SHORTEST_WORD}
