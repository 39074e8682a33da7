"""Where a value of the model was written down: file and line, for findings."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

_MODEL = str(Path(__file__).resolve().parent)
TRANSPARENT = "__site_transparent__"
"""A module that sets this name to True defines values on behalf of its callers."""
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the program: path relative to the project, and line (from 1)."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def caller_site() -> Site:
    """The first caller outside this package, i.e. the line that defines the value.

    Generated code (dataclass constructors) has a file name like ``<string>`` and is passed over.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None:
        name = frame.f_code.co_filename
        if not name.startswith((_MODEL, "<")) and not frame.f_globals.get(TRANSPARENT):
            break
        frame = frame.f_back
    path = Path(frame.f_code.co_filename)
    if path.is_relative_to(_ROOT):
        path = path.relative_to(_ROOT)
    return Site(path.as_posix(), frame.f_lineno)


def must_be(value: object, kind: type[Enum], what: str) -> None:
    """Raises ValueError, with what is allowed, for a bare string in the place of a member."""
    if not isinstance(value, kind):
        allowed = ", ".join(member.name for member in kind)
        raise ValueError(f"{what} must be a {kind.__name__}: {allowed}")  # noqa: TRY004 - as every refusal here


@dataclass(frozen=True, kw_only=True)
class Defined:
    """Base of everything that a finding may point at."""

    where: Site = field(default_factory=caller_site, repr=False, compare=False)
