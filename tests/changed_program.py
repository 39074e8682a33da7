"""Copies of the program with small changes in them, and what obs diff says of each copy."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from stacks import ROOT, copied

from obs import documents
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


def lines(found: Report) -> list[tuple[str, str, str]]:
    return [(entry.topic, entry.subject, entry.text) for entry in found.meaning]


def said(found: Report, line: str) -> list[Any]:
    """The entries that a line of the corpus stands for."""
    topic, subject, text = (part.strip() for part in line.split(" | ", 2))
    # Alerts that change in one way share a line, which names them in its text.
    return [e for e in lines(found) if e[0] == topic and subject in f"{e[1]} {e[2]}" and text in e[2]]
