"""The alerts of one fault: what happened to each, step by step. Times are unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    FAULT = "fault injected"
    PENDING = "pending"
    FIRING = "firing"
    TOLD = "told"
    MUTED = "muted"
    KNOWN = "not told again"
    HEALED = "fault healed"
    RESOLVED = "resolved"
    TOLD_RESOLVED = "told that it is resolved"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One step. ``receiver`` is who was told, or the alert that mutes; the last three are what the receiver got."""

    at: float
    kind: Kind
    alert: str = ""
    receiver: str = ""
    severity: str = ""
    summary: str = ""
    runbook: str = ""


@dataclass
class Track:
    """One alert name. ``receivers`` are Alertmanager's choice; ``told`` receiver -> when it first heard.

    ``known``: receivers that heard of the same alert in an earlier fault and never of its end, because a worse alert
    muted it by then. Alertmanager takes them to know, and tells them again only after the repeat interval.
    ``muted_by``: alerts by name, "silence <id>", "interval <name>". ``mute_unknown``: fingerprints that mute it now
    and that no alert ever had.
    """

    alert: str
    severity: str = ""
    pending: float | None = None
    firing: float | None = None
    resolved: float | None = None
    active: bool = False
    muted_by: tuple[str, ...] = ()
    mute_unknown: frozenset[str] = frozenset()
    receivers: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    told: dict[str, float] = field(default_factory=dict)
    told_resolved: dict[str, float] = field(default_factory=dict)

    @property
    def untold(self) -> set[str]:
        """Who should have heard of it and has not."""
        return set() if self.muted_by else (self.receivers or {"any receiver"}) - self.told.keys() - self.known
