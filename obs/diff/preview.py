"""What the engine would do, by the steps of its preview: operations with their reasons, and the risks in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from obs.diff.entry import Entry, Level
from obs.diff.risk.data import loss
from obs.diff.sources import of_inputs

_REPLACING = ("replace", "create-replacement", "delete-replaced", "import-replacement")
_WITH_DATA = ("StatefulSet", "PersistentVolumeClaim", "CustomResourceDefinition", "Namespace", "Release")
_WHY = "pulumi preview --json says so"


@dataclass(frozen=True)
class Engine:
    """``operations`` is subject -> what is done to it, in words. Of what is no object of Kubernetes (a random password,
    a Helm release) the subject is kind and name."""

    operations: Mapping[str, str] = field(default_factory=dict)
    risks: tuple[Entry, ...] = ()

    def alone(self, known: set[str]) -> Iterator[str]:
        """In words, what is done to subjects that differ in nothing that is rendered."""
        for subject, operation in self.operations.items():
            if subject not in known:
                yield f"the engine would {operation} {subject}, which differs in nothing that is rendered"


def engine(steps: list[Mapping[str, Any]]) -> Engine:
    """Of one object that several steps are about, the replacement counts."""
    chosen: dict[str, Mapping[str, Any]] = {}
    for step in steps:
        subject = _subject(step)
        if subject and (subject not in chosen or step["op"] == "replace"):
            chosen[subject] = step
    operations = {subject: _operation(step) for subject, step in chosen.items()}
    risks = (_risk(subject, step) for subject, step in chosen.items())
    return Engine(operations, tuple(risk for risk in risks if risk is not None))


def untold(found: Engine, told: list[Entry]) -> Iterator[Entry]:
    """Risks that the engine alone knows of: it knows no more of an object that both sides show to go."""
    known = {entry.subject for entry in told if entry.topic in ("replace", "delete")}
    return (entry for entry in found.risks if entry.subject not in known)


def _subject(step: Mapping[str, Any]) -> str:
    """Empty for components and providers, which are nothing in the cluster."""
    state = step.get("newState") or step.get("oldState") or {}
    one = of_inputs(state.get("inputs") or {}, str(step.get("urn", "")))
    if one is not None:
        return one.subject
    kind, _, name = str(step.get("urn", "")).partition("::")[2].partition("::")[2].partition("::")
    counts = state.get("custom") and name and not kind.rpartition("$")[2].startswith("pulumi:")
    return f"{kind.rpartition(':')[2]} {name}" if counts else ""


def _operation(step: Mapping[str, Any]) -> str:
    if step["op"] == "delete" and (spared := _spared(step)):
        return f"delete ({spared})"
    why = ", ".join(_reasons(step) or map(str, step.get("diffReasons") or ()))
    return f"{step['op']} ({why})" if why else str(step["op"])


def _spared(step: Mapping[str, Any]) -> str:
    """Why an object stays that the engine deletes; empty where it goes."""
    state = step.get("oldState") or {}
    if state.get("retainOnDelete"):
        return "the cluster keeps it: retainOnDelete"
    return "which the engine refuses: protect" if state.get("protect") else ""


def _reasons(step: Mapping[str, Any]) -> list[str]:
    """What cannot change in place: the paths of the detailed difference, or else the keys that the provider names."""
    detailed = step.get("detailedDiff") or {}
    paths = [str(path) for path, one in detailed.items() if str(one.get("kind")).endswith("-replace")]
    return sorted(paths) or [str(reason) for reason in step.get("replaceReasons") or ()]


def _risk(subject: str, step: Mapping[str, Any]) -> Entry | None:
    kind = subject.partition(" ")[0]
    if step["op"] in _REPLACING:
        level = Level.HIGH if kind in _WITH_DATA else Level.MEDIUM
        text = f"is deleted and made again, says the engine: {', '.join(_reasons(step)) or 'no reason given'}"
        return Entry(topic="replace", subject=subject, text=text, level=level, why=_WHY)
    if step["op"] == "delete":
        level, text = loss(kind)
        if _spared(step):
            level, text = Level.LOW, f"is deleted; {_spared(step)}"
        said = f"{text or 'is deleted'}, says the engine"
        return Entry(topic="delete", subject=subject, text=said, level=max(level, Level.LOW), why=_WHY)
    return None
