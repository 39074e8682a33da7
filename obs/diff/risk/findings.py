"""finding, image: what obs check finds now and did not find before; images that nobody has looked at."""

from __future__ import annotations

from collections.abc import Iterator

from obs.diff.entry import Entry, Level
from obs.diff.pair import Pair

_TOLD = ("upgrade/replace", "image/unlocked")
"""Checks whose matter is a risk of its own here."""


def findings(pair: Pair) -> Iterator[Entry]:
    """Nothing where the new side was not checked; where the old one was not, all findings are told."""
    for one in pair.after.snapshot.findings or ():
        known = {(f["check"], f["subject"], f["message"]) for f in pair.before.snapshot.findings or ()}
        if one["check"] in _TOLD:
            continue
        if (one["check"], one["subject"], one["message"]) in known:
            continue
        yield Entry(
            topic="finding",
            subject=f"{one['check']} {one['subject']}",
            text=str(one["message"]),
            level=Level.MEDIUM,
            where=str(one["where"]),
            why="obs check did not find it before; docs/checks.md has a section on it",
        )


def images(pair: Pair) -> Iterator[Entry]:
    for image in sorted(set(pair.after.snapshot.unlocked or ()) - set(pair.before.snapshot.unlocked or ())):
        why = "images.lock lists the images that were looked at; write it with obs images lock"
        yield Entry(topic="image", subject=image, text="is not in images.lock", level=Level.HIGH, why=why)
