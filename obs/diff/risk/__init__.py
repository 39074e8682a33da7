"""What a change may break: each risk with an id, by which a gate asks for it and the settings allow it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from obs.diff.entry import Entry
from obs.diff.pair import Pair
from obs.diff.risk.alerting import quieter
from obs.diff.risk.data import kept_shorter, lost, replaced
from obs.diff.risk.findings import findings, images
from obs.diff.risk.network import loosened
from obs.diff.risk.readers import broken
from obs.diff.risk.rights import widened
from obs.diff.risk.rollout import restarts
from obs.diff.risk.secrets import secrets

PARTS: tuple[Callable[[Pair], Iterator[Entry]], ...] = (
    replaced,
    lost,
    kept_shorter,
    widened,
    loosened,
    images,
    secrets,
    quieter,
    broken,
    findings,
    restarts,
)


def risks(pair: Pair) -> list[Entry]:
    """Every risk, the worst first; those that the settings of the new side allow are marked."""
    allowed = set(pair.after.snapshot.allowed)
    found = [entry for part in PARTS for entry in part(pair)]
    marked = [replace(entry, approved=entry.name in allowed) for entry in found]
    return sorted(marked, key=lambda entry: (entry.approved, -entry.level))


def unused(pair: Pair, found: list[Entry]) -> list[str]:
    """Allowances of ``allowRisks`` that nothing of this change needs."""
    needed = {entry.name for entry in found}
    return sorted(
        name for name in pair.after.snapshot.allowed if name not in needed and not name.startswith("replace ")
    )
