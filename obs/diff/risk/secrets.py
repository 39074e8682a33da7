"""secret: what is rotated, comes or goes. No value is ever shown: not even looked at, ciphertexts are compared."""

from __future__ import annotations

from collections.abc import Iterator

from obs.diff.entry import Entry, Level
from obs.diff.pair import Pair


def secrets(pair: Pair) -> Iterator[Entry]:
    one, other = pair.before.snapshot.secrets, pair.after.snapshot.secrets
    if one is None or other is None or pair.before.snapshot.stack != pair.after.snapshot.stack:
        return
    for key in sorted(one.keys() | other.keys()):
        level, text = _text(key, dict(one), dict(other))
        if text:
            why = "its ciphertext in the stack's file, or the settings that name it, differ"
            yield Entry(topic="secret", subject=key, text=text, level=level, why=why)


def _text(key: str, one: dict[str, str | None], other: dict[str, str | None]) -> tuple[Level, str]:
    if key not in one:
        return Level.MEDIUM if other[key] is None else Level.LOW, (
            "is needed now and not set: `pulumi config set --secret`"
            if other[key] is None
            else "is needed now, and set"
        )
    if key not in other:
        return Level.LOW, "is not used any more; take it out of the stack's file"
    if one[key] == other[key]:
        return Level.NONE, ""
    if other[key] is None:
        return Level.HIGH, "is taken out and still needed"
    return Level.MEDIUM, "is set" if one[key] is None else "is rotated"
