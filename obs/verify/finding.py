"""What verifying a running stack reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One difference between a running stack and its plan.

    ``check`` is an id such as ``targets/down`` (docs/verify.md has a line for each), ``where`` the place of the
    definition as ``file:line`` or a file, ``names`` everything that a message only counts. A finding of
    severity ``info`` is no defect.
    """

    check: str
    severity: Severity
    subject: str
    message: str
    where: str | None = None
    names: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON carries it: every field, an absent place as null."""
        return {
            "check": self.check,
            "severity": self.severity,
            "subject": self.subject,
            "message": self.message,
            "where": self.where,
            "names": list(self.names),
        }


@dataclass(frozen=True, kw_only=True)
class Result:
    """One of the checks: ``ok`` of ``total`` things (``what`` they are) are as planned.

    ``facts`` are numbers that nobody has to act on, such as the time that rules take, as JSON carries them.
    """

    name: str
    what: str
    total: int
    ok: int
    findings: tuple[Finding, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def count(self, severity: Severity) -> int:
        return sum(finding.severity == severity for finding in self.findings)


SHOWN = 6
"""Names in a message before it says how many more there are."""


def listed(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
