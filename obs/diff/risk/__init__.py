"""What a change may break: each risk with an id, by which a gate asks for it and the settings allow it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from obs.diff.entry import Entry
from obs.diff.pair import Pair
from obs.diff.risk.alerting import quieter
from obs.diff.risk.data import kept_shorter, lost
from obs.diff.risk.fields import refused, replaced
from obs.diff.risk.findings import findings, images
from obs.diff.risk.muting import inhibited, muted, unresolved
from obs.diff.risk.network import exposed, loosened
from obs.diff.risk.readers import broken
from obs.diff.risk.rights import moved, widened
from obs.diff.risk.rollout import restarts
from obs.diff.risk.secrets import secrets

PARTS: tuple[Callable[[Pair], Iterator[Entry]], ...] = (
    replaced,
    refused,
    lost,
    kept_shorter,
    widened,
    moved,
    loosened,
    exposed,
    images,
    secrets,
    quieter,
    muted,
    inhibited,
    unresolved,
    broken,
    findings,
    restarts,
)


def risks(pair: Pair) -> list[Entry]:
    """Every risk that both sides show, in no order."""
    return [entry for part in PARTS for entry in part(pair)]


def settled(found: Iterable[Entry], allowed: Collection[str]) -> list[Entry]:
    """All risks of a report, wherever they come from: the worst first, those that the settings allow marked and last.

    Of an object that is made again or goes, it is not told that its pods restart, nor what cannot change in place.
    """
    found = list(found)
    gone = {entry.subject for entry in found if entry.topic in ("replace", "delete")}
    told = [entry for entry in found if entry.topic not in ("restart", "refused") or entry.subject not in gone]
    marked = [replace(entry, approved=entry.name in allowed) for entry in told]
    return sorted(marked, key=lambda entry: (entry.approved, -entry.level))


def unused(found: Iterable[Entry], allowed: Collection[str]) -> list[str]:
    """Allowances of ``allowRisks`` that nothing of this change needs; replacements are allowed for upgrades, too."""
    needed = {entry.name for entry in found}
    return sorted(name for name in allowed if name not in needed and not name.startswith("replace "))
