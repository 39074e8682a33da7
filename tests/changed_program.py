"""Copies of the program with small changes in them, and what obs diff says of each copy."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import yaml
from stacks import ROOT, copied

from obs import documents
from obs.diff.entry import Entry
from obs.diff.report.model import Report, report
from obs.diff.snapshot import Snapshot, dumps, loads
from obs.diff.take import take
from obs.expand import RenderedObject
from obs.run import run_stack

# Ciphertexts in the form that the CLI writes; nobody can open them, and nobody looks inside.
SECRETS = """\
  dataops-observability:smtpPassword: {secure: "v1:first:smtp"}
  dataops-observability:heartbeatUrl: {secure: "v1:first:heartbeat"}
"""


@dataclass(frozen=True)
class Change:
    """One case of tests/diff/changes.yaml, whose head says what the fields are."""

    name: str
    run: str
    edits: Sequence[tuple[str, str, str]] = ()
    objects: Sequence[tuple[str, str, str]] = ()
    version: tuple[str, str] | None = None
    says: Sequence[str] = ()
    risks: Sequence[str] = ()
    silent: str = ""
    charts: bool = field(default=False)


CHANGES = tuple(Change(**case) for case in yaml.safe_load((ROOT / "tests" / "diff" / "changes.yaml").read_text()))


def of(run: str) -> list[Change]:
    return [change for change in CHANGES if change.run == run]


def copy(folder: Path) -> Path:
    """The program in a folder of its own, with secrets set."""
    copied(folder)
    edit(folder, [("Pulumi.prod.yaml", "config:\n", f"config:\n{SECRETS}")])
    return folder


def edit(folder: Path, edits: Sequence[tuple[str, str, str]]) -> None:
    """Replace each text, which must be there, in each file."""
    for name, old, new in edits:
        file = folder / name
        text = file.read_text()
        assert old in text, f"{name} no longer has {old!r}"
        file.write_text(text.replace(old, new, 1))


def taken(edits: Sequence[tuple[str, str, str]]) -> Snapshot:
    """The snapshot of a changed copy, as another revision would print it."""
    with tempfile.TemporaryDirectory() as parent:
        folder = copy(Path(parent).resolve())
        edit(folder, edits)
        return loads(dumps(take(run_stack("prod", folder), folder, "the copy", check=False)))


@cache
def base() -> Snapshot:
    return taken(())


@cache
def reported(run: str) -> Report:
    """What is said of all changes of one run together."""
    return compared(of(run))


def compared(changes: Sequence[Change]) -> Report:
    """What is said of these changes, made at once."""
    edits = [tuple(edit) for change in changes for edit in change.edits]
    after = taken(edits) if edits else base()  # type: ignore[arg-type] # YAML has lists
    for change in changes:
        after = rendered(after, change)
    return report(base(), after)


def rendered(snapshot: Snapshot, change: Change) -> Snapshot:
    """The snapshot as if a chart rendered something else."""
    if change.version:
        name, version = change.version
        charts = tuple(replace(c, version=version) if c.name == name else c for c in snapshot.charts)
        snapshot = replace(snapshot, charts=charts)
    for subject, old, new in change.objects:
        kind, _, name = subject.partition(" ")
        found = [o for o in snapshot.objects if o.kind == kind and f"{o.namespace}/{o.name}".endswith(name)]
        assert len(found) == 1, f"{subject}: {len(found)} objects"
        changed = (_edited(found[0], old, new),) if old else ()
        objects = (*(o for o in snapshot.objects if o is not found[0]), *changed)
        snapshot = replace(snapshot, objects=objects)
    return snapshot


def _edited(one: RenderedObject, old: str, new: str) -> RenderedObject:
    text = one.text if one.text is not None else documents.dump(one.manifest)
    assert old in text, f"{one.kind} {one.name} has no {old!r}"
    changed = text.replace(old, new)
    return replace(one, text=changed, manifest=None)


def unsaid(found: Report, change: Change, *, alone: bool) -> list[str]:
    """The lines of a change that are not one entry of the report; of a change that is ``alone``, with its whole text.

    Changes that are made at once may touch one alert: there a line is part of the text.
    """
    return [line for line in change.says if len(entries(found, line, whole=alone)) != 1]


def entries(found: Report, line: str, *, whole: bool = True) -> list[Entry]:
    """The entries that a line of the corpus stands for: of that very topic and subject."""
    topic, subject, text = (part.strip() for part in line.split(" | ", 2))
    pattern = re.compile(".*".join(map(re.escape, text.split("…"))), re.DOTALL)
    fits = pattern.fullmatch if whole else pattern.search
    return [
        entry
        for entry in found.meaning
        for name, said in _told(entry)
        if entry.topic == topic and name == subject and fits(said)
    ]


def _told(entry: Entry) -> Iterator[tuple[str, str]]:
    """(subject, text) of an entry; of alerts that share a line, of each that it lists."""
    if re.fullmatch(r"\d+ (alerts|recording rules)", entry.subject):
        text, _, names = entry.text.rpartition(": ")
        yield from ((name, text) for name in re.sub(r" and \d+ more$", "", names).split(", "))
    else:
        yield entry.subject, entry.text
