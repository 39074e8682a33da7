"""Copies of the program with small changes in them, and what obs diff says of each copy."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import yaml
from published_charts import published
from stacks import ROOT, copied

from obs.diff.entry import Entry
from obs.diff.report.model import Report, report
from obs.diff.snapshot import Snapshot, dumps, loads
from obs.diff.take import take
from obs.run import run_stack

# Ciphertexts in the form that the CLI writes; nobody can open them, and nobody looks inside.
SECRETS = """\
  dataops-observability:smtpPassword: {secure: "v1:first:smtp"}
  dataops-observability:heartbeatUrl: {secure: "v1:first:heartbeat"}
"""


Edit = tuple[str, str, str]
"""File, text, text instead."""


@dataclass(frozen=True)
class Change:
    """One case of tests/diff/changes.yaml, whose head says what the fields are."""

    name: str
    run: str
    edits: Sequence[Edit]
    says: Sequence[str]
    stack: str = "prod"
    base: Sequence[Edit] = ()
    published: Sequence[tuple[str, str, str]] = ()
    risks: Sequence[str] = ()
    silent: str = ""
    refused: str = ""
    charts: bool = field(default=False)


CHANGES = tuple(Change(**case) for case in yaml.safe_load((ROOT / "tests" / "diff" / "changes.yaml").read_text()))


def of(run: str) -> list[Change]:
    return [change for change in CHANGES if change.run == run]


def taken(edits: Sequence[Edit] = (), stack: str = "prod", charts: Sequence[tuple[str, str, str]] = ()) -> Snapshot:
    """The snapshot of a changed copy, as another revision would print it; ``charts`` are published beside the pins."""
    return _taken(tuple(sorted(edited(edits).items())), stack, tuple(tuple(chart) for chart in charts))


def edited(edits: Sequence[Edit]) -> dict[str, str]:
    """File -> its text where each text, which must be there, is replaced; only what differs in the end."""
    found: dict[str, str] = {}
    for name, old, new in edits:
        text = found.get(name) or text_of(name)
        assert old in text, f"{name} no longer has {old!r}"
        found[name] = text.replace(old, new, 1)
    return {name: text for name, text in found.items() if text != text_of(name)}


def text_of(name: str) -> str:
    """A file of the program that is compared with: ours, with secrets set."""
    text = (ROOT / name).read_text()
    return text.replace("config:\n", f"config:\n{SECRETS}", 1) if name == "Pulumi.prod.yaml" else text


@lru_cache(maxsize=8)
def _taken(files: tuple[tuple[str, str], ...], stack: str, charts: tuple[tuple[str, str, str], ...]) -> Snapshot:
    with tempfile.TemporaryDirectory() as parent:
        place = Path(parent).resolve()
        folder = copied(place / "program")
        for name, text in (("Pulumi.prod.yaml", text_of("Pulumi.prod.yaml")), *files):
            (folder / name).write_text(text)
        with published(place / "cache", charts) if charts else nullcontext():
            return loads(dumps(take(run_stack(stack, folder), folder, "the copy", check=False)))


def base() -> Snapshot:
    return taken()


@cache
def reported(run: str) -> Report:
    """What is said of all changes of one run together."""
    return compared(of(run))


def compared(changes: Sequence[Change]) -> Report:
    """What is said of these changes, made at once; of changes of one run stack and base are the same."""
    edits = [edit for change in changes for edit in change.edits]
    charts = [chart for change in changes for chart in change.published]
    stack, before = changes[0].stack, changes[0].base
    return report(taken(before, stack), taken((*before, *edits), stack, charts))


def others(found: Report, expected: Sequence[str]) -> tuple[list[str], list[str]]:
    """Risks that nobody expects, and expected ones (``…`` stands for the rest of a name) that there are not."""
    names = [entry.name for entry in found.risks]
    return (
        [name for name in names if not any(_pattern(one).fullmatch(name) for one in expected)],
        [one for one in expected if not any(map(_pattern(one).fullmatch, names))],
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("…"))), re.DOTALL)


def unsaid(found: Report, change: Change, *, alone: bool) -> list[str]:
    """The lines of a change that are not one entry of the report; of a change that is ``alone``, with its whole text.

    Changes that are made at once may touch one alert: there a line is part of the text.
    """
    return [line for line in change.says if len(entries(found, line, whole=alone)) != 1]


def entries(found: Report, line: str, *, whole: bool = True) -> list[Entry]:
    """The entries that a line of the corpus stands for: of that very topic and subject, of the risks where the meaning
    has none."""
    topic, subject, text = (part.strip() for part in line.split(" | ", 2))
    fits = _pattern(text).fullmatch if whole else _pattern(text).search

    def of(part: Sequence[Entry]) -> list[Entry]:
        told = ((entry, name, said) for entry in part for name, said in _told(entry))
        return [entry for entry, name, said in told if entry.topic == topic and name == subject and fits(said)]

    return of(found.meaning) or of(found.risks)


def _told(entry: Entry) -> Iterator[tuple[str, str]]:
    """(subject, text) of an entry; of alerts that share a line, of each that it lists."""
    if re.fullmatch(r"\d+ (alerts|recording rules)", entry.subject):
        text, _, names = entry.text.rpartition(": ")
        yield from ((name, text) for name in re.sub(r" and \d+ more$", "", names).split(", "))
    else:
        yield entry.subject, entry.text
