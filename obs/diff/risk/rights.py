"""rights: who may do at the API what nobody of that name might before."""

from __future__ import annotations

from collections.abc import Iterator

from obs.check.security.rights import KINDS, READING, Right, rights
from obs.diff.entry import Entry, Level, listed
from obs.diff.pair import Pair


def widened(pair: Pair) -> Iterator[Entry]:
    if not any(change.kind in KINDS for change in pair.changes):
        return
    before, after = (rights(side.rendered) for side in (pair.before, pair.after))
    for holder in sorted(after):
        had = before.get(holder, set())
        new = sorted(right for right in after[holder] if not any(old.covers(right) for old in had))
        if not new:
            continue
        # An account that comes with a part brings what the part needs; one that is there gets more than it had.
        worst = max(map(_level, new))
        words = "may do more" if holder in before else "is new and may"
        yield Entry(
            topic="rights",
            subject=holder,
            text=f"{words}: {listed(_said(new), 5)}",
            level=worst if holder in before else min(worst, Level.MEDIUM),
            why="roles and bindings of both sides, put together for each service account",
        )


def _level(right: Right) -> Level:
    return Level.HIGH if right.resource in ("secrets", "*") or right.verb not in READING else Level.MEDIUM


def _said(rights: list[Right]) -> list[str]:
    grouped: dict[tuple[str, str, str, str], list[str]] = {}
    for right in rights:
        grouped.setdefault((right.scope, right.group, right.resource, right.name), []).append(right.verb)
    return [
        f"{'/'.join(verbs)} {f'{group}/' if group else ''}{resource}{f' {name}' if name != '*' else ''} in {scope}"
        for (scope, group, resource, name), verbs in grouped.items()
    ]
