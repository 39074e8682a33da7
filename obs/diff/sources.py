"""Snapshots of what this process does not run: a folder of a rendering, the engine's state, a preview."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from obs.diff.masking import masked
from obs.diff.snapshot import Snapshot
from obs.diff.take import of_texts
from obs.errors import ObsError
from obs.expand import PROGRAM, RenderedObject
from obs.write import MARKER

_KUBERNETES = "kubernetes:"
_NO_OBJECT = ("kubernetes:helm.sh/", "kubernetes:yaml")
_ONLY_OBJECTS = "only its objects are known: objectives, findings, stored series and outputs are not compared"
_SAME = ("same", "read", "refresh")
"""Operations that leave the cluster as it is, of pulumi/pulumi sdk/go/common/apitype/history.go (3.220)."""
_PREVIEW = ("steps", "changeSummary", "diagnostics", "config", "duration")
"""Keys of a preview, each of which is left out where it is empty (pkg/display/json.go, PreviewDigest)."""


class SourceError(ObsError):
    """What is to be compared with is not there or is not what it should be."""


def of_folder(folder: Path, stack: str) -> Snapshot:
    """A rendering of before, as obs render wrote it. Raises SourceError for another folder."""
    if not (folder / MARKER).is_file():
        raise SourceError(f"{folder}: not a rendering (no {MARKER}); write one with: obs render {stack} --out {folder}")
    texts = {f.relative_to(folder).as_posix(): f.read_text(encoding="utf-8") for f in folder.rglob("*.yaml")}
    return Snapshot(stack=stack, source=f"folder {folder}", objects=tuple(of_texts(texts)), partial=(_ONLY_OBJECTS,))


def of_state(text: str, stack: str, source: str) -> Snapshot:
    """An exported state (``pulumi stack export``). Raises SourceError for another text."""
    try:
        deployment = json.loads(text)["deployment"] or {}  # null for a stack that nothing was deployed to
        resources = deployment.get("resources") or []
        objects = tuple(_objects(resources))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SourceError(
            f"{source}: not an exported state; write one with: pulumi stack export --stack {stack}"
        ) from None
    outputs = next((r.get("outputs") for r in resources if r.get("type") == "pulumi:pulumi:Stack"), None)
    return Snapshot(
        stack=stack,
        source=source,
        objects=objects,
        outputs=masked(outputs) if outputs else None,
        partial=(_ONLY_OBJECTS, "objects of Helm releases (the operator's CRDs) are not in a state"),
    )


def exported(stack: str, project: Path) -> Snapshot:
    """The state of the stack, from the Pulumi CLI. Raises SourceError where that cannot be had."""
    command = ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"]
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SourceError(
            "--base previous asks the Pulumi CLI, which is not on PATH; or give an exported file"
        ) from None
    if done.returncode:
        raise SourceError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return of_state(done.stdout, stack, f"the state of stack {stack}")


def _objects(resources: list[Mapping[str, Any]]) -> Iterator[RenderedObject]:
    for resource in resources:
        kind = str(resource.get("type", ""))
        if kind.startswith(_KUBERNETES) and not kind.startswith(_NO_OBJECT) and _there(resource):
            found = of_inputs(resource.get("inputs") or {}, str(resource.get("urn", "")))
            if found is not None:
                yield found


def _there(resource: Mapping[str, Any]) -> bool:
    """Whether the stack has the object in the cluster: not one that it only reads, nor what a replacement leaves."""
    return not any(resource.get(mark) for mark in ("external", "delete", "pendingReplacement"))


def of_inputs(inputs: Mapping[str, Any], urn: str) -> RenderedObject | None:
    """The object that a resource's inputs are; None where they are none."""
    # Providers write marks of their own among the inputs (__defaults).
    manifest = masked({key: value for key, value in inputs.items() if not str(key).startswith("__")})
    metadata = manifest.get("metadata")
    if not isinstance(metadata, Mapping) or not {"apiVersion", "kind"} <= manifest.keys():
        return None
    component, origin, name = _place(urn)
    return RenderedObject(
        component=component,
        origin=origin,
        api_version=str(manifest["apiVersion"]),
        kind=str(manifest["kind"]),
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata.get("name") or name),
        manifest=manifest,
    )


def _place(urn: str) -> tuple[str, str, str]:
    """(type of the innermost component, chart or ``program``, name), which is all that a URN says:
    ``urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME``, of which the name may have ``::``, too."""
    parts = urn.split("::", 3)
    name = parts[3] if len(parts) > 3 else ""
    parents = parts[2].split("$")[:-1] if len(parts) > 2 else []
    # A chart of helm.sh/v4 names what it brings PREFIX:NAMESPACE/NAME, or PREFIX:NAME without a namespace, by its own
    # name unless resourcePrefix says another (pulumi-kubernetes 4.32, provider/pkg/provider/yaml/v2/yaml.go, register).
    chart = name.partition(":")[0] if parents and parents[-1].startswith(_NO_OBJECT) else PROGRAM
    components = [kind for kind in parents if not kind.startswith(_NO_OBJECT)]
    return components[-1].rpartition(":")[2].lower() if components else PROGRAM, chart, name


def of_preview(text: str, stack: str, source: str) -> tuple[Snapshot, Snapshot]:
    """Both sides of a preview (``pulumi preview --json``), of which only what changes is known."""
    found = steps(text, source)
    partial = ("only objects that the engine changes are known, and nothing that they leave as it is", *failures(text))
    sides: tuple[list[RenderedObject], list[RenderedObject]] = ([], [])
    for step in found:
        for side, key in zip(sides, ("oldState", "newState"), strict=True):
            state = step.get(key) or {}
            one = of_inputs(state.get("inputs") or {}, str(step.get("urn", ""))) if _there(state) else None
            if one is not None and not any(_same(one, other) for other in side):
                side.append(one)
    before, after = (tuple(side) for side in sides)
    return (
        Snapshot(stack=stack, source=f"the state that {source} saw", objects=before, partial=partial),
        Snapshot(stack=stack, source=source, objects=after, partial=partial),
    )


def _same(one: RenderedObject, other: RenderedObject) -> bool:
    return (one.kind, one.namespace, one.name) == (other.kind, other.namespace, other.name)


def steps(text: str, source: str) -> list[Mapping[str, Any]]:
    """The steps of a preview that change something. Raises SourceError for another text."""
    try:
        data = json.loads(text)
        found = [step for step in data.get("steps") or () if step["op"] not in _SAME]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _no_preview(source) from None
    if not data.keys() & set(_PREVIEW):
        raise _no_preview(source)
    return found


def _no_preview(source: str) -> SourceError:
    return SourceError(f"{source}: not a preview; write one with: pulumi preview --json --stack STACK")


def failures(text: str) -> Iterator[str]:
    """What the engine says where a preview failed: then its steps are those until there."""
    for one in json.loads(text).get("diagnostics") or ():
        if one.get("severity") == "error":
            yield f"the preview failed: {' '.join(str(one.get('message', '')).split())[:300]}"
