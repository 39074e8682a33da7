"""Two stacks of one commit: what is only in one of them, instead of what comes and goes."""

from __future__ import annotations

import re
from dataclasses import replace

from obs.diff.entry import EARLIER, Entry

# What the parts of the meaning say of a change, in time -> of two stacks; {one} and {other} are their names.
_WORDS = (
    (r"^is watched now$", "only in {other}"),
    (r"^is not watched any more.*", "only in {one}"),
    (r"^(?:compatible|breaking): ", ""),
    (r"^renamed, was (\S+)", r"is called \1 in {one}"),
    (r"^is null now, was (.*)$", r"null in {other}, \1 in {one}"),
    (r"^added in row ", "only in {other}, row "),
    (r"^added\b", "only in {other}"),
    (r"^removed; (?:it was )?read by", "only in {one}, read by"),
    (r"^removed; it was (?!read)", "only in {one}: "),
    (r"^removed; it was ", "only in {one}, "),
    (r"^removed: (?=\d|a pod)", "only in {one}: "),
    (r"^removed; still ", "only in {one}; still "),
    (r"^removed\b.*", "only in {one}"),
    (r"\b(step|endpoint \S+|variable \S+|label \S+) added\b", r"\1 only in {other}"),
    (r"\b(step|endpoint \S+|variable \S+|label \S+) (?:removed|dropped)\b", r"\1 only in {one}"),
    (r"\bno longer stores ", "only {one} stores "),
    (r"\bstores (.*?) too\b", r"only {other} stores \1"),
    (r"^without (.*?)(?: and with (.*))?$", None),
    (r"^with (.*)$", r"only in {other}: \1"),
    (r"\bmoved to row ", "stands in row "),
    (r"\bchanged\b", "differs"),
)


def compared(entry: Entry, one: str, other: str) -> Entry:
    """The same entry without time: two stacks do not become each other."""
    text = entry.text
    for pattern, words in _WORDS:
        if words is None:
            text = re.sub(pattern, lambda found: _lists(found, one, other), text)
        else:
            text = re.sub(pattern, words.format(one=one, other=other), text)
    return replace(entry, text=text, where=place(entry.where, one))


def _lists(found: re.Match[str], one: str, other: str) -> str:
    return f"only in {one}: {found[1]}" + (f"; only in {other}: {found[2]}" if found[2] else "")


def place(where: str, one: str) -> str:
    """Places that only the first stack has are named by it."""
    return where.replace(EARLIER, f"{one}: ")


def only(action: str, one: str, other: str) -> str:
    """What an object does: ``only in STACK``, or ``differs``."""
    return {"added": f"only in {other}", "removed": f"only in {one}"}.get(action, "differs")
