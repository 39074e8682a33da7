"""Which of the things that there are an exporter reads."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from scanning.settings import ScanSettings


class Selection(ScanSettings):
    """``include`` and ``exclude`` are patterns of whole names, with ``*`` and ``?``; ``most`` is the cap."""

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    most: Annotated[int, Field(ge=1)] = 1000

    def wanted(self, name: str) -> bool:
        return _matches(name, self.include) and not _matches(name, self.exclude)

    def first(self, names: Iterable[str]) -> tuple[list[str], int]:
        """The first by name up to the cap, and how many are over it."""
        every = sorted(names)
        return every[: self.most], max(0, len(every) - self.most)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
