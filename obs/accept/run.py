"""One stack, accepted or not: its objects on several versions of Kubernetes, its files by their own programs."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from obs import toolchain
from obs.accept import schemas
from obs.accept.files import ConfigFile, config_files
from obs.accept.kinds import ROWS, Check, Kind, Row, kind_of
from obs.accept.objects import check_objects, made_at
from obs.check.finding import Finding
from obs.check.run import Checked
from obs.places import places
from obs.protobuf import Secret, Unknown
from obs.run import StackRun, run_stack
from obs.stack_config import SECRET_PLACEHOLDER, read_stack_config
from obs.toolchain_table import TOOLS

_AT_ONCE = 2
OURS = "a strict parse of ours"


@dataclass(frozen=True, slots=True)
class FileResult:
    """One question about one file: ``by`` is the program asked (or :data:`OURS`), ``skipped`` why it was not asked,
    ``finding`` what is wrong. Without either the file is accepted."""

    file: ConfigFile
    kind: Kind | None
    by: str = ""
    finding: Finding | None = None
    skipped: str = ""


@dataclass(frozen=True)
class Accepted:
    """``objects`` is their number by Kubernetes version."""

    stack: str
    objects: Mapping[str, int]
    files: tuple[FileResult, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def checked(self) -> Checked:
        """All findings, and what was not checked, once each."""
        found = {*self.findings, *(r.finding for r in self.files if r.finding)}
        return Checked(tuple(sorted(found)), tuple(sorted({r.skipped for r in self.files if r.skipped})))


def accept(
    stack: str,
    project: Path,
    *,
    versions: Sequence[str] = (),
    offline: bool = False,
    config: Mapping[str, object] | None = None,
) -> Accepted:
    """Check a stack on these Kubernetes versions (none: its own), with some of its ``config`` replaced.

    No secret is read: each stands as a placeholder. Raises ChartError where a chart cannot be had, ToolMissing
    without kubeconform, SchemasMissing for a version without schemas, and what running the program raises.
    """
    given = dict(config or {})
    own = run_stack(stack, project, config=read_stack_config(project, stack, config=given))
    wanted = dict.fromkeys(versions or [own.settings.cluster.kubernetes_version])
    for version in wanted:
        schemas.minor(version)
    kubeconform = toolchain.find("kubeconform")
    objects: dict[str, int] = {}
    findings: set[Finding] = set()
    files: dict[tuple[str, str | None], ConfigFile] = {}
    where = places(own)
    for version in wanted:
        expansion = _on(own, project, version, given).expanded(offline=offline, require_charts=True, redacted=_readable)
        objects[version] = len(expansion.objects)
        findings |= set(check_objects(expansion.objects, version, kubeconform, where))
        files |= {(str(file), file.text): file for file in config_files(expansion)}
    return Accepted(stack, objects, check_files(files.values(), places=where), tuple(sorted(findings)))


def check_files(
    files: Iterable[ConfigFile], *, rows: Sequence[Row] = ROWS, places: Mapping[tuple[str, str], str] | None = None
) -> tuple[FileResult, ...]:
    """Every file put before each check of its kind, two at a time. A program that is not there is not asked."""
    questions = [q for file in files for q in _questions(file, kind_of(file, rows))]
    tools = {check.tool: toolchain.available(check.tool) for _, _, check in questions if check and check.tool}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(partial(_answer, places or {}, tools), questions))


Question = tuple[ConfigFile, Kind | None, Check | None]


def _questions(file: ConfigFile, kind: Kind | None) -> Iterator[Question]:
    for check in kind.checks if kind and kind.checks and file.text is not None else (None,):
        yield file, kind, check


def _answer(places: Mapping[tuple[str, str], str], tools: Mapping[str, Path | None], question: Question) -> FileResult:
    file, kind, check = question
    at = made_at(file.object, places)

    def found(check_id: str, message: str) -> FileResult:
        return FileResult(file, kind, finding=Finding(check_id, str(file), at, message))

    if kind is None:
        return found("file/unclassified", "no row of obs/accept/kinds.py says what this file is and who checks it")
    if file.text is None and kind.checks:
        return found("file/unreadable", f"{kind.name} in a Secret that a chart makes, of which obs keeps no data")
    if check is None or file.text is None:
        return FileResult(file, kind)
    program = tools.get(check.tool)
    if check.tool and program is None:
        return FileResult(
            file, kind, check.tool, skipped=f"{kind.name} ({file}): {toolchain.advice(TOOLS[check.tool])}"
        )
    with tempfile.TemporaryDirectory(prefix="obs-file-") as folder:
        refusal = check.refusal(program, file.text, Path(folder))
    return found("file/refused", refusal) if refusal else FileResult(file, kind, check.tool or OURS)


def _on(run: StackRun, project: Path, version: str, config: Mapping[str, object]) -> StackRun:
    """The same stack on another version of Kubernetes, with a placeholder for every secret that is not set."""
    key = f"{run.recording.config.project}:cluster"
    cluster = json.loads(run.recording.config.values[key])
    values = read_stack_config(
        project,
        run.stack,
        config={**config, "cluster": {**cluster, "kubernetesVersion": version}},
        secrets=dict.fromkeys(run.secrets.missing, SECRET_PLACEHOLDER),
    )
    return run_stack(run.stack, project, config=values)


def _readable(value: Any) -> Any:
    """A recorded value with the placeholders of its secrets: a file that holds one is checked too."""
    if isinstance(value, Secret):
        return _readable(value.value)
    if isinstance(value, Unknown):
        return repr(value)
    if isinstance(value, Mapping):
        return {key: _readable(inner) for key, inner in value.items()}
    return [_readable(inner) for inner in value] if isinstance(value, list | tuple) else value
