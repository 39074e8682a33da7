"""What a check reports."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACE = re.compile(r"(.*?):(\d+)(.*)")


@dataclass(frozen=True)
class Finding:
    """One defect.

    ``check`` is an id such as ``promql/unknown-metric`` (docs/checks.md has a section for each),
    ``subject`` what is affected in words (``alert SparkJobFailureSpike``), ``where`` the place of its
    definition as ``file:line``, ``expression`` the PromQL as it was written, ``suggestion`` the text
    to use instead, where one is known. Findings sort by file, line, check and message.
    """

    check: str
    subject: str
    where: str
    message: str
    expression: str | None = None
    suggestion: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """The finding as JSON carries it: every field, absent ones as null."""
        return {
            "check": self.check,
            "subject": self.subject,
            "where": self.where,
            "message": self.message,
            "expression": self.expression,
            "suggestion": self.suggestion,
        }

    def __lt__(self, other: Finding) -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[str | int, ...]:
        # Line 9 comes before line 10, which plain text order would turn round.
        place = _PLACE.fullmatch(self.where)
        file, line = (place[1], int(place[2])) if place else (self.where, 0)
        return (file, line, self.check, self.subject, self.message, self.expression or "", self.suggestion or "")
