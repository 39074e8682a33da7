"""The engine's own operations and reasons, merged into a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from obs.diff.entry import Entry, Level
from obs.diff.report.model import Report, summary
from obs.diff.sources import of_inputs

_REPLACING = ("replace", "create-replacement", "delete-replaced", "import-replacement")
_WITH_DATA = ("StatefulSet", "PersistentVolumeClaim", "CustomResourceDefinition", "Namespace")


def with_engine(report: Report, steps: list[Mapping[str, Any]]) -> Report:
    """The report, with what the engine does to each object, and the replacements that it alone knows of."""
    operations: dict[str, str] = {}
    reasons: dict[str, list[str]] = {}
    for step in steps:
        subject = _subject(step)
        if subject and (subject not in operations or step["op"] == "replace"):
            operations[subject] = _operation(step)
            if step["op"] in _REPLACING:
                reasons[subject] = _reasons(step)
    told = {entry.subject for entry in report.risks if entry.topic in ("replace", "delete")}
    new = [entry for entry in _risks(reasons) if entry.subject not in told]
    objects = tuple(replace(one, operation=operations.get(one.subject, "")) for one in report.objects)
    known = {one.subject for one in objects}
    notes = tuple(
        f"the engine would {op} {subject}, which differs in nothing that is rendered"
        for subject, op in operations.items()
        if subject not in known
    )
    notes = (*report.notes, *(note for note in notes if note not in report.notes))
    merged = replace(report, objects=objects, risks=(*new, *report.risks), notes=notes)
    return replace(merged, headline=summary(merged))


def _subject(step: Mapping[str, Any]) -> str:
    state = step.get("newState") or step.get("oldState") or {}
    one = of_inputs(state.get("inputs") or {}, str(step.get("urn", "")))
    if one is None:
        return ""
    return f"{one.kind} {one.namespace}/{one.name}" if one.namespace else f"{one.kind} {one.name}"


def _operation(step: Mapping[str, Any]) -> str:
    state = step.get("oldState") or {}
    if step["op"] == "delete" and state.get("retainOnDelete"):
        return "delete (the cluster keeps it: retainOnDelete)"
    if step["op"] == "delete" and state.get("protect"):
        return "delete (which the engine refuses: protect)"
    why = ", ".join(_reasons(step) or map(str, step.get("diffReasons") or ()))
    return f"{step['op']} ({why})" if why else str(step["op"])


def _reasons(step: Mapping[str, Any]) -> list[str]:
    """What cannot change in place: the paths of the detailed difference, or else the keys that the provider names."""
    detailed = step.get("detailedDiff") or {}
    paths = [str(path) for path, one in detailed.items() if str(one.get("kind")).endswith("-replace")]
    return sorted(paths) or [str(reason) for reason in step.get("replaceReasons") or ()]


def _risks(reasons: Mapping[str, list[str]]) -> Iterator[Entry]:
    for subject, fields in reasons.items():
        level = Level.HIGH if subject.partition(" ")[0] in _WITH_DATA else Level.MEDIUM
        text = f"is deleted and made again, says the engine: {', '.join(fields) or 'no reason given'}"
        yield Entry(topic="replace", subject=subject, text=text, level=level, why="pulumi preview --json says so")
