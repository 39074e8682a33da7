"""Every object against the API's schemas, by kubeconform in strict mode."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from obs import documents
from obs.accept import schemas
from obs.check.finding import Finding
from obs.errors import ObsError
from obs.expand import PROGRAM, RenderedObject

SECONDS = 120
_PROBLEM = re.compile(r" - at '((?:[^']|'(?!:))*)': ")
_NOTHING = "validation failed"


class KubeconformFailed(ObsError):
    """kubeconform itself failed; the message is its own."""


def check_objects(
    objects: Sequence[RenderedObject], version: str, program: Path, places: Mapping[tuple[str, str], str] | None = None
) -> list[Finding]:
    """What Kubernetes ``version`` (1.25) would refuse or drop, or does not know, of these objects.

    Custom resources are held against the CRDs among the objects. ``program`` is kubeconform, ``places`` are
    (kind, name) -> file:line. Raises SchemasMissing for a version without schemas, KubeconformFailed.
    """
    wanted = schemas.minor(version)
    builtin = schemas.builtin_folder(wanted)
    crds = [_text(o) for o in objects if o.kind == "CustomResourceDefinition"]
    locations = [str(builtin)]
    if crds:
        locations.append(f"{schemas.crd_folder(crds, wanted)}/{schemas.CRD_TEMPLATE}")
    findings = []
    for index, result in _results(objects, wanted, program, locations):
        found = objects[index]
        where = made_at(found, places or {})
        subject = f"{found.kind} {found.name}"
        if result["status"] == "statusInvalid":
            message = f"Kubernetes {wanted}: {'; '.join(_problems(result['msg']))}"
            findings.append(Finding("object/invalid", subject, where, message))
        elif "could not find schema" in result["msg"]:
            findings.append(_unknown(found, subject, where, wanted, builtin))
        else:
            findings.append(Finding("object/invalid", subject, where, f"Kubernetes {wanted}: {result['msg']}"))
    return sorted(findings)


def made_at(found: RenderedObject, places: Mapping[tuple[str, str], str]) -> str:
    """The line that defines an object of the program, else the chart that makes it."""
    if found.origin != PROGRAM:
        return f"{found.component}: chart {found.origin}"
    return places.get((found.kind, found.name), found.component)


def _text(found: RenderedObject) -> str:
    return found.text if found.text is not None else documents.dump(found.manifest)


def _unknown(found: RenderedObject, subject: str, where: str, version: str, builtin: Path) -> Finding:
    message = f"Kubernetes {version} has no {found.api_version} {found.kind}, and no CRD of the stack defines it"
    others = schemas.served(builtin, version, found.kind)
    return Finding("object/unknown-api", subject, where, message, suggestion=", ".join(others) or None)


def _results(
    objects: Sequence[RenderedObject], version: str, program: Path, locations: Sequence[str]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(index of the object, kubeconform's result) for each that is not valid."""
    command = [str(program), "-strict", "-summary", "-output", "json", "-kubernetes-version", f"{version}.0"]
    for location in locations:
        command += ["-schema-location", location]
    with tempfile.TemporaryDirectory(prefix="obs-objects-") as folder:
        for index, found in enumerate(objects):
            (Path(folder) / f"{index}.yaml").write_text(_text(found))
        run = subprocess.run([*command, folder], capture_output=True, text=True, timeout=SECONDS, check=False)
    try:
        said = json.loads(run.stdout)
        results, seen = said["resources"], sum(said["summary"].values())
    except (ValueError, KeyError):
        raise KubeconformFailed(f"kubeconform {' '.join(command[1:])}: {run.stderr.strip()[:2000]}") from None
    if seen != len(objects):
        raise KubeconformFailed(f"kubeconform looked at {seen} of {len(objects)} objects")
    for result in results:
        yield int(Path(result["filename"]).stem), result


def _problems(message: str) -> list[str]:
    """``/spec/replicas: got string, want null or integer`` for each problem in kubeconform's one line."""
    _, *parts = _PROBLEM.split(message)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    found = [f"{path or '/'}: {text.strip()}" for path, text in pairs if text.strip() != _NOTHING]
    return sorted(found) or [message]
