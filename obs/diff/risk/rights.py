"""rights: who may do at the API what nobody of that name might before."""

from __future__ import annotations

from collections.abc import Iterator

from obs.check.rendered import Item
from obs.check.security.operated import OPERATED, pod_spec
from obs.check.security.rights import KINDS, READING, Right
from obs.diff.entry import Entry, Level, listed
from obs.diff.pair import Pair, Side
from obs.diff.workloads import MADE, template


def widened(pair: Pair) -> Iterator[Entry]:
    if not any(change.kind in KINDS for change in pair.changes):
        return
    before, after = pair.before.rights, pair.after.rights
    for holder in sorted(after):
        new = _more(before.get(holder, set()), after[holder])
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


def moved(pair: Pair) -> Iterator[Entry]:
    """Pods that run under another account, which may do what theirs might not."""
    for change in pair.of(*MADE):
        if change.before is None or change.after is None:
            continue
        was, now = _account(change.before, pair.before), _account(change.after, pair.after)
        if was == now:
            continue
        if new := _more(pair.before.rights.get(was, set()), pair.after.rights.get(now, set())):
            yield Entry(
                topic="rights",
                subject=change.subject,
                text=f"runs as {now}, no longer as {was}, and may do more: {listed(_said(new), 5)}",
                level=max(map(_level, new)),
                where=change.where,
                why="roles and bindings of both sides, put together for each service account",
            )


def _more(had: set[Right], has: set[Right]) -> list[Right]:
    return sorted(right for right in has if not any(old.covers(right) for old in had))


def _account(item: Item, side: Side) -> str:
    pod = pod_spec(item, side.rendered) if item.kind in OPERATED else template(item)
    return f"ServiceAccount {item.namespace}/{pod.get('serviceAccountName') or 'default'}"


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
